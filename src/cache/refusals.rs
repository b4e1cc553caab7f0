//! A worker's memory of tokens that it refused for what they are.
//!
//! A client that is set up wrong sends the same token again and again, and it has to be read to its
//! end each time before it can be called what it is. What depends on the token and the configuration
//! alone is remembered, by the token's exact bytes; never what a key, a clock or the rest of the
//! request has a part in. Nothing here can let a token pass: it holds reasons to refuse, and no other.
//!
//! It is a table apart from [`Front`](super::Front), so that nobody pushes good tokens out by sending bad
//! ones.

use std::fmt;

use super::TokenCache;
use super::slots::Slots;
use crate::limits::{REFUSAL_BYTES, REFUSAL_SLOTS};
use crate::reason::Reason;
use crate::rules::RuleId;

/// The table of one worker.
#[derive(Default)]
pub struct Refusals {
    slots: Slots<Refused, REFUSAL_SLOTS>,
}

/// What a refusal holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Under {
    /// None if it is off: then nothing is remembered either.
    cache: Option<u64>,
    config_generation: u64,
    rule: RuleId,
}

struct Refused {
    token: Box<[u8]>,
    under: Under,
    reason: Reason,
}

impl Under {
    /// By this rule of this configuration.
    pub(crate) fn new(cache: &TokenCache, config_generation: u64, rule: RuleId) -> Self {
        Self {
            cache: cache.is_on().then(|| cache.id()),
            config_generation,
            rule,
        }
    }
}

impl Refusals {
    /// Why the token was refused, if it was the last time.
    pub(crate) fn get(&self, token: &[u8], under: Under) -> Option<Reason> {
        let kept = self.slots.get(token)?;
        (kept.under == under && *kept.token == *token).then_some(kept.reason)
    }

    /// Tells of a token that is refused. It is copied if it was the last one here, too.
    pub(crate) fn saw(&mut self, token: &[u8], under: Under, reason: Reason) {
        if !is_lasting(reason) || token.len() > REFUSAL_BYTES || under.cache.is_none() {
            return;
        }
        self.slots.saw(token, || {
            Some(Refused {
                token: token.into(),
                under,
                reason,
            })
        });
    }
}

/// Whether the same token is refused for the same reason as long as the configuration is the same:
/// neither keys nor time have a part in it.
const fn is_lasting(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::TokenMalformed
            | Reason::AlgNotAllowed
            | Reason::CritUnsupported
            | Reason::TypeNotAllowed
            | Reason::IssuerMissing
            | Reason::IssuerUnknown
            | Reason::ConsumerUnknown
    )
}

impl fmt::Debug for Refusals {
    /// Without tokens.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Refusals").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Reason, Refusals, RuleId, TokenCache, Under, is_lasting};
    use crate::cache::CacheSettings;
    use crate::limits::REFUSAL_BYTES;

    fn under(cache: &TokenCache, generation: u64) -> Under {
        Under::new(cache, generation, RuleId::BESIDE)
    }

    #[test]
    fn a_token_is_remembered_from_the_second_time_on_and_nothing_like_it() {
        let cache = TokenCache::new(CacheSettings::default());
        let (mut refusals, now) = (Refusals::default(), under(&cache, 1));
        let token = b"head.claims.the same tail";
        for is_known in [false, false, true] {
            let known = refusals.get(token, now);
            assert_eq!(known, is_known.then_some(Reason::IssuerUnknown));
            refusals.saw(token, now, Reason::IssuerUnknown);
        }
        assert_eq!(refusals.get(b"haed.claims.the same tail", now), None);
        assert_eq!(refusals.get(token, under(&cache, 2)), None);
        let other = TokenCache::new(CacheSettings::default());
        assert_eq!(refusals.get(token, under(&other, 1)), None);
    }

    #[test]
    fn what_keys_or_time_decide_is_not_remembered_nor_what_is_long() {
        let cache = TokenCache::new(CacheSettings::default());
        let (mut refusals, now) = (Refusals::default(), under(&cache, 1));
        for reason in Reason::ALL
            .into_iter()
            .filter(|reason| !is_lasting(*reason))
        {
            for _ in 0..3 {
                refusals.saw(b"a.b.c", now, reason);
            }
            assert_eq!(refusals.get(b"a.b.c", now), None, "{reason:?}");
        }
        for (len, is_kept) in [(REFUSAL_BYTES, true), (REFUSAL_BYTES + 1, false)] {
            let token = vec![b'x'; len];
            for _ in 0..2 {
                refusals.saw(&token, now, Reason::TokenMalformed);
            }
            assert_eq!(refusals.get(&token, now).is_some(), is_kept);
        }
    }

    #[test]
    fn nothing_is_remembered_where_the_cache_is_off() {
        let off = TokenCache::new(CacheSettings {
            max_bytes: 0,
            ttl: Duration::from_secs(1),
        });
        let (mut refusals, now) = (Refusals::default(), under(&off, 1));
        for _ in 0..3 {
            refusals.saw(b"a.b.c", now, Reason::TokenMalformed);
        }
        assert_eq!(refusals.get(b"a.b.c", now), None);
    }
}
