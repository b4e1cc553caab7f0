//! `jotgate status`: what a running instance is like, for people.

mod fetch;
mod table;

use std::io::{self, Write};

use clap::Args;

use super::moment::{relative, span};
use super::{Exit, Failure};
use crate::admin::{IssuerStatus, KeyStatus, SourceStatus, Status};
use crate::listen::Address;
use crate::metrics::ReloadOutcome;
use crate::time::UnixMillis;

/// Arguments of `jotgate status`.
#[derive(Args, Debug)]
pub struct ShowStatus {
    /// Where the instance's admin listener is: IP:PORT or unix:///PATH.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9193")]
    admin: Address,
}

impl ShowStatus {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] with 3 if the instance cannot be asked or answers with something else.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let status = fetch::status(&self.admin).map_err(|error| {
            let message = format!("{}: {error}; is it the admin listener?", self.admin);
            Failure::new(Exit::Undecided, message)
        })?;
        print(&status, out)?;
        Ok(Exit::Good)
    }
}

fn print(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let now = UnixMillis::from_seconds(status.now);
    table::write(&[], &overview(status, now), "", out)?;
    for issuer in &status.issuers {
        writeln!(out)?;
        print_issuer(issuer, now, out)?;
    }
    Ok(())
}

/// The instance itself: one line a fact.
fn overview(status: &Status, now: UnixMillis) -> Vec<Vec<String>> {
    let version = &status.version;
    let configuration = &status.configuration;
    let cache = &status.cache;
    let mut lines = vec![
        vec!["state".to_owned(), status.state.clone()],
        vec![
            "version".to_owned(),
            format!("{} ({})", version.version, version.commit),
        ],
        vec![
            "configuration".to_owned(),
            format!(
                "generation {}, hash {}",
                configuration.generation, configuration.hash
            ),
        ],
    ];
    if let Some(reload) = &configuration.last_reload {
        let outcome = reload.outcome.label();
        let when = relative(UnixMillis::from_seconds(reload.at), now);
        let consequence = match reload.outcome {
            ReloadOutcome::Applied => "",
            ReloadOutcome::Refused => "; the configuration before it is still in force",
        };
        lines.push(vec![
            "last reload".to_owned(),
            format!("{outcome} {when}{consequence}"),
        ]);
        for error in &reload.errors {
            lines.push(vec![String::new(), error.clone()]);
        }
    }
    lines.push(vec![
        "cache".to_owned(),
        match cache.max_bytes {
            0 => "off".to_owned(),
            max => format!(
                "{} tokens, {} of {}",
                cache.entries,
                size(cache.bytes),
                size(max)
            ),
        },
    ]);
    lines
}

fn print_issuer(issuer: &IssuerStatus, now: UnixMillis, out: &mut dyn Write) -> io::Result<()> {
    let optional = if issuer.optional { ", optional" } else { "" };
    let name = table::visible(&issuer.name);
    let url = table::visible(&issuer.issuer);
    let completeness = table::visible(&issuer.completeness);
    writeln!(out, "issuer {name} ({url}): {completeness}{optional}")?;
    let keys: Vec<_> = issuer
        .keys
        .iter()
        .map(|key| key_row(key, &issuer.sources))
        .collect();
    if keys.is_empty() {
        writeln!(out, "  no keys: its tokens are refused")?;
    } else {
        table::write(&KEY_COLUMNS, &keys, "  ", out)?;
    }
    let sources: Vec<_> = issuer
        .sources
        .iter()
        .map(|source| source_row(source, now))
        .collect();
    table::write(&SOURCE_COLUMNS, &sources, "  ", out)
}

fn key_row(key: &KeyStatus, sources: &[SourceStatus]) -> Vec<String> {
    let source = sources
        .get(key.source)
        .map_or(NOTHING, |source| &source.kind);
    vec![
        key.kid.clone().unwrap_or_else(|| NOTHING.to_owned()),
        key.alg.clone(),
        key.thumbprint.clone(),
        span(std::time::Duration::from_secs(key.age_seconds)),
        source.to_owned(),
    ]
}

fn source_row(source: &SourceStatus, now: UnixMillis) -> Vec<String> {
    let moment = |at: Option<i64>| {
        at.map_or_else(
            || NOTHING.to_owned(),
            |seconds| relative(UnixMillis::from_seconds(seconds), now),
        )
    };
    let outcome = source
        .last_outcome
        .map_or(NOTHING, |outcome| outcome.label());
    let outcome = match &source.last_error {
        Some(error) => format!("{outcome}: {error}"),
        None => outcome.to_owned(),
    };
    let skipped: Vec<_> = source
        .skipped
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(cause, count)| format!("{count} {cause}"))
        .collect();
    let keys = if skipped.is_empty() {
        source.keys.to_string()
    } else {
        format!("{} (skipped: {})", source.keys, skipped.join(", "))
    };
    vec![
        format!("{} {}", source.kind, source.place)
            .trim_end()
            .to_owned(),
        keys,
        moment(source.last_attempt_at),
        moment(source.next_at),
        outcome,
    ]
}

/// `3.4 KiB`, as sizes are written in the configuration.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes.saturating_mul(10) / unit;
            return match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                tenth => format!("{}.{tenth} {name}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}

const KEY_COLUMNS: [&str; 5] = ["KID", "ALG", "THUMBPRINT", "AGE", "FROM"];
const SOURCE_COLUMNS: [&str; 5] = ["SOURCE", "KEYS", "LAST FETCH", "NEXT FETCH", "OUTCOME"];
const NOTHING: &str = "-";

#[cfg(test)]
mod tests;
