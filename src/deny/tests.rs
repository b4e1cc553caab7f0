use std::fmt::Write as _;

use http::header;
use proptest::prelude::*;

use super::{BodyFormat, DenyPolicy, Refusal};
use crate::reason::{Class, Reason, grpc_code};

fn header<'r>(refusal: &'r Refusal, name: &str) -> Option<&'r str> {
    let (_, value) = refusal.headers.iter().find(|(found, _)| found == name)?;
    Some(std::str::from_utf8(value.as_bytes()).expect("our headers are UTF-8"))
}

fn body(refusal: &Refusal) -> &str {
    std::str::from_utf8(&refusal.body).expect("our bodies are UTF-8")
}

/// The golden file is the public contract: dashboards and clients know these codes.
#[test]
fn codes_and_statuses_of_every_reason_are_the_published_ones() {
    let refusals = DenyPolicy::default().prepare();
    let mut table = String::from("# code class http grpc\n");
    for reason in Reason::ALL {
        let status = match reason.class() {
            Class::Allowed => 200,
            Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => {
                refusals.get(reason).status
            }
        };
        let class = format!("{:?}", reason.class()).to_lowercase();
        let (code, grpc) = (reason.code(), grpc_code(status));
        writeln!(table, "{code} {class} {status} {grpc}").expect("a string takes everything");
    }
    assert_eq!(table, include_str!("../../tests/golden/reasons.txt"));
}

#[test]
fn every_answer_is_a_refusal_whatever_is_asked_for() {
    for unavailable_status in [503, 403, 401, 200, 0] {
        let policy = DenyPolicy {
            unavailable_status,
            ..DenyPolicy::default()
        };
        let refusals = policy.prepare();
        for reason in Reason::ALL {
            let refusal = refusals.get(reason);
            assert!(
                [401, 403, 503].contains(&refusal.status),
                "{}",
                reason.code()
            );
            assert_ne!(refusal.reason.class(), Class::Allowed);
            assert_eq!(header(refusal, "cache-control"), Some("no-store"));
        }
    }
}

#[test]
fn the_challenge_says_what_would_help() {
    let default = DenyPolicy::default();
    let quoted = DenyPolicy {
        realm: "a \"b\\\"\n".into(),
        ..DenyPolicy::default()
    };
    let exposing = DenyPolicy {
        expose_reason: true,
        ..DenyPolicy::default()
    };
    let message = |message: &str| DenyPolicy {
        message: Some(message.into()),
        ..DenyPolicy::default()
    };
    let as_401 = DenyPolicy {
        unavailable_status: 401,
        ..DenyPolicy::default()
    };
    let invalid = |description: &str| {
        format!(
            "Bearer realm=\"jotgate\", error=\"invalid_token\", error_description=\"{description}\""
        )
    };
    let plain = || Some("Bearer realm=\"jotgate\"".to_owned());
    for (policy, reason, expected) in [
        (&default, Reason::TokenMissing, plain()),
        (
            &quoted,
            Reason::TokenMissing,
            Some(r#"Bearer realm="a \"b\\\" ""#.to_owned()),
        ),
        (
            &default,
            Reason::TokenExpired,
            Some(invalid("the token is not valid or has expired")),
        ),
        (
            &exposing,
            Reason::TokenExpired,
            Some(invalid("the token has expired")),
        ),
        (
            &message("go away"),
            Reason::TokenExpired,
            Some(invalid("go away")),
        ),
        (
            &message("Grüße"),
            Reason::TokenExpired,
            Some(invalid("the token is not valid or has expired")),
        ),
        (&message("say \"x\""), Reason::TokenMissing, plain()),
        (&default, Reason::RoleInsufficient, None),
        (&default, Reason::PathAmbiguous, None),
        (&default, Reason::KeysUnavailable, None),
        (&as_401, Reason::KeysUnavailable, plain()),
    ] {
        let refusals = policy.prepare();
        let challenge = header(refusals.get(reason), "www-authenticate");
        assert_eq!(challenge, expected.as_deref(), "{}", reason.code());
    }
}

#[test]
fn insufficient_scope_can_name_the_scopes() {
    let refusals = DenyPolicy::default().prepare();
    let refusal = refusals.get(Reason::ScopeInsufficient);
    let base = "Bearer realm=\"jotgate\", error=\"insufficient_scope\", \
                error_description=\"this request is not allowed\"";
    assert_eq!(header(refusal, "www-authenticate"), Some(base));
    let named = refusal.with_scopes(["orders:read", "two words", "a\"b", "x"]);
    let expected = format!("{base}, scope=\"orders:read x\"");
    assert_eq!(header(&named, "www-authenticate"), Some(expected.as_str()));
    assert_eq!(&refusal.with_scopes(["\n"]), refusal);
    let other = refusals.get(Reason::RuleDenied);
    assert_eq!(&other.with_scopes(["x"]), other);
}

#[test]
fn the_body_has_the_configured_format() {
    use BodyFormat::{Empty, Problem, Text};
    for (format, expose_reason, message, kind, expected) in [
        (
            Problem,
            false,
            None,
            Some("application/problem+json"),
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"the token is not valid or has expired"}"#,
        ),
        (
            Problem,
            true,
            Some("Grüße \"Du\""),
            Some("application/problem+json"),
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Grüße \"Du\"","reason":"token_expired"}"#,
        ),
        (
            Text,
            false,
            Some("no"),
            Some("text/plain; charset=utf-8"),
            "no\n",
        ),
        (
            Text,
            true,
            None,
            Some("text/plain; charset=utf-8"),
            "the token has expired (token_expired)\n",
        ),
        (Empty, true, Some("no"), None, ""),
    ] {
        let policy = DenyPolicy {
            format,
            expose_reason,
            message: message.map(Into::into),
            ..DenyPolicy::default()
        };
        let refusals = policy.prepare();
        let refusal = refusals.get(Reason::TokenExpired);
        assert_eq!(header(refusal, "content-type"), kind);
        assert_eq!(body(refusal), expected);
        let code = expose_reason.then_some("token_expired");
        assert_eq!(header(refusal, "x-jotgate-reason"), code);
    }
}

#[test]
fn an_outage_is_not_blamed_on_the_token() {
    let policy = DenyPolicy {
        message: Some("your token is bad".into()),
        format: BodyFormat::Text,
        ..DenyPolicy::default()
    };
    let refusals = policy.prepare();
    let refusal = refusals.get(Reason::KeysUnavailable);
    assert_eq!(body(refusal), "no decision can be made at the moment\n");
    assert_eq!(header(refusal, "retry-after"), Some("5"));
    assert_eq!(
        header(refusals.get(Reason::TokenExpired), "retry-after"),
        None
    );
}

proptest! {
    #[test]
    fn no_realm_and_no_message_break_the_answer(realm in ".{0,12}", message in ".{0,12}", expose_reason in any::<bool>()) {
        let policy = DenyPolicy { realm: realm.into(), message: Some(message.into()), expose_reason, ..DenyPolicy::default() };
        let refusals = policy.prepare();
        for reason in Reason::ALL {
            let refusal = refusals.get(reason);
            let challenges = refusal.headers.iter().filter(|(name, _)| name == header::WWW_AUTHENTICATE).count();
            prop_assert_eq!(refusal.status == 401 || refusal.reason == Reason::ScopeInsufficient, challenges == 1);
        }
    }
}
