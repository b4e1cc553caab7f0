//! What one source of an issuer has delivered so far, and how the sources make one set.

use std::sync::Arc;
use std::time::Duration;

use super::source::Label;
use super::status::{KeysFrom, SourceStatus};
use crate::keys::{Completeness, Key, ParsedKeys, SkippedKeys};
use crate::limits::KEYS_PER_ID;
use crate::metrics::RefreshOutcome;
use crate::signature::KeyDefect;
use crate::time::UnixMillis;

/// What one source has delivered so far.
pub(super) struct Slot {
    pub(super) label: Label,
    pub(super) max_stale: Option<Duration>,
    pub(super) holding: Holding,
    pub(super) keys: Vec<Held>,
    pub(super) skipped: SkippedKeys,
    /// When the keys were last confirmed by their source.
    pub(super) confirmed_at: Option<UnixMillis>,
    pub(super) last: Option<Attempt>,
    pub(super) next_at: Option<UnixMillis>,
}

/// What a slot has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    /// Its keys were too old and are gone.
    Dropped,
    /// Its last good keys.
    Good(KeysFrom),
    /// Nothing yet.
    Nothing,
}

impl Holding {
    pub(super) const fn is_good(self) -> bool {
        match self {
            Self::Good(_) => true,
            Self::Dropped | Self::Nothing => false,
        }
    }
}

/// A key and since when its source has had it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) key: Arc<Key>,
    pub(super) since: UnixMillis,
}

/// How the last fetch ended.
pub(super) struct Attempt {
    pub(super) at: UnixMillis,
    pub(super) outcome: RefreshOutcome,
    pub(super) error: Option<String>,
}

impl Slot {
    /// Nothing yet.
    pub(super) fn new(label: Label, max_stale: Option<Duration>) -> Self {
        Self {
            label,
            max_stale,
            holding: Holding::Nothing,
            keys: Vec::new(),
            skipped: SkippedKeys::default(),
            confirmed_at: None,
            last: None,
            next_at: None,
        }
    }

    /// Takes a good set; keys that were there keep their age, and their identity for the caches.
    pub(super) fn replace(
        &mut self,
        parsed: ParsedKeys,
        from: KeysFrom,
        at: UnixMillis,
    ) -> RefreshOutcome {
        let keys: Vec<Held> = parsed
            .keys
            .into_iter()
            .map(|key| {
                let known = self.keys.iter().find(|held| held.key.is_same(&key));
                known.cloned().unwrap_or_else(|| Held {
                    key: Arc::new(key),
                    since: at,
                })
            })
            .collect();
        let unchanged = self.holding.is_good() && same(&keys, &self.keys);
        self.keys = keys;
        self.skipped = parsed.skipped;
        self.holding = Holding::Good(from);
        self.confirmed_at = Some(at);
        if unchanged {
            RefreshOutcome::Unchanged
        } else {
            RefreshOutcome::Updated
        }
    }

    /// For people.
    pub(super) fn status(&self, now: UnixMillis) -> SourceStatus {
        let skipped = self.skipped.iter().filter(|(_, count)| *count > 0);
        SourceStatus {
            kind: self.label.kind,
            place: self.label.place.clone(),
            keys: self.keys.len(),
            keys_from: match self.holding {
                Holding::Good(from) => Some(from),
                Holding::Dropped | Holding::Nothing => None,
            },
            skipped: skipped
                .map(|(defect, count)| (defect.code(), count))
                .collect(),
            age_seconds: self.confirmed_at.map(|at| now.since(at).as_secs()),
            last_attempt_at: self.last.as_ref().map(|last| last.at.seconds()),
            last_outcome: self.last.as_ref().map(|last| last.outcome.label()),
            last_error: self.last.as_ref().and_then(|last| last.error.clone()),
            next_at: self.next_at.map(UnixMillis::seconds),
        }
    }
}

/// All keys, each once, at most four of one kid and algorithm.
pub(super) fn merge(slots: &[Slot]) -> (Vec<Arc<Key>>, SkippedKeys) {
    let mut keys: Vec<Arc<Key>> = Vec::new();
    let mut skipped = SkippedKeys::default();
    for slot in slots {
        skipped.add(&slot.skipped);
        for Held { key, .. } in &slot.keys {
            if keys.iter().any(|other| other.is_same(key)) {
                continue;
            }
            if keys.iter().filter(|other| other.is_twin(key)).count() < KEYS_PER_ID {
                keys.push(Arc::clone(key));
            } else {
                skipped.count(KeyDefect::Duplicate);
            }
        }
    }
    (keys, skipped)
}

/// What the sources say together.
pub(super) fn completeness(slots: &[Slot]) -> Completeness {
    let any = |holding| slots.iter().any(|slot| slot.holding == holding);
    if any(Holding::Dropped) {
        Completeness::Stale
    } else if any(Holding::Nothing) {
        Completeness::Loading
    } else {
        Completeness::Complete
    }
}

/// Whether both have the same keys. The order says nothing: some providers shuffle.
pub(super) fn same(left: &[impl AsRef<Key>], right: &[impl AsRef<Key>]) -> bool {
    let mut left = left.iter().map(AsRef::as_ref);
    // No key is there twice on either side.
    left.len() == right.len()
        && left.all(|key: &Key| right.iter().any(|other| other.as_ref().is_same(key)))
}

impl AsRef<Key> for Held {
    fn as_ref(&self) -> &Key {
        &self.key
    }
}
