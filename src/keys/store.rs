//! Where an issuer's keys are published, and where a request raises its flag.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

use super::misses::{Misses, Wanted, WantedSet};
use super::set::{Completeness, Key, KeySet};
use crate::signature::Algorithm;

/// The current keys of one issuer. Read by every request, written by the refreshers.
pub struct KeyStore {
    set: ArcSwap<KeySet>,
    /// Keys that were looked for and are not there: nobody looks again because of them. Read only
    /// where a key is not in the set.
    absent: ArcSwap<WantedSet>,
    misses: Misses,
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

    /// From here on every request sees `set`, and no key is known to be absent.
    pub fn publish(&self, set: KeySet) {
        self.set.store(Arc::new(set));
        self.absent.store(Arc::default());
    }

    /// From here on a miss of one of `absent` raises no flag. What was published before is
    /// forgotten. The caller bounds how many there are and for how long.
    pub fn publish_absent(&self, absent: impl IntoIterator<Item = Wanted>) {
        self.absent.store(Arc::new(WantedSet::new(absent)));
    }

    /// Says that a key was missing: a note of which, and a flag. All a request may do: no lock, no
    /// wait, and only the first flag since [`KeyStore::take_misses`] wakes anybody. A key that is
    /// known to be absent does not even that.
    pub fn raise_miss(&self, id: Option<&str>, algorithm: Algorithm) {
        let wanted = self.misses.wanted(id, algorithm);
        if self.absent.load().contains(wanted) {
            return;
        }
        if self.misses.raise(wanted)
            && let Some(wake) = self.on_miss.get()
        {
            wake();
        }
    }

    /// Whether the flag was raised; lowers it.
    pub fn take_miss(&self) -> bool {
        self.misses.lower()
    }

    /// Lowers the flag and takes the notes of the keys that were missing.
    pub fn take_misses(&self) -> Vec<Wanted> {
        self.misses.take()
    }

    /// Lowers the flag again if everything that was missing since [`KeyStore::take_misses`] has
    /// its answer by now: it is in the set, or known to be absent. Returns whether it stays up.
    pub fn settle_misses(&self) -> bool {
        self.misses.settle(|missed| {
            let (present, absent) = (self.present(), self.absent.load());
            let is_open =
                |wanted: &&Wanted| !absent.contains(**wanted) && !present.contains(**wanted);
            missed.iter().filter(is_open).copied().collect()
        })
    }

    /// Sets what the first raised flag calls. It must not block. Only the first call counts.
    pub fn on_miss(&self, wake: impl Fn() + Send + Sync + 'static) {
        // Set once by the refresher that owns the store; a second owner would be a bug there.
        let _ = self.on_miss.set(Box::new(wake));
    }

    /// What a token can ask for and get.
    fn present(&self) -> WantedSet {
        let set = self.set.load();
        let wanted = |key: &Arc<Key>| {
            let algorithm = key.algorithm();
            [key.id(), None].map(|id| self.misses.wanted(id, algorithm))
        };
        WantedSet::new(set.keys().iter().flat_map(wanted))
    }

    fn with(set: KeySet) -> Self {
        Self {
            set: ArcSwap::from_pointee(set),
            absent: ArcSwap::default(),
            misses: Misses::new(),
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

#[cfg(test)]
mod tests;
