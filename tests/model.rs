//! What requests and the refresher of keys do to the notes of missing keys at the same time, under a
//! model checker: in every order, and with every value that the memory model lets a thread see.
//!
//! The swaps of key sets are arc-swap's and the cache is moka's, neither of which can be run so; real
//! threads race there, in `src/authorizer/tests/races.rs`.

use loom::sync::Arc;
use loom::thread;

#[path = "../src/keys/notes.rs"]
mod notes;

/// What stands for the atomics of the library.
mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}

use notes::Notes;

#[test]
fn a_miss_beside_a_fetch_is_looked_for_by_it_or_by_another() {
    loom::model(|| {
        let notes = store_with(ANSWERED);
        let worker = raises(&notes, OTHER);
        // The fetch begins; it will bring what was answered.
        let looked_for = notes.take();
        let goes_on = notes.settle(without_the_answered);
        worker.join().expect("it only leaves a note");
        let is_up = notes.lower();
        assert!(
            looked_for.contains(&OTHER) || goes_on || is_up,
            "a note without a flag: nobody comes for it"
        );
    });
}

#[test]
fn a_note_that_is_left_over_has_its_flag_up() {
    loom::model(|| {
        let notes = store_with(ANSWERED);
        let worker = raises(&notes, OTHER);
        let taken = notes.take();
        worker.join().expect("it only leaves a note");
        let is_up = notes.lower();
        let left = notes.take();
        assert!(taken.contains(&OTHER) != left.contains(&OTHER), "once");
        assert!(left.is_empty() || is_up);
    });
}

#[test]
fn the_refresher_is_woken_once_for_each_time_that_the_flag_goes_up() {
    loom::model(|| {
        let notes = Arc::new(Notes::new());
        let workers = [raises(&notes, OTHER), raises(&notes, ANSWERED)];
        let was_up = notes.lower();
        let woken = workers.map(|worker| worker.join().expect("it only leaves a note"));
        let times = woken.iter().filter(|woken| **woken).count();
        assert_eq!(times, usize::from(was_up) + usize::from(notes.lower()));
    });
}

#[test]
fn two_misses_in_one_place_leave_one_of_them_and_nothing_else() {
    loom::model(|| {
        let notes = Arc::new(Notes::new());
        let workers = [raises(&notes, OTHER), raises(&notes, IN_ITS_PLACE)];
        let early = notes.take();
        for worker in workers {
            worker.join().expect("it only leaves a note");
        }
        let late = notes.take();
        let taken: Vec<u64> = early.iter().chain(&late).copied().collect();
        assert!(!taken.is_empty() && early.len() <= 1 && late.len() <= 1);
        let is_one = |number: &u64| [OTHER, IN_ITS_PLACE].contains(number);
        assert!(taken.iter().all(is_one), "{taken:?}");
    });
}

/// Notes with this one, and the flag up.
fn store_with(number: u64) -> Arc<Notes<PLACES>> {
    let notes = Notes::new();
    assert!(notes.raise(number));
    Arc::new(notes)
}

/// A request that misses this; whether it wakes the refresher.
fn raises(notes: &Arc<Notes<PLACES>>, number: u64) -> thread::JoinHandle<bool> {
    let notes = Arc::clone(notes);
    thread::spawn(move || notes.raise(number))
}

fn without_the_answered(missed: Vec<u64>) -> Vec<u64> {
    let open = missed.into_iter().filter(|number| *number != ANSWERED);
    open.collect()
}

/// Few enough for every order to be tried.
const PLACES: usize = 2;
const ANSWERED: u64 = 1;
const OTHER: u64 = 2;
const IN_ITS_PLACE: u64 = OTHER + PLACES as u64;
