//! A worker's own copies of the tokens that it sees again and again.
//!
//! The cache that all workers share costs each hit a lock-free walk and a count of references that
//! every core writes. A few tokens make most of the hits, so each worker keeps those for itself. What
//! it holds is a copy in every part, lest workers meet in a count of references after all.
//!
//! It is only ever a short cut: an entry ends after [`FRONT_LIFETIME`], so that the shared cache goes
//! on to learn which tokens are in use, and its limits hold.

use std::fmt;
use std::sync::Arc;

use super::slots::Slots;
use super::{TokenCache, VerifiedToken};
use crate::limits::{FRONT_ENTRY_BYTES, FRONT_LIFETIME, FRONT_SLOTS};
use crate::rules::RuleId;
use crate::time::UnixMillis;

/// The table of one worker.
#[derive(Default)]
pub struct Front {
    /// Which cache the copies are of.
    cache: Option<u64>,
    slots: Slots<Kept, FRONT_SLOTS>,
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
        let kept = self.slots.get(token)?;
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
            self.slots = Slots::default();
        }
        self.slots.saw(token, || {
            (verified.weight(token.len()) <= FRONT_ENTRY_BYTES).then(|| Kept {
                token: token.into(),
                verified: Arc::new(verified.copy()),
                from: now,
            })
        });
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
