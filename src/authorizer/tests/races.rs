//! Workers that judge while keys change: what a publication took away is gone for everybody who
//! looks after it, whatever was verified or kept meanwhile.
//!
//! The swap itself is arc-swap's, which cannot be run under a model checker; so real threads run
//! against each other, a bounded number of times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use super::{Fixture, Reason, decide, rule};
use crate::keys::{Completeness, Key, KeySet};
use crate::rules::Access;
use crate::signature::{Algorithm, SigningKey};

#[test]
fn a_token_whose_key_is_gone_is_refused_from_the_publication_on_whatever_the_cache_holds() {
    let fixture = Fixture::with(|setup| setup.rules = vec![rule("a", Access::Required)]);
    let token = fixture.token(json!({}));
    let mine = fixture.store.load().keys().to_vec();
    let other = SigningKey::generate(Algorithm::Ed25519).expect("generated");
    let other = Key::new(
        None,
        "other".to_owned(),
        other.verifying_key().expect("public"),
    );
    let other = vec![Arc::new(other)];
    let publish = |keys: &[Arc<Key>]| {
        fixture
            .store
            .publish(KeySet::new(keys.to_vec(), Completeness::Complete));
    };
    let judge = || decide(&fixture, "a", Some(&token)).reason;
    let (is_over, judged) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // Either way, and nothing else.
                    let reason = judge();
                    assert!(is_one_of_two(reason), "{reason:?}");
                    judged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..ROUNDS {
            publish(&other);
            for _ in 0..LOOKS {
                assert_ne!(judge(), Reason::Ok, "its key is gone");
            }
            publish(&mine);
            for _ in 0..LOOKS {
                assert_eq!(judge(), Reason::Ok, "its key is back");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(judged.load(Ordering::Relaxed) > 0);
}

/// A miss that is raised while another is answered is not lost: once everybody is still, what was
/// never answered has its flag up, or leaves its note when it is missed again.
#[test]
fn a_miss_is_answered_or_seen_again_whatever_happens_at_the_same_time() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            scope.spawn(move || {
                for round in 0..ROUNDS * LOOKS {
                    let id = format!("{worker}-{}", round % 7);
                    store.raise_miss(Some(&id), Algorithm::Ed25519);
                }
            });
        }
        for _ in 0..ROUNDS {
            store.take_misses();
            store.settle_misses();
        }
    });
    store.raise_miss(Some("the last"), Algorithm::Ed25519);
    assert!(store.settle_misses(), "it has no answer");
    let open = store.take_misses();
    assert!(!open.is_empty());
    // Their answer lowers the flag for good.
    store.publish_absent(open);
    store.raise_miss(Some("the last"), Algorithm::Ed25519);
    assert!(!store.take_miss());
}

fn is_one_of_two(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Ok | Reason::SignatureInvalid | Reason::KeyUnknown
    )
}

const WORKERS: usize = 3;
const ROUNDS: usize = 100;
const LOOKS: usize = 5;
