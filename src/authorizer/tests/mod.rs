mod asked;
mod front;
mod internal_token;
mod races;
mod reference;
mod refusals;

use http::HeaderName;
use serde_json::{Value, json};

use super::{Buffers, Decision, Question, Unmetered};
use crate::consumers::Consumer;
use crate::fixture::{Fixture, NOW};
use crate::forward::{Format, ForwardPolicy, HeaderClaim};
use crate::issuers::Audiences;
use crate::matching::Match;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::rules::{Access, RuleSettings};
use crate::time::{Clock as _, UnixMillis};
use crate::token::ClaimPath;

/// A request with one header.
struct Asked<'a> {
    target: &'a str,
    authorization: Option<&'a str>,
}

impl<'a> RequestView<'a> for Asked<'a> {
    fn method(&self) -> &'a [u8] {
        b"GET"
    }

    fn scheme(&self) -> &'a [u8] {
        b""
    }

    fn host(&self) -> &'a [u8] {
        b"api.example.com"
    }

    fn target(&self) -> &'a [u8] {
        self.target.as_bytes()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        if let Some(authorization) = self.authorization {
            visit(b"Authorization", authorization.as_bytes());
        }
    }
}

fn rule(name: &str, access: Access) -> RuleSettings {
    RuleSettings {
        name: Some(name.into()),
        access,
        ..RuleSettings::default()
    }
}

fn header(name: &'static str, claim: &str) -> ForwardPolicy {
    ForwardPolicy {
        headers: vec![HeaderClaim {
            name: HeaderName::from_static(name),
            claim: ClaimPath::dotted(claim).expect("a path"),
            format: Format::Csv,
        }],
        ..ForwardPolicy::default()
    }
}

/// Decides for `rule`, with this token if there is one.
fn decide(fixture: &Fixture, rule: &str, token: Option<&str>) -> Decision {
    let authorization = token.map(|token| format!("Bearer {token}"));
    let request = Asked {
        target: "/",
        authorization: authorization.as_deref(),
    };
    let now = fixture.clock.now();
    let authorizer = fixture.gate.authorizer();
    let mut buffers = Buffers::default();
    authorizer.decide(&request, Some(rule), now, &mut buffers, &Unmetered)
}

#[test]
fn each_access_answers_for_itself_with_no_token_a_bad_one_and_one_that_nobody_can_judge() {
    use Reason::{
        KeysUnavailable, Ok, OkAnonymous, OkPublic, RuleDenied, TokenMalformed, TokenMissing,
    };
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![
            rule("required", Access::Required),
            rule("optional", Access::Optional),
            rule("permissive", Access::Permissive),
            rule("public", Access::Public),
            rule("denied", Access::Denied),
        ];
    });
    let good = fixture.token(json!({}));
    let away = fixture.token(json!({ "iss": "https://away/" }));
    for (name, none, bad, unjudged, fine) in [
        (
            "required",
            TokenMissing,
            TokenMalformed,
            KeysUnavailable,
            Ok,
        ),
        ("optional", OkAnonymous, TokenMalformed, KeysUnavailable, Ok),
        ("permissive", OkAnonymous, OkAnonymous, KeysUnavailable, Ok),
        ("public", OkPublic, OkPublic, OkPublic, OkPublic),
        ("denied", RuleDenied, RuleDenied, RuleDenied, RuleDenied),
    ] {
        for (token, expected) in [
            (None, none),
            (Some("x.y.z"), bad),
            (Some(&*away), unjudged),
            (Some(&*good), fine),
        ] {
            let decision = decide(&fixture, name, token);
            assert_eq!(decision.reason, expected, "{name} {token:?}");
            assert_eq!(decision.token.is_some(), expected == Ok, "{name} {token:?}");
        }
    }
    let unknown = decide(&fixture, "other", Some(&good));
    assert_eq!(unknown.reason, Reason::RuleUnknown);
}

#[test]
fn a_token_that_one_rule_took_is_judged_anew_by_another() {
    let audience = |name: &str| Some(Audiences::OneOf(Box::new([name.into()])));
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![
            rule("ours", Access::Required),
            RuleSettings {
                audiences: audience("other"),
                ..rule("others", Access::Required)
            },
            RuleSettings {
                audiences: Some(Audiences::Any),
                ..rule("anybodys", Access::Required)
            },
            RuleSettings {
                issuers: Some(Box::new(["away".into()])),
                ..rule("aways", Access::Required)
            },
        ];
    });
    let ours = fixture.token(json!({}));
    let others = fixture.token(json!({ "aud": ["other"] }));
    let orders = [
        ["ours", "others", "anybodys", "aways"],
        ["aways", "anybodys", "others", "ours"],
    ];
    // In both orders and twice: what one rule says does not depend on which was asked before.
    for names in orders.iter().chain(&orders) {
        for name in names {
            let (of_ours, of_others) = match *name {
                "ours" => (Reason::Ok, Reason::AudienceMismatch),
                "others" => (Reason::AudienceMismatch, Reason::Ok),
                "anybodys" => (Reason::Ok, Reason::Ok),
                _ => (Reason::IssuerUnknown, Reason::IssuerUnknown),
            };
            assert_eq!(
                decide(&fixture, name, Some(&ours)).reason,
                of_ours,
                "{name}"
            );
            assert_eq!(
                decide(&fixture, name, Some(&others)).reason,
                of_others,
                "{name}"
            );
        }
    }
}

#[test]
fn an_issuer_that_a_rule_does_not_take_comes_before_the_time() {
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![
            rule("ours", Access::Required),
            RuleSettings {
                issuers: Some(Box::new(["away".into()])),
                ..rule("aways", Access::Required)
            },
        ];
    });
    let token = fixture.token(json!({}));
    assert_eq!(decide(&fixture, "ours", Some(&token)).reason, Reason::Ok);
    fixture.clock.set(UnixMillis::from_seconds(NOW + 3600));
    assert_eq!(
        decide(&fixture, "ours", Some(&token)).reason,
        Reason::TokenExpired
    );
    assert_eq!(
        decide(&fixture, "aways", Some(&token)).reason,
        Reason::IssuerUnknown
    );
}

#[test]
fn headers_of_every_rule_are_removed_where_another_rule_was_met() {
    let fixture = Fixture::with(|setup| {
        setup.beside.forward = header("x-user-id", "sub");
        setup.rules = vec![
            RuleSettings {
                forward: header("x-tenant", "tenant"),
                ..rule("tenants", Access::Required)
            },
            RuleSettings {
                forward: setup.beside.forward.clone(),
                ..rule("users", Access::Optional)
            },
        ];
    });
    let token = fixture.token(json!({ "tenant": "acme" }));
    let forwarded = |name: &str, token: Option<&str>| {
        let decision = decide(&fixture, name, token);
        let authorizer = fixture.gate.authorizer();
        let forwarded = &decision.judgement(&authorizer).forwarded;
        let set = forwarded
            .set
            .iter()
            .map(|(name, value)| json!([name.as_str(), value]));
        let absent = forwarded.absent.iter().map(|name| json!(name.as_str()));
        (set.collect::<Value>(), absent.collect::<Value>())
    };
    for _ in 0..2 {
        assert_eq!(
            forwarded("tenants", Some(&token)),
            (json!([["x-tenant", "acme"]]), json!(["x-user-id"]))
        );
        assert_eq!(
            forwarded("users", Some(&token)),
            (json!([["x-user-id", "alice"]]), json!(["x-tenant"]))
        );
        assert_eq!(
            forwarded("users", None),
            (json!([]), json!(["x-user-id", "x-tenant"]))
        );
    }
}

#[test]
fn more_rules_than_a_token_has_room_for_judge_it_all_the_same() {
    const RULES: usize = 40;
    let fixture = Fixture::with(|setup| {
        let rules = (0..RULES).map(|place| RuleSettings {
            forward: header("x-user-id", if place % 2 == 0 { "sub" } else { "iss" }),
            ..rule(&place.to_string(), Access::Required)
        });
        setup.rules = rules.collect();
    });
    let token = fixture.token(json!({}));
    for place in (0..RULES).chain((0..RULES).rev()) {
        let decision = decide(&fixture, &place.to_string(), Some(&token));
        let authorizer = fixture.gate.authorizer();
        let value = &decision.judgement(&authorizer).forwarded.set[0].1;
        let expected = if place % 2 == 0 {
            "alice"
        } else {
            "https://idp/"
        };
        assert_eq!(
            (decision.reason, &**value),
            (Reason::Ok, expected),
            "{place}"
        );
    }
}

#[test]
fn the_first_rule_that_matches_counts_and_no_match_is_a_refusal() {
    let paths = |patterns: &[&str]| Match {
        paths: patterns
            .iter()
            .map(|it| it.parse().expect("a pattern"))
            .collect(),
        ..Match::default()
    };
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![
            RuleSettings {
                matches: paths(&["/health", "/public/**"]),
                ..rule("open", Access::Public)
            },
            RuleSettings {
                matches: paths(&["/admin/**"]),
                ..rule("closed", Access::Denied)
            },
            RuleSettings {
                matches: paths(&["/orders/{id}"]),
                ..rule("orders", Access::Required)
            },
        ];
    });
    for (target, name, expected) in [
        ("/health?full=1", Some("open"), Reason::OkPublic),
        ("/public/../admin/x", Some("closed"), Reason::RuleDenied),
        ("/%61dmin", Some("closed"), Reason::RuleDenied),
        ("/admin;v=1", None, Reason::PathAmbiguous),
        ("/orders/1", Some("orders"), Reason::TokenMissing),
        ("/orders/", None, Reason::RuleUnmatched),
        ("/orders%2f1", None, Reason::PathAmbiguous),
        ("/", None, Reason::RuleUnmatched),
        ("", None, Reason::RuleUnmatched),
    ] {
        let asked = Asked {
            target,
            authorization: None,
        };
        let authorizer = fixture.gate.authorizer();
        let mut buffers = Buffers::default();
        let now = fixture.clock.now();
        let decision = authorizer.decide(&asked, None, now, &mut buffers, &Unmetered);
        assert_eq!(decision.reason, expected, "{target}");
        let settings = &authorizer.rule(&decision).settings;
        assert_eq!(settings.name.as_deref(), name, "{target}");
    }
}

#[test]
fn a_rule_judges_a_token_without_a_request() {
    let fixture = Fixture::with(|setup| {
        setup.rules = vec![rule("ours", Access::Required), rule("all", Access::Public)];
    });
    let token = fixture.token(json!({}));
    for (name, expected) in [("ours", Reason::Ok), ("all", Reason::OkPublic)] {
        let question = Question {
            token: token.as_bytes(),
            rule: Some(name),
            ..Question::default()
        };
        let authorizer = fixture.gate.authorizer();
        let mut buffers = Buffers::default();
        let now = fixture.clock.now();
        let decision =
            authorizer.verify(&question, None::<&Asked<'_>>, now, &mut buffers, &Unmetered);
        assert_eq!(decision.reason, expected, "{name}");
        let settings = &authorizer.rule(&decision).settings;
        assert_eq!(settings.name.as_deref(), Some(name));
    }
}

#[test]
fn the_anonymous_consumer_answers_where_a_rule_does_without_a_token() {
    let fixture = Fixture::with(|setup| {
        setup.anonymous_consumer = Some(Consumer::named("guest"));
        setup.rules = vec![rule("shop", Access::Optional), rule("open", Access::Public)];
    });
    let token = fixture.token(json!({}));
    for (name, token, consumer, anonymous) in [
        ("shop", None, Some("guest"), Some("true")),
        ("shop", Some(&*token), None, None),
        ("open", None, None, None),
    ] {
        let decision = decide(&fixture, name, token);
        let authorizer = fixture.gate.authorizer();
        assert_eq!(authorizer.consumer(&decision), consumer, "{name} {token:?}");
        let forwarded = &decision.judgement(&authorizer).forwarded;
        let value = |name| {
            let found = forwarded.set.iter().find(|(set, _)| set == name);
            found.map(|(_, value)| &**value)
        };
        assert_eq!(value("x-consumer-username"), consumer, "{name} {token:?}");
        assert_eq!(value("x-anonymous-consumer"), anonymous, "{name} {token:?}");
        assert_eq!(forwarded.set.len() + forwarded.absent.len(), 5);
    }
}
