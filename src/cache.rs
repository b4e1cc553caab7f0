//! Tokens that were verified before, by their exact bytes.

use std::time::Duration;

use crate::limits::{CACHE_BYTES, CACHE_TTL};

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
