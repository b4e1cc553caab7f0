//! Tokens, and what is to be said about them.

use serde_json::{Value, json};

use super::court::{Court, DOWN_ISSUER, ISSUER, STRICT_ISSUER, TWIN_ISSUER};
use crate::support::idp::{merged, now, usual_claims};
use crate::support::keys::base64url;

/// One token for every reason that a token alone can cause.
pub fn refusals(court: &Court) -> Vec<Case> {
    let [key, other] = [court.key("ES256"), court.key("RS256")];
    let changed = |header: Value, claims: Value| {
        let header = merged(key.header(), &header);
        key.sign(&header, &merged(usual_claims(ISSUER), &claims))
    };
    let claims = |claims| changed(json!({}), claims);
    let header = |header| changed(header, json!({}));
    let strict = |claims| {
        let claims = merged(usual_claims(STRICT_ISSUER), &claims);
        court.strict.sign(&court.strict.header(), &claims)
    };
    let good = claims(json!({}));
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let none = json!({ "alg": "none" }).to_string();
    let now = now();
    let rows = [
        ("two parts", message.to_owned(), "token_malformed"),
        ("four parts", format!("{good}.e30"), "token_malformed"),
        ("padding", format!("{good}="), "token_malformed"),
        ("no signature", format!("{message}."), "signature_invalid"),
        (
            "claims are no object",
            key.sign_text(key.header().to_string(), "[]"),
            "token_malformed",
        ),
        (
            "a header member twice",
            key.sign_text(r#"{"alg":"ES256","alg":"ES256"}"#, "{}"),
            "token_malformed",
        ),
        (
            "kid is a number",
            header(json!({ "kid": 1 })),
            "token_malformed",
        ),
        (
            "longer than the limit",
            claims(json!({ "long": "x".repeat(20_000) })),
            "token_too_large",
        ),
        (
            "alg none",
            format!("{}.{}.", base64url(none), base64url("{}")),
            "alg_not_allowed",
        ),
        (
            "alg unknown",
            header(json!({ "alg": "ES256K" })),
            "alg_not_allowed",
        ),
        (
            "alg missing",
            header(json!({ "alg": null })),
            "alg_not_allowed",
        ),
        (
            "alg not the issuer's",
            strict_with(court, json!({ "alg": "RS256" })),
            "alg_not_allowed",
        ),
        (
            "crit",
            header(json!({ "crit": ["exp"] })),
            "crit_unsupported",
        ),
        ("b64", header(json!({ "b64": true })), "crit_unsupported"),
        (
            "typ",
            header(json!({ "typ": "logout+jwt" })),
            "type_not_allowed",
        ),
        ("cty", header(json!({ "cty": "JWT" })), "type_not_allowed"),
        (
            "no issuer",
            claims(json!({ "iss": null })),
            "issuer_missing",
        ),
        (
            "a stranger's",
            claims(json!({ "iss": "https://stranger.example" })),
            "issuer_unknown",
        ),
        (
            "unknown key",
            header(json!({ "kid": "nobody" })),
            "key_unknown",
        ),
        ("no kid, many keys", twin(court), "key_ambiguous"),
        (
            "a key of another algorithm",
            header(json!({ "alg": "RS256" })),
            "key_unsuitable",
        ),
        (
            "another key's signature",
            other.sign(&key.header(), &usual_claims(ISSUER)),
            "signature_invalid",
        ),
        (
            "another issuer's key",
            court
                .strict
                .sign(&court.strict.header(), &usual_claims(ISSUER)),
            "key_unknown",
        ),
        (
            "the signature of another token",
            format!(
                "{}.{signature}",
                claims(json!({ "sub": "u2" }))
                    .rsplit_once('.')
                    .expect("three parts")
                    .0
            ),
            "signature_invalid",
        ),
        (
            "expired",
            claims(json!({ "exp": now - 60 })),
            "token_expired",
        ),
        (
            "not yet valid",
            claims(json!({ "nbf": now + 120 })),
            "token_not_yet_valid",
        ),
        (
            "issued tomorrow",
            claims(json!({ "iat": now + 86_400 })),
            "token_not_yet_valid",
        ),
        (
            "too old",
            strict(json!({ "iat": now - 7_200 })),
            "token_too_old",
        ),
        (
            "valid for too long",
            strict(json!({ "exp": now + 86_400 })),
            "lifetime_too_long",
        ),
        (
            "another audience",
            claims(json!({ "aud": "billing-api" })),
            "audience_mismatch",
        ),
        (
            "no audience",
            claims(json!({ "aud": null })),
            "audience_mismatch",
        ),
        ("no expiry", claims(json!({ "exp": null })), "claim_missing"),
        (
            "no subject",
            strict(json!({ "sub": null })),
            "claim_missing",
        ),
        (
            "exp is text",
            claims(json!({ "exp": "tomorrow" })),
            "claim_invalid",
        ),
        (
            "sub is a number",
            claims(json!({ "sub": 7 })),
            "claim_invalid",
        ),
        (
            "aud is a number",
            claims(json!({ "aud": 7 })),
            "claim_invalid",
        ),
        (
            "bound to a key",
            claims(json!({ "cnf": { "jkt": "x" } })),
            "binding_unsupported",
        ),
        (
            "keys not to be had",
            claims(json!({ "iss": DOWN_ISSUER })),
            "keys_unavailable",
        ),
    ];
    rows.map(|(name, token, reason)| Case::new(name, token, reason))
        .into()
}

/// A token of the strict issuer with another header.
fn strict_with(court: &Court, header: Value) -> String {
    let header = merged(court.strict.header(), &header);
    court.strict.sign(&header, &usual_claims(STRICT_ISSUER))
}

/// A token without kid of the issuer that has two keys for it.
fn twin(court: &Court) -> String {
    let header = json!({ "alg": "ES256" });
    court.twin.sign(&header, &usual_claims(TWIN_ISSUER))
}

/// Tokens that differ from `good` in one place, spread over all three parts.
pub fn mutations(good: &str) -> impl Iterator<Item = String> {
    let step = good.len() / 16;
    (0..good.len())
        .step_by(step)
        .chain([good.len() - 1])
        .map(|at| {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] = match bytes[at] {
                b'A' => b'B',
                b'.' => b'A',
                _ => b'A',
            };
            String::from_utf8(bytes).expect("ASCII for ASCII")
        })
}

/// A token and what is to be said about it.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub token: String,
    pub reason: &'static str,
    /// Where it stands in a field of a request, if that makes a difference: what is no token is not
    /// looked for there, or looks like two.
    pub reason_in_a_field: &'static str,
}

impl Case {
    pub fn new(name: &str, token: String, reason: &'static str) -> Self {
        let name = name.to_owned();
        Self {
            name,
            token,
            reason,
            reason_in_a_field: reason,
        }
    }
}
