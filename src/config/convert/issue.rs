//! `issue`

use std::sync::Arc;

use url::Url;
use zeroize::Zeroizing;

use crate::config::nearest::nearest;
use crate::config::problems::{At, quoted};
use crate::config::raw::{self, Scalar};
use crate::issue::{
    ClaimSettings, ClaimValue, IssueSettings, KeySettings, NamedKey, Profile, is_publishable,
};
use crate::limits::{ROTATE_EVERY_MIN, SIGNING_KEYS};
use crate::requirement::ClaimExpression;

use super::{Context, issue_clients};

/// Converts `issue`.
pub(super) fn issue(raw: &raw::Config, context: &mut Context<'_>) -> Option<IssueSettings> {
    let root = At::ROOT;
    check_own(raw, context);
    check_internal_tokens(raw, context);
    let at = root.key("issue");
    let raw = raw.issue.as_ref()?;
    let profiles = profiles(raw, &at, context);
    let settings = IssueSettings {
        issuer: issuer(raw, &at, context),
        keys: keys(raw, &at, context),
        documents: issue_clients::documents(raw, &profiles, &at.key("documents"), context),
        clients: issue_clients::clients(raw, &profiles, &at.key("clients"), context),
        profiles,
    };
    check_rotation(raw, &settings, &at.key("keys"), context);
    Some(settings)
}

/// Whoever verifies our own tokens must expect our own `iss`.
fn check_own(raw: &raw::Config, context: &mut Context<'_>) {
    let root = At::ROOT;
    let issuers = root.key("issuers");
    let ours = raw.issue.as_ref().map(|issue| issue.issuer.as_ref());
    for (name, issuer) in raw.issuers.iter().flat_map(|issuers| &issuers.0) {
        let at = issuers.key(&name.0.0);
        let mut sources = issuer.keys.iter().flatten();
        let Some(place) = sources.position(|source| source.own.is_some()) else {
            continue;
        };
        let keys = at.key("keys");
        let place = keys.index(place);
        match ours {
            None => {
                let problem = "nothing is issued here: write `issue`, or name another source";
                context.problems.push(&place.key("own"), problem);
            }
            Some(Some(ours)) if issuer.issuer.as_ref().is_some_and(|iss| iss != ours) => {
                let problem = format!(
                    "has keys of `issue`, whose tokens say {}: write that",
                    quoted(&ours.0.0)
                );
                context.problems.push(&at.key("issuer"), problem);
            }
            Some(_) => {}
        }
    }
}

/// A token that goes upstream needs a profile to be made by.
fn check_internal_tokens(raw: &raw::Config, context: &mut Context<'_>) {
    let root = At::ROOT;
    let known: Option<Vec<&str>> = raw.issue.as_ref().map(|issue| {
        let profiles = issue.profiles.iter().flat_map(|profiles| &profiles.0);
        profiles.map(|(name, _)| &*name.0.0).collect()
    });
    let mut check = |token: Option<&raw::InternalToken>, at: &At<'_>| {
        let Some(name) = token.and_then(|token| token.profile.as_ref()) else {
            return;
        };
        let (at, name) = (at.key("internal_token"), &*name.0.0);
        let Some(known) = &known else {
            let problem = "nothing is issued here: write `issue`, or remove the key";
            context.problems.push(&at, problem);
            return;
        };
        if !known.contains(&name) {
            let meant = nearest(name, known.iter().copied())
                .map(|meant| format!("did you mean {}?", quoted(meant)))
                .unwrap_or_else(|| "write a name from `issue.profiles`".to_owned());
            let problem = format!("there is no profile called {}: {meant}", quoted(name));
            context.problems.push(&at.key("profile"), problem);
        }
    };
    check(raw.forward.internal_token.as_ref(), &root.key("forward"));
    let rules = root.key("rules");
    for (place, rule) in raw.rules.iter().flatten().enumerate() {
        let forward = rule.forward.as_ref();
        let token = forward.and_then(|forward| forward.internal_token.as_ref());
        check(token, &rules.index(place).key("forward"));
    }
}

fn issuer(raw: &raw::Issue, at: &At<'_>, context: &mut Context<'_>) -> Box<str> {
    let Some(issuer) = &raw.issuer else {
        let remedy = "write the URL under which others reach the keys, as https://HOST";
        context.problems.missing(at, "issuer", remedy);
        return Box::default();
    };
    let text = &*issuer.0.0;
    let problem = match <Url as Scalar>::parse(text) {
        Ok(url) if url.query().is_none() => None,
        Ok(_) => Some("has a query, which no issuer may have (RFC 8414 2): remove it".to_owned()),
        Err(problem) => Some(problem),
    };
    if let Some(problem) = problem {
        context.problems.push(&at.key("issuer"), problem);
    }
    text.into()
}

fn keys(raw: &raw::Issue, at: &At<'_>, context: &mut Context<'_>) -> Vec<KeySettings> {
    let remedy = "say what to sign with, for example `- generate: {}`";
    let Some(raw) = &raw.keys else {
        context.problems.missing(at, "keys", remedy);
        return Vec::new();
    };
    let at = at.key("keys");
    if raw.is_empty() {
        context.problems.push(&at, format!("is empty: {remedy}"));
    }
    let mut keys: Vec<KeySettings> = Vec::new();
    for (place, raw) in raw.iter().enumerate() {
        let at = at.index(place);
        let Some(key) = key(raw, &at, context) else {
            continue;
        };
        if let Some(problem) = twin(&key, &keys) {
            context.problems.push(&at, problem);
        }
        keys.push(key);
    }
    keys
}

/// Why `key` cannot stand beside `keys`.
fn twin(key: &KeySettings, keys: &[KeySettings]) -> Option<String> {
    let is_twin = |other: &KeySettings| match (key, other) {
        (KeySettings::Given(one), KeySettings::Given(other)) => one.id() == other.id(),
        (
            KeySettings::Generate { algorithm: one, .. },
            KeySettings::Generate {
                algorithm: other, ..
            },
        ) => one == other,
        (KeySettings::Given(_), KeySettings::Generate { .. })
        | (KeySettings::Generate { .. }, KeySettings::Given(_)) => false,
    };
    keys.iter().any(is_twin).then(|| match key {
        KeySettings::Given(key) => format!(
            "{} is the `kid` of another key too: write another",
            quoted(key.id())
        ),
        KeySettings::Generate { algorithm, .. } => {
            let name = algorithm.name();
            format!("keys of {name} are generated above already: remove one")
        }
    })
}

fn key(raw: &raw::SigningKey, at: &At<'_>, context: &mut Context<'_>) -> Option<KeySettings> {
    let algorithm = match &raw.generate {
        Some(generate) => Some(generate.alg.0),
        None => raw.alg.map(|written| written.0),
    };
    if let Some(algorithm) = algorithm.filter(|algorithm| !is_publishable(*algorithm)) {
        let place = at.key("generate");
        let place = if raw.generate.is_some() { &place } else { at };
        let problem = format!(
            "{} is a shared secret, and what is issued here is verified with public keys: write \
             ES256, or another of ES, RS, PS and Ed25519",
            algorithm.name()
        );
        context.problems.push(&place.key("alg"), problem);
        return None;
    }
    match (&raw.generate, &raw.file) {
        (Some(generate), None) => {
            for (key, is_there) in [("kid", raw.kid.is_some()), ("alg", raw.alg.is_some())] {
                if is_there {
                    let problem = "means nothing for `generate`, only for `file`: remove it";
                    context.problems.push(&at.key(key), problem);
                }
            }
            let rotate_every = generate.rotate_every.0;
            if rotate_every < ROTATE_EVERY_MIN {
                let problem = "is shorter than a minute, in which nobody could follow: write 1m or \
                               more";
                let at = at.key("generate");
                context.problems.push(&at.key("rotate_every"), problem);
            }
            Some(KeySettings::Generate {
                algorithm: generate.alg.0,
                rotate_every,
            })
        }
        (None, Some(file)) => {
            let at = at.key("file");
            let content = context.file(&at, file).1.map(Zeroizing::new)?;
            let id = raw.kid.as_ref().map(|id| &*id.0.0);
            match NamedKey::parse(&content, id, algorithm) {
                Ok(key) => Some(KeySettings::Given(Arc::new(key))),
                Err(error) => {
                    let problem = format!("cannot be signed with: {error}");
                    context.problems.push(&at, problem);
                    None
                }
            }
        }
        (Some(_), Some(_)) => {
            let problem = "is `generate` and `file` at once: write an entry of the list for each";
            context.problems.push(at, problem);
            None
        }
        (None, None) => {
            let problem = "names no key: write `generate: {}` or `file`";
            context.problems.push(at, problem);
            None
        }
    }
}

fn profiles(raw: &raw::Issue, at: &At<'_>, context: &mut Context<'_>) -> Vec<Arc<Profile>> {
    let remedy = "say what tokens are like, with at least one name and its `audiences`";
    let Some(raw) = &raw.profiles else {
        context.problems.missing(at, "profiles", remedy);
        return Vec::new();
    };
    let at = at.key("profiles");
    if raw.is_empty() {
        context.problems.push(&at, format!("is empty: {remedy}"));
    }
    let profiles = raw.0.iter();
    profiles
        .map(|(name, raw)| Arc::new(profile(&name.0.0, raw, &at.key(&name.0.0), context)))
        .collect()
}

fn profile(name: &str, raw: &raw::TokenProfile, at: &At<'_>, context: &mut Context<'_>) -> Profile {
    let remedy = "list for whom its tokens are";
    match &raw.audiences {
        None => context.problems.missing(at, "audiences", remedy),
        Some(audiences) if audiences.is_empty() => {
            let problem = format!("is empty, so nobody could accept its tokens: {remedy}");
            context.problems.push(&at.key("audiences"), problem);
        }
        Some(_) => {}
    }
    if raw.ttl.0.as_secs() == 0 {
        let problem = "must be a second or more: times in tokens are whole seconds";
        context.problems.push(&at.key("ttl"), problem);
    }
    let claims_at = at.key("claims");
    let claims = raw.claims.0.iter();
    let claims = claims.filter_map(|(name, raw)| {
        let name = &*name.0.0;
        claim(name, raw, &claims_at.key(name), context)
    });
    Profile {
        name: name.into(),
        claims: claims.collect(),
        audiences: raw
            .audiences
            .iter()
            .flatten()
            .map(|audience| audience.0.0.clone())
            .collect(),
        ttl: raw.ttl.0,
        kind: raw.kind.0.0.clone(),
    }
}

fn claim(
    name: &str,
    raw: &raw::ProfileClaim,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<ClaimSettings> {
    if OURS.contains(&name) {
        let problem = "is written by jotgate itself into every token: remove it";
        context.problems.push(at, problem);
        return None;
    }
    let value = match (&raw.from, &raw.cel, &raw.value) {
        (Some(path), None, None) => ClaimValue::From(path.path().clone()),
        (None, Some(source), None) => match ClaimExpression::new(source) {
            Ok(expression) => ClaimValue::Cel(expression),
            Err(error) => {
                context.problems.push(&at.key("cel"), error.to_string());
                return None;
            }
        },
        (None, None, Some(value)) => ClaimValue::Fixed(value.0.to_string().into()),
        _ => {
            let problem = "needs one of {from: …}, {cel: …} and {value: …}";
            context.problems.push(at, problem);
            return None;
        }
    };
    Some(ClaimSettings {
        name: name.into(),
        value,
    })
}

/// Keys stay published until their last token has expired: there must not be too many of them.
fn check_rotation(
    raw: &raw::Issue,
    settings: &IssueSettings,
    at: &At<'_>,
    context: &mut Context<'_>,
) {
    const KEYS_MAX: u32 = SIGNING_KEYS as u32 / 2;
    let keep = settings.keep();
    for (place, key) in raw.keys.iter().flatten().enumerate() {
        let Some(generate) = &key.generate else {
            continue;
        };
        if keep > generate.rotate_every.0.saturating_mul(KEYS_MAX) {
            let minutes = keep.as_secs() / u64::from(KEYS_MAX) / 60 + 1;
            let problem = format!(
                "tokens live for so long that more than {KEYS_MAX} keys would be published: write \
                 {minutes}m or more, or shorten every `ttl`"
            );
            let at = at.index(place);
            let at = at.key("generate");
            context.problems.push(&at.key("rotate_every"), problem);
        }
    }
}

/// Claims that no profile decides about.
const OURS: [&str; 6] = ["iss", "aud", "iat", "nbf", "exp", "jti"];
