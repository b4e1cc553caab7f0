//! The public keys for those who verify in this process: the key source `own`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;

/// The published key set, and who is told when it changes. Clones are the same.
#[derive(Clone, Default)]
pub struct OwnKeys(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// The key set as it is published; nothing before there is one.
    key_set: Option<Bytes>,
    listeners: Vec<Weak<Listener>>,
}

type Listener = dyn Fn(&[u8]) + Send + Sync;

/// Hears of every change until it is dropped.
pub struct Follower(Arc<Listener>);

impl OwnKeys {
    /// Calls `listen` with the key set now, if there is one, and whenever it changes, before a
    /// token is signed with a key that is new in it. `listen` must not block.
    pub fn follow(&self, listen: impl Fn(&[u8]) + Send + Sync + 'static) -> Follower {
        let listener: Arc<Listener> = Arc::new(listen);
        let mut inner = self.inner();
        if let Some(key_set) = &inner.key_set {
            listener(key_set);
        }
        inner.listeners.push(Arc::downgrade(&listener));
        Follower(listener)
    }

    /// Tells everybody.
    pub(super) fn publish(&self, key_set: Option<Bytes>) {
        let mut inner = self.inner();
        if inner.key_set == key_set {
            return;
        }
        inner.key_set = key_set;
        let Inner { key_set, listeners } = &mut *inner;
        listeners.retain(|listener| {
            let listener = listener.upgrade();
            if let (Some(listener), Some(key_set)) = (&listener, key_set.as_ref()) {
                listener(key_set);
            }
            listener.is_some()
        });
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnKeys").finish_non_exhaustive()
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = Arc::strong_count(&self.0);
        formatter.debug_tuple("Follower").field(&listeners).finish()
    }
}
