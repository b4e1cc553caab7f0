//! Where an issuer's keys are published, and where a request raises its flag.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

use super::set::{Completeness, Key, KeySet};

/// The current keys of one issuer. Read by every request, written by the refreshers.
pub struct KeyStore {
    set: ArcSwap<KeySet>,
    missed: AtomicBool,
    on_miss: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl KeyStore {
    /// Nothing has been loaded yet: every token is `keys_unavailable`.
    #[must_use]
    pub fn loading() -> Self {
        Self::with(KeySet::new(Vec::new(), Completeness::Loading))
    }

    /// Keys that are all there is.
    #[must_use]
    pub fn fixed(keys: Vec<Key>) -> Self {
        let keys = keys.into_iter().map(Arc::new).collect();
        Self::with(KeySet::new(keys, Completeness::Complete))
    }

    /// The current set. Load it once a token; do not hold it across an `.await`.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<KeySet>> {
        self.set.load()
    }

    /// From here on every request sees `set`.
    pub fn publish(&self, set: KeySet) {
        self.set.store(Arc::new(set));
    }

    /// Says that a key was missing. All a request may do: no lock, no wait, and only the first
    /// flag since [`KeyStore::take_miss`] wakes anybody.
    pub fn raise_miss(&self) {
        if !self.missed.swap(true, Ordering::AcqRel)
            && let Some(wake) = self.on_miss.get()
        {
            wake();
        }
    }

    /// Whether the flag was raised; lowers it.
    pub fn take_miss(&self) -> bool {
        self.missed.swap(false, Ordering::AcqRel)
    }

    /// Sets what the first raised flag calls. It must not block. Only the first call counts.
    pub fn on_miss(&self, wake: impl Fn() + Send + Sync + 'static) {
        // Set once by the refresher that owns the store; a second owner would be a bug there.
        let _ = self.on_miss.set(Box::new(wake));
    }

    fn with(set: KeySet) -> Self {
        Self {
            set: ArcSwap::from_pointee(set),
            missed: AtomicBool::new(false),
            on_miss: OnceLock::new(),
        }
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyStore")
            .field("set", &self.set.load())
            .finish_non_exhaustive()
    }
}
