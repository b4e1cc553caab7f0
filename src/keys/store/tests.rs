use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::limits::KEY_MISSES_NOTED;
use crate::signature::SigningKey;

const ALGORITHM: Algorithm = Algorithm::Ed25519;

fn store() -> (Arc<KeyStore>, Arc<AtomicUsize>) {
    let store = Arc::new(KeyStore::fixed(Vec::new()));
    let wakes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&wakes);
    store.on_miss(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    (store, wakes)
}

/// One in which none of these keys pushes out the note of another. Which do is a matter of the seed.
fn store_with_room_for(ids: &[Option<&str>]) -> (Arc<KeyStore>, Arc<AtomicUsize>) {
    loop {
        let (store, wakes) = store();
        for id in ids {
            store.raise_miss(*id, ALGORITHM);
        }
        if store.take_misses().len() == ids.len() {
            return (store, wakes);
        }
    }
}

fn key(id: &str) -> Arc<Key> {
    let signing = SigningKey::generate(ALGORITHM).expect("generated");
    let verifying = signing.verifying_key().expect("public");
    Arc::new(Key::new(Some(id), id.to_owned(), verifying))
}

fn set(keys: &[&str]) -> KeySet {
    let keys = keys.iter().map(|id| key(id)).collect();
    KeySet::new(keys, Completeness::Complete)
}

#[test]
fn the_same_key_leaves_one_note_and_wakes_once() {
    let (store, wakes) = store();
    for _ in 0..1000 {
        store.raise_miss(Some("a"), ALGORITHM);
    }
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    assert_eq!(store.take_misses().len(), 1);
    assert_eq!(store.take_misses(), []);
    store.raise_miss(Some("a"), ALGORITHM);
    assert_eq!(wakes.load(Ordering::SeqCst), 2);
}

#[test]
fn kid_and_algorithm_together_make_a_key() {
    let (store, _) = store();
    let mut all = Vec::new();
    for id in [Some("a"), Some("b"), Some(""), None] {
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
            store.raise_miss(id, algorithm);
            let taken = store.take_misses();
            assert_eq!(taken.len(), 1);
            assert!(!all.contains(&taken[0]), "{id:?} {algorithm:?}");
            all.extend(taken);
        }
    }
}

#[test]
fn an_absent_key_raises_no_flag_until_it_is_forgotten_or_the_set_changes() {
    let (store, wakes) = store();
    let wakes = || wakes.load(Ordering::SeqCst);
    store.raise_miss(Some("a"), ALGORITHM);
    let absent = store.take_misses();
    for forget in [
        |store: &KeyStore| store.publish_absent([]),
        |store: &KeyStore| store.publish(set(&["other"])),
    ] {
        store.publish_absent(absent.iter().copied());
        let before = wakes();
        store.raise_miss(Some("a"), ALGORITHM);
        assert_eq!((wakes(), store.take_misses()), (before, Vec::new()));
        store.raise_miss(Some("b"), ALGORITHM);
        assert_eq!(wakes(), before + 1, "another key is none of its business");
        store.take_misses();
        forget(&store);
        store.raise_miss(Some("a"), ALGORITHM);
        assert_eq!((wakes(), store.take_misses()), (before + 2, absent.clone()));
    }
}

#[test]
fn misses_that_have_their_answer_lower_the_flag() {
    let ids = ["absent", "new", "unheard-of", "another"].map(Some);
    let (store, wakes) = store_with_room_for(&ids);
    store.raise_miss(Some("absent"), ALGORITHM);
    let absent = store.take_misses();
    for (missed, is_open) in [
        (vec![], false),
        (vec![Some("new")], false),
        (vec![None], false),
        (vec![Some("absent")], false),
        (vec![Some("new"), Some("absent"), Some("unheard-of")], true),
    ] {
        store.publish_absent([]);
        for id in &missed {
            store.raise_miss(*id, ALGORITHM);
        }
        store.publish(set(&["new"]));
        store.publish_absent(absent.iter().copied());
        assert_eq!(store.settle_misses(), is_open, "{missed:?}");
        let before = wakes.load(Ordering::SeqCst);
        store.raise_miss(Some("another"), ALGORITHM);
        let woken = wakes.load(Ordering::SeqCst) > before;
        assert_eq!(woken, !is_open, "a flag that is up wakes nobody");
        // What is open is still noted, beside the one that was just missed.
        assert_eq!(store.take_misses().len(), 1 + usize::from(is_open));
    }
}

#[test]
fn notes_are_bounded_whatever_is_missed_and_none_is_made_up() {
    let (store, _) = store();
    let ids: Vec<String> = (0..4).map(|thread| thread.to_string()).collect();
    let mut known = Vec::new();
    for id in &ids {
        for number in 0..5000 {
            store.raise_miss(Some(&format!("{id}-{number}")), ALGORITHM);
            known.extend(store.take_misses());
        }
    }
    known.sort_unstable();
    thread::scope(|scope| {
        for id in &ids {
            let store = &store;
            scope.spawn(move || {
                for number in 0..5000 {
                    store.raise_miss(Some(&format!("{id}-{number}")), ALGORITHM);
                }
            });
        }
        for _ in 0..100 {
            let taken = store.take_misses();
            assert!(taken.len() <= KEY_MISSES_NOTED);
            assert!(
                taken
                    .iter()
                    .all(|wanted| known.binary_search(wanted).is_ok())
            );
        }
    });
    store.raise_miss(Some("last"), ALGORITHM);
    assert!(!store.take_misses().is_empty());
}

#[test]
fn a_key_under_two_names_is_found_by_both_and_by_none() {
    let verifying = SigningKey::generate(ALGORITHM).expect("generated");
    let verifying = verifying.verifying_key().expect("public");
    let named = |id| Key::new(Some(id), "the same".to_owned(), verifying.clone());
    let store = KeyStore::fixed(vec![named("a"), named("b")]);
    let set = store.load();
    for id in [Some("a"), Some("b"), None] {
        let found = set.select(id, ALGORITHM).map(Iterator::count);
        assert_eq!(found, Ok(1), "{id:?}");
    }
}
