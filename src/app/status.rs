//! What `/status` says of the authority.

use super::authority::{Shared, State};
use crate::admin::{
    CacheStatus, ConfigurationStatus, IssuerStatus, KeyStatus, SourceStatus, Status, StatusSource,
};
use crate::config::IssuerSettings;
use crate::metrics::RefreshOutcome;
use crate::refresh;

impl StatusSource for Shared {
    fn status(&self) -> Status {
        let state = self.state();
        let now = self.clock().now().seconds();
        let issuers = state.config.issuers.iter();
        Status {
            now,
            configuration: ConfigurationStatus {
                generation: state.generation,
                hash: state.config.hash.clone(),
                last_reload: state.last_reload.clone(),
            },
            issuers: issuers.map(|issuer| status(&state, issuer, now)).collect(),
            cache: self.cache(),
            ..Status::default()
        }
    }

    fn cache(&self) -> CacheStatus {
        let authorizer = self.gate().authorizer();
        authorizer.cache().settle();
        let (entries, bytes) = authorizer.cache().fill();
        CacheStatus {
            entries,
            bytes,
            max_bytes: authorizer.cache().settings().max_bytes,
        }
    }

    fn rotate_keys(&self) -> Result<Vec<String>, String> {
        let rotated = self.desk().rotate();
        let names = rotated.map_err(|error| error.to_string())?;
        Ok(names.into_iter().map(String::from).collect())
    }

    fn awaited_issuers(&self) -> Vec<String> {
        let state = self.state();
        let awaited = state.config.issuers.iter().filter(|issuer| {
            let ring = state.rings.get(&issuer.policy.name);
            !issuer.optional && !ring.is_some_and(|ring| *ring.ready().borrow())
        });
        awaited
            .map(|issuer| issuer.policy.name.to_string())
            .collect()
    }
}

fn status(state: &State, issuer: &IssuerSettings, now: i64) -> IssuerStatus {
    let ring = state
        .rings
        .get(&issuer.policy.name)
        .map(|ring| ring.status());
    let (keys, sources) = ring
        .map(|ring| (ring.keys, ring.sources))
        .unwrap_or_default();
    IssuerStatus {
        name: issuer.policy.name.to_string(),
        issuer: issuer.policy.issuer.to_string(),
        optional: issuer.optional,
        keys: keys.into_iter().map(key).collect(),
        sources: sources
            .into_iter()
            .map(|entry| source(entry, now))
            .collect(),
    }
}

fn key(key: refresh::KeyStatus) -> KeyStatus {
    KeyStatus {
        kid: key.kid,
        alg: key.alg.to_owned(),
        usage: key.usage.to_owned(),
        thumbprint: key.thumbprint,
        age_seconds: Some(key.age_seconds),
    }
}

fn source(source: refresh::SourceStatus, now: i64) -> SourceStatus {
    let place = if source.place.is_empty() {
        String::new()
    } else {
        format!(" {}", source.place)
    };
    SourceStatus {
        source: format!("{}{place}", source.kind),
        last_fetch_at: source.last_attempt_at,
        outcome: source.last_outcome.and_then(outcome),
        error: source.last_error,
        last_success_at: source
            .age_seconds
            .map(|age| now.saturating_sub_unsigned(age)),
        keys_from: source.keys_from,
        skipped: source
            .skipped
            .into_iter()
            .map(|(cause, count)| (cause.to_owned(), count))
            .collect(),
        next_fetch_at: source.next_at,
    }
}

fn outcome(label: &str) -> Option<RefreshOutcome> {
    RefreshOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.label() == label)
}
