//! What the best current practice (RFC 8725 and the draft that follows it) says about claims.

use std::time::Duration;

use serde_json::{Map, Value};

use super::finding::{Findings, quoted};
use crate::cli::moment::{relative, span, utc};
use crate::time::UnixMillis;

/// Everything worth saying about claims as of `now`.
pub(super) fn lint(claims: &Map<String, Value>, now: UnixMillis, findings: &mut Findings) {
    lint_issuer_and_subject(claims, findings);
    lint_audience(claims.get("aud"), findings);
    lint_times(claims, now, findings);
    if claims.contains_key("cnf") {
        let message = "`cnf`: bound to a key of the sender. It must not be taken as a bearer \
            token, so it is refused until that binding is checked";
        findings.refused("bound", message, "RFC 7800 3");
    }
    for name in claims.keys() {
        let lower = name.to_ascii_lowercase();
        if ["password", "passwd", "secret", "private_key"]
            .iter()
            .any(|word| lower.contains(word))
        {
            let message = format!(
                "{} can be read by everybody who sees the token",
                quoted(name)
            );
            findings.warning("secret_claim", message, "RFC 7519 11.1");
        }
    }
}

/// A claim that is a time, if it is one in range.
pub(super) fn time(claims: &Map<String, Value>, name: &str) -> Option<UnixMillis> {
    const SECONDS_MAX: f64 = (1_i64 << 53) as f64;
    let seconds = claims.get(name)?.as_f64()?;
    (seconds.abs() <= SECONDS_MAX).then(|| UnixMillis((seconds * 1000.0).ceil() as i64))
}

fn lint_issuer_and_subject(claims: &Map<String, Value>, findings: &mut Findings) {
    match claims.get("iss") {
        None => {
            let message = "no `iss`: without it there is no telling whose keys to ask";
            findings.refused("iss_missing", message, "RFC 8725 3.8");
        }
        Some(Value::String(_)) => {}
        Some(_) => findings.refused("iss_type", "`iss` is not a string", "RFC 7519 4.1.1"),
    }
    for (name, reference) in [("sub", "RFC 7519 4.1.2"), ("jti", "RFC 7519 4.1.7")] {
        match claims.get(name) {
            None if name == "sub" => {
                findings.note(
                    "sub_missing",
                    "no `sub`: it is about nobody",
                    "RFC 8725 3.8",
                );
            }
            None | Some(Value::String(_)) => {}
            Some(_) => {
                findings.refused("claim_type", format!("`{name}` is not a string"), reference);
            }
        }
    }
}

fn lint_audience(audience: Option<&Value>, findings: &mut Findings) {
    let is_valid = match audience {
        None => {
            let message = "no `aud`: what one service is given can be used at every other";
            findings.warning("aud_missing", message, "RFC 8725 3.9");
            return;
        }
        Some(Value::String(_)) => true,
        Some(Value::Array(members)) => {
            if members.is_empty() {
                findings.warning("aud_missing", "`aud` is empty: for nobody", "RFC 8725 3.9");
            }
            members.iter().all(Value::is_string)
        }
        Some(_) => false,
    };
    if !is_valid {
        let message = "`aud` is neither a string nor an array of strings";
        findings.refused("aud_type", message, "RFC 7519 4.1.3");
    }
}

fn lint_times(claims: &Map<String, Value>, now: UnixMillis, findings: &mut Findings) {
    for name in ["exp", "nbf", "iat"] {
        if claims.contains_key(name) && time(claims, name).is_none() {
            let message = format!("`{name}` is not a number of seconds since 1970");
            findings.refused("time_type", message, "RFC 7519 2");
        }
        if time(claims, name).is_some_and(|time| time.seconds() > MILLISECONDS_SURELY) {
            let message = format!("`{name}` is thousands of years ahead: milliseconds, it seems");
            findings.warning("time_in_milliseconds", message, "RFC 7519 2");
        }
    }
    let (expires_at, issued_at) = (time(claims, "exp"), time(claims, "iat"));
    match expires_at {
        None if claims.contains_key("exp") => {}
        None => {
            let message = "no `exp`: once stolen, good for ever. Refused by default";
            findings.warning("exp_missing", message, "RFC 7519 4.1.4");
        }
        Some(expires_at) if expires_at <= now => {
            let message = format!("expired {}", at(expires_at, now));
            findings.warning("expired", message, "RFC 7519 4.1.4");
        }
        Some(expires_at) => {
            let lifetime = expires_at.since(issued_at.unwrap_or(now));
            if lifetime > LIFETIME_LONG {
                let message = format!(
                    "valid for {}: as long as that a stolen one is good",
                    span(lifetime)
                );
                findings.warning("lifetime_long", message, "RFC 9700 2.2.1");
            }
        }
    }
    for name in ["nbf", "iat"] {
        if let Some(begin) = time(claims, name)
            && begin > now
        {
            let message = format!("not yet valid: `{name}` is {}", at(begin, now));
            findings.warning("not_yet_valid", message, "RFC 7519 4.1.5");
        }
    }
    if !claims.contains_key("iat") {
        findings.note(
            "iat_missing",
            "no `iat`: its age is unknown",
            "RFC 7519 4.1.6",
        );
    }
}

fn at(time: UnixMillis, now: UnixMillis) -> String {
    format!("{} ({})", relative(time, now), utc(time))
}

/// More than this is worth a word: access tokens live for minutes or hours.
const LIFETIME_LONG: Duration = Duration::from_secs(24 * 3600);
/// The year 5138; today's milliseconds are far beyond.
const MILLISECONDS_SURELY: i64 = 100_000_000_000;
