//! A worker's own copies of the tokens that it sees again and again.
//!
//! The cache that all workers share costs each hit a lock-free walk and a count of references that
//! every core writes. A few tokens make most of the hits, so each worker keeps those for itself: a
//! table without collisions to resolve, found by the tail of the signature, compared in full. What
//! it holds is a copy in every part, lest workers meet in a count of references after all.
//!
//! It is only ever a short cut: an entry ends after [`FRONT_LIFETIME`], so that the shared cache goes
//! on to learn which tokens are in use, and its limits hold.

use std::fmt;
use std::sync::Arc;

use super::{TokenCache, VerifiedToken};
use crate::limits::{FRONT_ENTRY_BYTES, FRONT_LIFETIME, FRONT_SLOTS};
use crate::rules::RuleId;
use crate::time::UnixMillis;

/// The table of one worker.
#[derive(Default)]
pub struct Front {
    /// Which cache the copies are of.
    cache: Option<u64>,
    /// Empty until something is kept: most threads of a process never judge a token.
    slots: Box<[Slot]>,
}

#[derive(Default)]
struct Slot {
    /// The tail of the token that was here last. One that comes twice in a row is worth a copy.
    candidate: u64,
    kept: Option<Kept>,
}

struct Kept {
    token: Box<[u8]>,
    verified: Arc<VerifiedToken>,
    from: UnixMillis,
}

impl Front {
    /// The token, under the same conditions as [`TokenCache::get`], if this rule has judged it.
    pub(crate) fn get(
        &self,
        cache: &TokenCache,
        token: &[u8],
        config_generation: u64,
        rule: RuleId,
        now: UnixMillis,
    ) -> Option<Arc<VerifiedToken>> {
        if self.cache != Some(cache.id()) {
            return None;
        }
        let kept = self
            .slots
            .get(place(tail(token), FRONT_SLOTS))?
            .kept
            .as_ref()?;
        let is_it = *kept.token == *token
            && kept.verified.is_current(config_generation)
            && kept.is_fresh(now);
        let judgements = is_it.then_some(&kept.verified.judgements)?;
        let judgement = judgements.find(rule)?;
        judgement.is_fresh(now).then(|| Arc::clone(&kept.verified))
    }

    /// Tells of a token that is in the cache. It is copied if it was the last one here, too.
    pub(crate) fn saw(
        &mut self,
        cache: &TokenCache,
        token: &[u8],
        verified: &VerifiedToken,
        now: UnixMillis,
    ) {
        if !cache.is_on() {
            return;
        }
        if self.cache != Some(cache.id()) {
            self.cache = Some(cache.id());
            self.slots = (0..FRONT_SLOTS).map(|_| Slot::default()).collect();
        }
        let tail = tail(token);
        let slot = &mut self.slots[place(tail, FRONT_SLOTS)];
        if slot.candidate == tail && verified.weight(token.len()) <= FRONT_ENTRY_BYTES {
            slot.kept = Some(Kept {
                token: token.into(),
                verified: Arc::new(verified.copy()),
                from: now,
            });
        }
        slot.candidate = tail;
    }
}

impl Kept {
    fn is_fresh(&self, now: UnixMillis) -> bool {
        // A clock that was set back ends it, too.
        self.from <= now && now < self.from.saturating_add(FRONT_LIFETIME)
    }
}

impl fmt::Debug for Front {
    /// Without tokens.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Front").finish_non_exhaustive()
    }
}

/// The end of the signature. Whoever chooses it can only make entries push each other out.
pub(super) fn tail(token: &[u8]) -> u64 {
    token
        .last_chunk()
        .map_or(0, |tail| u64::from_le_bytes(*tail))
}

/// Spreads the tail over the slots, whose count is a power of two: only six bits of each of its bytes
/// differ (Fibonacci hashing).
pub(super) fn place(tail: u64, slots: usize) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    (tail.wrapping_mul(GOLDEN) >> (u64::BITS - slots.ilog2())) as usize
}

const _: () = assert!(FRONT_SLOTS.is_power_of_two());
