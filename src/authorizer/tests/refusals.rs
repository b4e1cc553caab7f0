//! What a worker remembers to have refused must never outlive what made it wrong.

use serde_json::json;

use super::{Asked, rule};
use crate::authorizer::{Buffers, Unmetered};
use crate::fixture::{Fixture, NOW};
use crate::keys::{Completeness, KeySet};
use crate::reason::Reason;
use crate::rules::{Access, RuleSettings};
use crate::time::{Clock as _, UnixMillis};

/// With a rule that takes no tokens of the only issuer that has keys, and one that does.
fn fixture() -> Fixture {
    Fixture::with(|setup| {
        setup.rules = vec![
            RuleSettings {
                issuers: Some(["away".into()].into()),
                ..rule("picky", Access::Required)
            },
            rule("other", Access::Required),
        ];
    })
}

/// Often enough for a worker to remember.
fn decide_often(fixture: &Fixture, rule: &str, token: &str, buffers: &mut Buffers) -> Reason {
    let authorization = format!("Bearer {token}");
    let request = Asked {
        target: "/",
        authorization: Some(&authorization),
    };
    let now = fixture.clock.now();
    let authorizer = fixture.gate.authorizer();
    let mut decide = || {
        let decision = authorizer.decide(&request, Some(rule), now, buffers, &Unmetered);
        decision.reason
    };
    let reasons = [(); 4].map(|()| decide());
    assert_eq!(reasons, [reasons[0]; 4]);
    reasons[0]
}

#[test]
fn another_rule_judges_for_itself() {
    let (fixture, mut buffers) = (fixture(), Buffers::default());
    let token = fixture.token(json!({}));
    for (rule, reason) in [
        ("picky", Reason::IssuerUnknown),
        ("other", Reason::Ok),
        ("picky", Reason::IssuerUnknown),
        ("other", Reason::Ok),
    ] {
        assert_eq!(decide_often(&fixture, rule, &token, &mut buffers), reason);
    }
}

#[test]
fn a_key_that_comes_lets_pass_what_was_refused_for_want_of_it() {
    let (fixture, mut buffers) = (fixture(), Buffers::default());
    let token = fixture.token(json!({}));
    let keys = fixture.store.load().keys().to_vec();
    let publish = |keys| {
        fixture
            .store
            .publish(KeySet::new(keys, Completeness::Complete));
    };
    for (keys, reason) in [(Vec::new(), Reason::KeyUnknown), (keys, Reason::Ok)] {
        publish(keys);
        assert_eq!(
            decide_often(&fixture, "other", &token, &mut buffers),
            reason
        );
    }
}

#[test]
fn a_token_passes_when_its_time_has_come() {
    let (fixture, mut buffers) = (fixture(), Buffers::default());
    let token = fixture.token(json!({ "nbf": NOW + 30 }));
    for (now, reason) in [
        (NOW, Reason::TokenNotYetValid),
        (NOW + 30, Reason::Ok),
        (NOW + 90, Reason::TokenExpired),
    ] {
        fixture.clock.set(UnixMillis::from_seconds(now));
        assert_eq!(
            decide_often(&fixture, "other", &token, &mut buffers),
            reason
        );
    }
}

#[test]
fn what_one_gate_refuses_another_in_the_same_thread_need_not() {
    let mut buffers = Buffers::default();
    let narrow = Fixture::with(|setup| {
        setup.rules = vec![RuleSettings {
            issuers: Some(["away".into()].into()),
            ..rule("one", Access::Required)
        }];
    });
    let wide = Fixture::with(|setup| setup.rules = vec![rule("one", Access::Required)]);
    let token = wide.token(json!({}));
    for (fixture, reason) in [
        (&narrow, Reason::IssuerUnknown),
        (&wide, Reason::Ok),
        (&narrow, Reason::IssuerUnknown),
    ] {
        assert_eq!(decide_often(fixture, "one", &token, &mut buffers), reason);
    }
}
