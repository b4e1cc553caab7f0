//! Claims in CEL, and what becomes of a request where they have no value.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Stage, generate, profile, settings};
use crate::forward::Minter as _;
use crate::issue::{ClaimSettings, ClaimValue, InternalTokens, IssueSettings, Profile};
use crate::reason::{Class, Reason};
use crate::requirement::ClaimExpression;
use crate::signature::Algorithm;
use crate::time::Clock as _;
use crate::token::json::scan_object;

fn with_expression(source: &str) -> IssueSettings {
    let mut settings = settings(vec![generate(Algorithm::Ed25519)]);
    let expression = ClaimExpression::new(source).expect("CEL");
    settings.profiles = vec![Arc::new(Profile {
        claims: vec![ClaimSettings {
            name: "made".into(),
            value: ClaimValue::Cel(expression),
        }],
        ..profile()
    })];
    settings
}

/// The claim of an internal token.
fn made(source: &str, claims: &Value) -> Result<Option<Value>, Reason> {
    let settings = with_expression(source);
    let Stage {
        desk,
        clock,
        metrics,
    } = Stage::with(settings.clone());
    let minter = InternalTokens::new(Arc::new(desk), Arc::new(settings));
    let claims = claims.to_string();
    let claims = scan_object(claims.as_bytes(), 16, |_| ()).expect("an object");
    let minted = minter.mint("internal", claims, clock.now());
    let outcome = if minted.is_ok() { "issued" } else { "refused" };
    let series =
        format!("jotgate_tokens_issued_total{{profile=\"internal\",outcome=\"{outcome}\"}} 1\n");
    assert!(metrics.render().contains(&series), "{source}");
    let payload = minted?
        .token
        .split('.')
        .nth(1)
        .map(str::to_owned)
        .expect("a payload");
    let payload = base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(payload)
        .expect("base64url");
    let claims: Value = serde_json::from_slice(&payload).expect("JSON");
    Ok(claims.get("made").cloned())
}

#[test]
fn a_claim_is_what_its_expression_makes_of_the_verified_claims() {
    let claims = json!({ "sub": "alice", "groups": ["a", "b"], "made": "by the sender" });
    for (source, expected) in [
        ("\"user:\" + claims.sub", Some(json!("user:alice"))),
        ("claims.groups.exists(g, g == \"a\")", Some(json!(true))),
        ("has(claims.tenant) ? claims.tenant : null", None),
    ] {
        assert_eq!(made(source, &claims), Ok(expected), "{source}");
    }
}

#[test]
fn claims_that_are_to_blame_are_refused_and_never_taken_for_an_outage() {
    let long = "x".repeat(20_000);
    for (source, claims, reason) in [
        ("claims.tenant", json!({}), Reason::ConditionFalse),
        (
            "claims.long",
            json!({ "long": long }),
            Reason::TokenTooLarge,
        ),
    ] {
        assert_eq!(made(source, &claims), Err(reason), "{source}");
        assert_ne!(reason.class(), Class::Unavailable);
    }
}
