//! What the caller asks for beyond the configuration, and what a request shows of itself.

use serde_json::json;

use super::{Asked, decide, rule};
use crate::authorizer::{Buffers, Question, Unmetered};
use crate::fixture::{Fixture, NOW};
use crate::reason::Reason;
use crate::requirement::{Condition, Lines, Names, Requirement};
use crate::rules::{Access, RuleSettings};
use crate::time::Clock as _;

#[test]
fn who_asks_for_scopes_or_audiences_asks_for_a_token_that_has_them() {
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![
            rule("public", Access::Public),
            rule("optional", Access::Optional),
            rule("permissive", Access::Permissive),
            rule("denied", Access::Denied),
        ];
    });
    let good = fixture.token(json!({ "scope": "write" }));
    let poor = fixture.token(json!({}));
    let authorizer = fixture.gate.authorizer();
    let (now, mut buffers) = (fixture.clock.now(), Buffers::default());
    let [scopes, audiences] = [["write".to_owned()], ["other".to_owned()]];
    for name in ["public", "optional", "permissive", "denied"] {
        for (token, scopes, audiences, reason) in [
            ("", &scopes[..], &[][..], Reason::TokenMissing),
            ("a.b.c", &scopes, &[], Reason::TokenMalformed),
            (&*poor, &scopes, &[], Reason::ScopeInsufficient),
            (&good, &scopes, &[], Reason::Ok),
            ("", &[], &audiences, Reason::TokenMissing),
            (&good, &[], &audiences, Reason::AudienceMismatch),
        ] {
            let question = Question {
                token: token.as_bytes(),
                rule: Some(name),
                audiences,
                scopes,
            };
            let decision =
                authorizer.verify(&question, None::<&Asked<'_>>, now, &mut buffers, &Unmetered);
            let expected = match name {
                "denied" => Reason::RuleDenied,
                _ => reason,
            };
            assert_eq!(decision.reason, expected, "{name} {token}");
        }
    }
}

#[test]
fn a_token_of_the_caller_hides_no_other_in_the_request() {
    let fixture = Fixture::with(|setup| setup.rules = vec![rule("one", Access::Required)]);
    let token = fixture.token(json!({}));
    let authorizer = fixture.gate.authorizer();
    let (now, mut buffers) = (fixture.clock.now(), Buffers::default());
    let same = format!("Bearer {token}");
    for (authorization, reason) in [
        (None, Reason::Ok),
        (Some("Basic dXNlcjpwdw=="), Reason::Ok),
        (Some(&*same), Reason::Ok),
        (Some("Bearer a.b.c"), Reason::TokenAmbiguous),
        (Some("Bearer\ta.b.c"), Reason::TokenMalformed),
    ] {
        let request = Asked {
            target: "/",
            authorization,
        };
        let question = Question {
            token: token.as_bytes(),
            rule: Some("one"),
            ..Question::default()
        };
        let decision = authorizer.verify(&question, Some(&request), now, &mut buffers, &Unmetered);
        assert_eq!(decision.reason, reason, "{authorization:?}");
    }
}

#[test]
fn a_condition_must_hold_for_every_reading_of_a_path() {
    let cel = |source| Lines::new([Requirement::Cel(Condition::new(source).expect(source))]);
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![RuleSettings {
            require: cel("!request.path.endsWith('/delete') && request.path != '/admin'"),
            ..rule("all", Access::Required)
        }];
    });
    let token = fixture.token(json!({}));
    let authorization = format!("Bearer {token}");
    for (target, reason) in [
        ("/orders/1", Reason::Ok),
        ("/orders/1;v=1", Reason::Ok),
        ("/orders/1/delete", Reason::ConditionFalse),
        ("/orders/1/delete;v=1", Reason::ConditionFalse),
        ("/orders/1/delete%3Bv=1", Reason::ConditionFalse),
        ("/;/admin", Reason::ConditionFalse),
        ("/admin;v=1", Reason::ConditionFalse),
    ] {
        let request = Asked {
            target,
            authorization: Some(&authorization),
        };
        assert_reason(&fixture, &request, reason);
    }
}

#[test]
fn the_first_line_that_fails_for_any_reading_of_a_path_is_the_reason() {
    let not_admin = || Requirement::Cel(Condition::new("request.path != '/admin'").expect("CEL"));
    let scope = || Requirement::Scope(Names::All(Box::new(["read".into()])));
    for (lines, reason) in [
        ([not_admin(), scope()], Reason::ConditionFalse),
        ([scope(), not_admin()], Reason::ScopeInsufficient),
    ] {
        let fixture = Fixture::with(|setup| {
            setup.rules = vec![RuleSettings {
                require: Lines::new(lines),
                ..rule("all", Access::Required)
            }];
        });
        let authorization = format!("Bearer {}", fixture.token(json!({})));
        let request = Asked {
            // An upstream may read /admin.
            target: "/admin;v=1",
            authorization: Some(&authorization),
        };
        assert_reason(&fixture, &request, reason);
    }
}

/// What the rule `all` makes of the request, decided and explained.
fn assert_reason(fixture: &Fixture, request: &Asked<'_>, reason: Reason) {
    let authorizer = fixture.gate.authorizer();
    let (now, mut buffers) = (fixture.clock.now(), Buffers::default());
    let decision = authorizer.decide(request, Some("all"), now, &mut buffers, &Unmetered);
    assert_eq!(decision.reason, reason, "{}", request.target);
    let question = Question {
        rule: Some("all"),
        ..Question::default()
    };
    let (decision, _) = authorizer.explain(&question, Some(request), now, &mut buffers);
    assert_eq!(decision.reason, reason, "{}, explained", request.target);
}

#[test]
fn an_audience_that_the_caller_asks_for_comes_before_the_claims_and_the_rule() {
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![RuleSettings {
            require: Lines::new([Requirement::Scope(Names::All(Box::new(["read".into()])))]),
            ..rule("reads", Access::Required)
        }];
    });
    let good = fixture.token(json!({ "scope": "read", "aud": ["api", "orders"] }));
    let without_scope = fixture.token(json!({}));
    let bound = fixture.token(json!({ "cnf": {} }));
    let expired = fixture.token(json!({ "exp": NOW - 120 }));
    let authorizer = fixture.gate.authorizer();
    let mut buffers = Buffers::default();
    for (token, asked, reason) in [
        (&good, "orders", Reason::Ok),
        (&good, "other", Reason::AudienceMismatch),
        (&without_scope, "api", Reason::ScopeInsufficient),
        (&without_scope, "other", Reason::AudienceMismatch),
        (&bound, "api", Reason::BindingUnsupported),
        (&bound, "other", Reason::AudienceMismatch),
        (&expired, "other", Reason::TokenExpired),
    ] {
        let audiences = [asked.to_owned()];
        let question = Question {
            token: token.as_bytes(),
            rule: Some("reads"),
            audiences: &audiences,
            scopes: &[],
        };
        let now = fixture.clock.now();
        // New, or refused again; then beside one that the cache has.
        for _ in 0..3 {
            let decision =
                authorizer.verify(&question, None::<&Asked<'_>>, now, &mut buffers, &Unmetered);
            assert_eq!(decision.reason, reason, "{asked}");
            decide(&fixture, "reads", Some(token));
        }
        let (decision, _) = authorizer.explain(&question, None::<&Asked<'_>>, now, &mut buffers);
        assert_eq!(decision.reason, reason, "{asked}, explained");
    }
}
