//! What a worker remembers for itself must never outlive what made it true.

use std::sync::Arc;
use std::time::Duration;

use super::{Asked, rule};
use crate::authorizer::{Buffers, Decision, Unmetered};
use crate::fixture::{Fixture, NOW};
use crate::keys::{Completeness, KeySet};
use crate::limits::FRONT_LIFETIME;
use crate::reason::Reason;
use crate::rules::Access;
use crate::time::{Clock as _, UnixMillis};
use serde_json::json;

/// A worker that has seen one token often.
struct Worker {
    fixture: Fixture,
    buffers: Buffers,
    authorization: String,
}

impl Worker {
    fn new() -> Self {
        let fixture = Fixture::with(|setup| {
            setup.rules = vec![
                rule("one", Access::Required),
                rule("other", Access::Required),
            ];
        });
        let authorization = format!("Bearer {}", fixture.token(json!({})));
        let mut worker = Self {
            fixture,
            buffers: Buffers::default(),
            authorization,
        };
        // Fresh, from the shared cache, from the shared cache and copied, from the copy.
        let decisions = [(); 4].map(|()| worker.decide("one"));
        let tokens = decisions.map(|decision| decision.token.expect("good"));
        assert!(Arc::ptr_eq(&tokens[1], &tokens[2]));
        assert!(
            !Arc::ptr_eq(&tokens[2], &tokens[3]),
            "the worker has its own"
        );
        worker
    }

    fn decide(&mut self, rule: &str) -> Decision {
        let fixture = &self.fixture;
        decide(fixture, rule, &self.authorization, &mut self.buffers)
    }
}

fn decide(fixture: &Fixture, rule: &str, authorization: &str, buffers: &mut Buffers) -> Decision {
    let request = Asked {
        target: "/",
        authorization: Some(authorization),
    };
    let now = fixture.clock.now();
    let authorizer = fixture.gate.authorizer();
    authorizer.decide(&request, Some(rule), now, buffers, &Unmetered)
}

#[test]
fn a_token_whose_key_is_gone_is_not_taken_from_the_copy() {
    let mut worker = Worker::new();
    worker
        .fixture
        .store
        .publish(KeySet::new(Vec::new(), Completeness::Complete));
    assert_eq!(worker.decide("one").reason, Reason::KeyUnknown);
}

#[test]
fn a_token_that_has_expired_is_refused_though_there_is_a_copy() {
    let mut worker = Worker::new();
    // The lifetime of the copy is not over; the token's, with its leeway, is.
    let last = UnixMillis::from_seconds(NOW + 70).saturating_sub(Duration::from_millis(1));
    worker.fixture.clock.set(last);
    for _ in 0..4 {
        assert_eq!(worker.decide("one").reason, Reason::Ok);
    }
    worker.fixture.clock.set(UnixMillis::from_seconds(NOW + 70));
    assert_eq!(worker.decide("one").reason, Reason::TokenExpired);
}

#[test]
fn another_rule_judges_for_itself() {
    let mut worker = Worker::new();
    for _ in 0..4 {
        let decision = worker.decide("other");
        let token = decision.token.as_ref().expect("good");
        assert!(token.judgements.find(decision.rule).is_some());
    }
    assert_eq!(worker.decide("one").reason, Reason::Ok);
}

#[test]
fn a_copy_is_used_for_a_while_and_not_before_it_was_made() {
    let mut worker = Worker::new();
    let copy = worker.decide("one").token.expect("good");
    let at = |worker: &Worker, now| worker.fixture.clock.set(now);
    let made = UnixMillis::from_seconds(NOW);
    for (now, is_used) in [
        (made, true),
        (
            made.saturating_add(FRONT_LIFETIME)
                .saturating_sub(Duration::from_millis(1)),
            true,
        ),
        (made.saturating_sub(Duration::from_millis(1)), false),
    ] {
        at(&worker, now);
        let token = worker.decide("one").token.expect("good");
        assert_eq!(Arc::ptr_eq(&token, &copy), is_used, "{now:?}");
    }
    at(&worker, made.saturating_add(FRONT_LIFETIME));
    let token = worker.decide("one").token.expect("good");
    assert!(!Arc::ptr_eq(&token, &copy));
}

#[test]
fn what_one_gate_knows_another_in_the_same_thread_does_not() {
    let mut worker = Worker::new();
    // It trusts another key, and has the same generations.
    let stranger = Fixture::with(|setup| setup.rules = vec![rule("one", Access::Required)]);
    let decision = decide(&stranger, "one", &worker.authorization, &mut worker.buffers);
    assert_eq!(decision.reason, Reason::SignatureInvalid);
}
