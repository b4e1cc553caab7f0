//! Keys that tokens asked for in vain: what requests leave for the refresher, and what it lets
//! them know in return.
//!
//! Clients choose the ids, so nothing here grows with them, and a request neither locks, waits nor
//! allocates.

use std::hash::BuildHasher as _;

use super::notes::{NOTHING, Notes};
use crate::limits::KEY_MISSES_NOTED;
use crate::signature::Algorithm;

/// A key that a token asked for by its `kid` and `alg`, as a number that means nothing outside of
/// its store. The ids themselves are long, and one who does not know the store's seed cannot make
/// two that are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted(u64);

impl Wanted {
    /// For whoever has a number and no store; 0 counts as 1.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(if number == NOTHING { 1 } else { number })
    }
}

/// The keys that were asked for in vain of late. When there are too many, some are forgotten:
/// then they are looked for like new ones, at most once in a `min_interval` as ever.
pub(super) struct Misses {
    seed: foldhash::quality::RandomState,
    notes: Notes<KEY_MISSES_NOTED>,
}

impl Misses {
    pub(super) fn new() -> Self {
        Self {
            seed: foldhash::quality::RandomState::default(),
            notes: Notes::new(),
        }
    }

    /// The number of a key.
    pub(super) fn wanted(&self, id: Option<&str>, algorithm: Algorithm) -> Wanted {
        Wanted::from_number(self.seed.hash_one((id, algorithm.index())))
    }

    /// Leaves a note and raises the flag; whether it was down.
    pub(super) fn raise(&self, wanted: Wanted) -> bool {
        self.notes.raise(wanted.0)
    }

    /// Lowers the flag; whether it was up.
    pub(super) fn lower(&self) -> bool {
        self.notes.lower()
    }

    /// Lowers the flag and takes the notes; none is left.
    pub(super) fn take(&self) -> Vec<Wanted> {
        self.notes.take().into_iter().map(Wanted).collect()
    }

    /// Forgets what is not `still_open`, and lowers the flag if nothing is; whether it stays up.
    pub(super) fn settle(&self, still_open: impl FnOnce(&[Wanted]) -> Vec<Wanted>) -> bool {
        self.notes.settle(|missed| {
            let missed: Vec<Wanted> = missed.into_iter().map(Wanted).collect();
            still_open(&missed).into_iter().map(|it| it.0).collect()
        })
    }
}

/// Keys by their numbers. Immutable.
#[derive(Debug, Default)]
pub(super) struct WantedSet(Box<[Wanted]>);

impl WantedSet {
    pub(super) fn new(wanted: impl IntoIterator<Item = Wanted>) -> Self {
        let mut wanted: Vec<Wanted> = wanted.into_iter().collect();
        wanted.sort_unstable();
        Self(wanted.into())
    }

    pub(super) fn contains(&self, wanted: Wanted) -> bool {
        self.0.binary_search(&wanted).is_ok()
    }
}
