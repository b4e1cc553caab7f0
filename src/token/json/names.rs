//! Finding a name that stands twice.

use super::{Malformed, Text};
use crate::limits::TOP_LEVEL_MEMBERS;

/// The names seen so far at the top level. A hash of each is compared first, all in one sweep.
pub(super) struct Names<'a> {
    hashes: [u32; TOP_LEVEL_MEMBERS],
    names: [Text<'a>; TOP_LEVEL_MEMBERS],
    len: usize,
}

impl<'a> Names<'a> {
    pub(super) const fn new() -> Self {
        Self {
            hashes: [0; TOP_LEVEL_MEMBERS],
            names: [Text { raw: "" }; TOP_LEVEL_MEMBERS],
            len: 0,
        }
    }

    pub(super) fn insert(&mut self, name: Text<'a>) -> Result<(), Malformed> {
        if self.len == TOP_LEVEL_MEMBERS {
            return Err(Malformed);
        }
        let hash = hash(name);
        let seen = self.hashes[..self.len].iter().zip(&self.names);
        for (seen_hash, seen_name) in seen {
            if *seen_hash == hash && *seen_name == name {
                return Err(Malformed);
            }
        }
        self.hashes[self.len] = hash;
        self.names[self.len] = name;
        self.len += 1;
        Ok(())
    }
}

/// FNV-1a over the characters, so that an escaped name has the hash of the plain one. Collisions
/// cost a comparison, no more: the number of names is bounded.
fn hash(name: Text<'_>) -> u32 {
    let step = |hash: u32, code: u32| (hash ^ code).wrapping_mul(0x0100_0193);
    name.chars().fold(0x811C_9DC5, |hash, character| {
        step(hash, u32::from(character))
    })
}
