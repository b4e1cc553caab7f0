//! Finding a name that stands twice.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

use crate::limits::TOP_LEVEL_MEMBERS;

/// The names seen so far at the top level, as a few bits of the hash of each. It lies on the
/// stack and is cleared for every object, so it is small; keeping the names themselves would cost
/// more than reading most tokens.
pub(super) struct Names {
    /// A hash table with open addressing, of which half stays vacant.
    tags: [u8; SLOTS],
    len: usize,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is new.
    Never,
    /// Another name has the same bits: it is the same or, once in some hundred objects, is not.
    Perhaps,
    /// It is one more than there may be.
    TooMany,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            tags: [VACANT; SLOTS],
            len: 0,
        }
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, hash: u64) -> Seen {
        if self.len == TOP_LEVEL_MEMBERS {
            return Seen::TooMany;
        }
        self.len += 1;
        // Bits that do not choose the slot.
        let tag = ((hash >> 56) as u8).max(VACANT + 1);
        let mut slot = hash as usize % SLOTS;
        while self.tags[slot] != VACANT {
            if self.tags[slot] == tag {
                return Seen::Perhaps;
            }
            slot = (slot + 1) % SLOTS;
        }
        self.tags[slot] = tag;
        Seen::Never
    }
}

/// What the hashes start with, so that nobody can foretell them. One for the life of the process.
pub(super) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(TOP_LEVEL_MEMBERS))
}

const SLOTS: usize = 2 * TOP_LEVEL_MEMBERS;
const VACANT: u8 = 0;
