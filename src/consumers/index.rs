//! From a text to the place of its record: an open hash table that holds places only, because
//! the texts are in the records.

use foldhash::quality::RandomState;
use std::hash::BuildHasher;

use super::store::Place;

/// Places by their texts. The hash is seeded at random: who chooses the texts cannot choose where
/// they go.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of them, or none; at most three quarters are taken.
    slots: Vec<u32>,
    taken: usize,
    hasher: RandomState,
}

impl Index {
    /// The place of `text`, which is the one at which `text_at` says so.
    pub(super) fn find<'s>(
        &self,
        text: &[u8],
        text_at: impl Fn(Place) -> &'s [u8],
    ) -> Option<Place> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(text) & mask;
        // Ends at the latest at an empty slot, of which there always is one.
        loop {
            match self.slots[slot] {
                EMPTY => return None,
                place if text_at(Place(place)) == text => return Some(Place(place)),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Adds `place`, whose text is none of those that are there.
    pub(super) fn insert<'s>(&mut self, place: Place, text_at: impl Fn(Place) -> &'s [u8]) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            let slots = vec![EMPTY; (2 * self.slots.len()).max(SLOTS_MIN)];
            for place in std::mem::replace(&mut self.slots, slots) {
                if place != EMPTY {
                    self.take(place, text_at(Place(place)));
                }
            }
        }
        self.take(place.0, text_at(place));
        self.taken += 1;
    }

    /// The places of all of them, in no order.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let taken = self.slots.iter().filter(|place| **place != EMPTY);
        taken.map(|place| Place(*place))
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.taken
    }

    /// Bytes that it takes.
    pub(super) const fn bytes(&self) -> usize {
        self.slots.len() * size_of::<u32>()
    }

    fn take(&mut self, place: u32, text: &[u8]) {
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(text) & mask;
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = place;
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "any bits of a hash will do"
    )]
    fn hash(&self, text: &[u8]) -> usize {
        self.hasher.hash_one(text) as usize
    }
}

/// No record begins at the very end of the store.
const EMPTY: u32 = u32::MAX;
const SLOTS_MIN: usize = 16;
