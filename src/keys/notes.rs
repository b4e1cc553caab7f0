//! The notes that requests leave of what was missing, and the flag beside them.
//!
//! Nothing but atomics, from `super`: `tests/model.rs` compiles this file with others, and tries
//! every order in which threads may see what happens at the same time.

use super::atomic::{AtomicBool, AtomicU64, Ordering};

/// On cache lines of their own: good tokens read what stands beside them.
#[repr(align(128))]
pub(super) struct Notes<const PLACES: usize> {
    noted: [AtomicU64; PLACES],
    is_raised: AtomicBool,
}

impl<const PLACES: usize> Notes<PLACES> {
    pub(super) fn new() -> Self {
        Self {
            noted: std::array::from_fn(|_| AtomicU64::new(NOTHING)),
            is_raised: AtomicBool::new(false),
        }
    }

    /// Leaves a note and raises the flag. Whether it was down, so that somebody is to be woken.
    ///
    /// Whoever finds it up leaves the waking to the one who raised it, so it must not be an old one
    /// that he sees: a flag that was lowered before the note was left has to look so.
    pub(super) fn raise(&self, number: u64) -> bool {
        self.note(number);
        // Read first: under a flood the flag is up, and a write would take its cache line from all
        // other workers.
        !self.is_raised.load(Ordering::Relaxed) && !self.is_raised.swap(true, Ordering::AcqRel)
    }

    /// Lowers the flag; whether it was up.
    pub(super) fn lower(&self) -> bool {
        self.is_raised.swap(false, Ordering::AcqRel)
    }

    /// Lowers the flag and takes the notes; none is left.
    pub(super) fn take(&self) -> Vec<u64> {
        // In this order: a note that is left in between raises the flag again.
        self.lower();
        let taken = self.noted.iter();
        let taken = taken.map(|place| place.swap(NOTHING, Ordering::AcqRel));
        taken.filter(|number| *number != NOTHING).collect()
    }

    /// Takes the notes and leaves those that are `still_open`, with the flag up if there are any;
    /// whether there are.
    pub(super) fn settle(&self, still_open: impl FnOnce(Vec<u64>) -> Vec<u64>) -> bool {
        let open = still_open(self.take());
        for number in &open {
            self.note(*number);
        }
        if !open.is_empty() {
            self.is_raised.store(true, Ordering::Release);
        }
        !open.is_empty()
    }

    /// Leaves a note. Whatever was in its place is forgotten.
    ///
    /// A swap and no store, although nobody wants the old note: it waits for the swap of
    /// [`Notes::take`], and so what comes after it sees the flag that was lowered before that.
    fn note(&self, number: u64) {
        let place = number % PLACES as u64;
        // A number below the length of the array.
        self.noted[place as usize].swap(number, Ordering::AcqRel);
    }
}

/// What stands in a place without a note.
pub(super) const NOTHING: u64 = 0;
