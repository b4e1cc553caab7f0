//! Tokens that were verified before, by their exact bytes.
//!
//! Only successes are kept here; what is refused again and again each worker remembers for itself
//! ([`Refusals`]). What an entry says about keys and configuration holds as long as their
//! generations do, and its times are checked again on every hit: the cache saves a signature, it
//! never decides. A full comparison of the bytes ends every look-up, so no digest is needed; the
//! hash is seeded at random.

mod front;
mod judgement;
mod refusals;
mod slots;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use foldhash::quality::RandomState;
use moka::Expiry;
use moka::sync::Cache;

pub use front::Front;
pub use judgement::{Judgement, Judgements};
pub use refusals::Refusals;
pub(crate) use refusals::Under;

use crate::limits::{CACHE_BYTES, CACHE_ENTRY_BYTES, CACHE_TTL};
use crate::verify::{SignedBy, Times};

/// `cache` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Room for tokens and what was made of them; 0 turns the cache off.
    pub max_bytes: u64,
    /// How long a token stays at most.
    pub ttl: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            max_bytes: CACHE_BYTES,
            ttl: CACHE_TTL,
        }
    }
}

/// A token that was verified, with everything an answer needs, owned.
pub struct VerifiedToken {
    /// Who signed it.
    pub signer: SignedBy,
    /// `kid` of the key that verified it.
    pub key_id: Option<Box<str>>,
    /// When it is valid.
    pub times: Times,
    /// `sub`.
    pub subject: Option<Box<str>>,
    /// The payload, byte for byte: one strict JSON object.
    pub payload: Bytes,
    /// The JOSE header, one strict JSON object too.
    pub header: Bytes,
    /// The generation of the keys it was verified with.
    pub keys_generation: u64,
    /// The generation of the configuration it was verified under.
    pub config_generation: u64,
    /// What rules made of it.
    pub judgements: Judgements,
}

impl VerifiedToken {
    /// The same token, of which no rule has made anything.
    #[must_use]
    pub fn unjudged(&self) -> Self {
        Self {
            signer: self.signer.clone(),
            key_id: self.key_id.clone(),
            times: self.times,
            subject: self.subject.clone(),
            payload: self.payload.clone(),
            header: self.header.clone(),
            keys_generation: self.keys_generation,
            config_generation: self.config_generation,
            judgements: Judgements::default(),
        }
    }

    /// The same token with the judgements, sharing nothing that is counted.
    fn copy(&self) -> Self {
        Self {
            payload: Bytes::copy_from_slice(&self.payload),
            header: Bytes::copy_from_slice(&self.header),
            judgements: self.judgements.clone(),
            ..self.unjudged()
        }
    }

    /// Whether it was verified under this configuration and its issuer's keys are still the same.
    fn is_current(&self, config_generation: u64) -> bool {
        self.config_generation == config_generation
            && self.signer.keys_generation() == self.keys_generation
    }

    /// Roughly the bytes that it and its key in the cache keep.
    fn weight(&self, token_bytes: usize) -> u32 {
        let judged = |judgement: &Judgement| {
            let set = judgement.forwarded.set.iter();
            let forwarded: usize = set.map(|(_, value)| value.len() + 64).sum();
            // The prepared answer repeats what is forwarded, and the metadata the payload.
            CACHE_ENTRY_BYTES / 2 + 2 * self.payload.len() + 2 * forwarded
        };
        let judged: usize = self.judgements.iter().map(judged).sum();
        let bytes = CACHE_ENTRY_BYTES / 2 + token_bytes + self.payload.len() + judged;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Claims stay out of logs.
        write!(formatter, "VerifiedToken({})", self.signer.name())
    }
}

/// The tokens.
#[derive(Clone, Debug)]
pub struct TokenCache {
    /// Tells it from every other one in the process; the same for all handles to it.
    id: u64,
    settings: CacheSettings,
    entries: Option<Cache<Box<[u8]>, Arc<VerifiedToken>, RandomState>>,
}

impl TokenCache {
    /// An empty cache.
    #[must_use]
    #[expect(
        clippy::borrowed_box,
        reason = "moka hands out references to the key's type"
    )]
    pub fn new(settings: CacheSettings) -> Self {
        static CACHES: AtomicU64 = AtomicU64::new(0);
        let entries = (settings.max_bytes > 0).then(|| {
            Cache::builder()
                .max_capacity(settings.max_bytes)
                .weigher(|token: &Box<[u8]>, verified: &Arc<VerifiedToken>| {
                    verified.weight(token.len())
                })
                .expire_after(Lifetime(settings.ttl))
                .build_with_hasher(RandomState::default())
        });
        Self {
            id: CACHES.fetch_add(1, Ordering::Relaxed),
            settings,
            entries,
        }
    }

    /// What it was built with.
    #[must_use]
    pub const fn settings(&self) -> CacheSettings {
        self.settings
    }

    const fn id(&self) -> u64 {
        self.id
    }

    const fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// The token, if it was verified under this configuration and its issuer's keys are still the
    /// same. Its times are the caller's to check.
    #[must_use]
    pub fn get(&self, token: &[u8], config_generation: u64) -> Option<Arc<VerifiedToken>> {
        let verified = self.entries.as_ref()?.get(token)?;
        verified.is_current(config_generation).then_some(verified)
    }

    /// Keeps `verified` as what `token` is. To be called again when more is known of it: it grew.
    pub fn insert(&self, token: &[u8], verified: Arc<VerifiedToken>) {
        if let Some(entries) = &self.entries {
            entries.insert(token.into(), verified);
        }
    }

    /// How many tokens there are, and their bytes. Eventually right: for metrics.
    #[must_use]
    pub fn fill(&self) -> (u64, u64) {
        self.entries.as_ref().map_or((0, 0), |entries| {
            (entries.entry_count(), entries.weighted_size())
        })
    }

    /// Lets the cache do its housekeeping now, so that [`TokenCache::fill`] is right.
    pub fn settle(&self) {
        if let Some(entries) = &self.entries {
            entries.run_pending_tasks();
        }
    }
}

/// How long a token stays from the time it was first kept, however often it is kept again.
struct Lifetime(Duration);

impl<K, V> Expiry<K, V> for Lifetime {
    fn expire_after_create(&self, _: &K, _: &V, _: Instant) -> Option<Duration> {
        Some(self.0)
    }
}
