//! The keys of one issuer, merged from all its sources: the only writer of its `KeyStore`.
//!
//! A source that delivers replaces its own keys and no others; one that fails replaces nothing.
//! A set is published only if it differs from the one in force, so that cached verdicts outlive
//! every refresh that brought nothing new.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::Environment;
use super::observe::Observer;
use super::source::{Label, SourceError};
use super::status::{KeyStatus, RingStatus, SourceStatus};
use crate::keys::{Completeness, Key, KeySet, KeyStore, ParsedKeys, SkippedKeys};
use crate::limits::KEYS_PER_ID;
use crate::metrics::RefreshOutcome;
use crate::signature::KeyDefect;
use crate::time::{Clock, UnixMillis};

/// What the sources of one issuer have in common.
pub(super) struct Ring {
    name: Box<str>,
    store: Arc<KeyStore>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    ready: watch::Sender<bool>,
    /// Held only to look something up or to write it down, never across an `.await`.
    slots: Mutex<Vec<Slot>>,
}

/// What one source has delivered so far.
struct Slot {
    label: Label,
    max_stale: Option<Duration>,
    holding: Holding,
    keys: Vec<Held>,
    skipped: SkippedKeys,
    /// When the keys were last confirmed by their source.
    confirmed_at: Option<UnixMillis>,
    last: Option<Attempt>,
    next_at: Option<UnixMillis>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holding {
    /// Its keys were too old and are gone.
    Dropped,
    /// Its last good keys.
    Good,
    /// Nothing yet.
    Nothing,
}

/// A key and since when its source has had it.
#[derive(Clone)]
struct Held {
    key: Arc<Key>,
    since: UnixMillis,
}

struct Attempt {
    at: UnixMillis,
    outcome: RefreshOutcome,
    error: Option<String>,
}

impl Ring {
    /// Nothing yet from any of the sources.
    pub(super) fn new(
        name: &str,
        sources: Vec<(Label, Option<Duration>)>,
        environment: &Environment,
    ) -> Self {
        let slots = sources.into_iter().map(|(label, max_stale)| Slot {
            label,
            max_stale,
            holding: Holding::Nothing,
            keys: Vec::new(),
            skipped: SkippedKeys::default(),
            confirmed_at: None,
            last: None,
            next_at: None,
        });
        Self {
            name: name.into(),
            store: Arc::new(KeyStore::loading()),
            clock: Arc::clone(&environment.clock),
            observer: Arc::clone(&environment.observer),
            ready: watch::Sender::new(false),
            slots: Mutex::new(slots.collect()),
        }
    }

    /// Where the merged keys are published.
    pub(super) const fn store(&self) -> &Arc<KeyStore> {
        &self.store
    }

    /// Turns true when there are keys, and stays so.
    pub(super) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The source delivered a good set, confirmed at `at`.
    pub(super) fn delivered(
        &self,
        index: usize,
        parsed: ParsedKeys,
        at: UnixMillis,
    ) -> RefreshOutcome {
        let mut slots = self.slots();
        let slot = &mut slots[index];
        let outcome = slot.replace(parsed, at);
        self.publish(&slots);
        outcome
    }

    /// The source still has the set that it delivered before. False if that set is not in force.
    pub(super) fn confirm(&self, index: usize) -> bool {
        let now = self.now();
        let slot = &mut self.slots()[index];
        let is_good = slot.holding == Holding::Good;
        if is_good {
            slot.confirmed_at = Some(now);
        }
        is_good
    }

    /// A fetch ended; `result` is what came of it.
    pub(super) fn fetched(
        &self,
        index: usize,
        took: Duration,
        result: Result<RefreshOutcome, &SourceError>,
    ) {
        let at = self.now();
        let outcome = result.unwrap_or(RefreshOutcome::Failed);
        let mut slots = self.slots();
        let slot = &mut slots[index];
        let error = result.err().map(ToString::to_string);
        let (name, Label { kind, place }) = (&*self.name, &slot.label);
        if let Some(error) = &error {
            let keys = slot.keys.len();
            warn!(
                issuer = name,
                source = kind,
                place,
                keys,
                error,
                "keys not refreshed"
            );
        } else {
            debug!(
                issuer = name,
                source = kind,
                place,
                outcome = outcome.label(),
                "keys refreshed"
            );
            self.observer.last_success(at);
        }
        slot.last = Some(Attempt { at, outcome, error });
        self.observer.refreshed(outcome, took);
    }

    /// The source will be asked again in `pause`.
    pub(super) fn planned(&self, index: usize, pause: Duration) {
        self.slots()[index].next_at = Some(self.now().saturating_add(pause));
    }

    /// In how long the source's keys are too old to be used; `None` if never.
    pub(super) fn expires_in(&self, index: usize) -> Option<Duration> {
        let slots = self.slots();
        let slot = &slots[index];
        match slot.holding {
            Holding::Good => {
                let end = slot.confirmed_at?.saturating_add(slot.max_stale?);
                Some(end.since(self.now()))
            }
            Holding::Dropped | Holding::Nothing => None,
        }
    }

    /// Drops the source's keys if they are too old.
    pub(super) fn expire(&self, index: usize) {
        if self.expires_in(index) != Some(Duration::ZERO) {
            return;
        }
        let mut slots = self.slots();
        let slot = &mut slots[index];
        let Label { kind, place } = &slot.label;
        let keys = slot.keys.len();
        warn!(
            issuer = &*self.name,
            source = kind,
            place,
            keys,
            "keys older than max_stale dropped"
        );
        slot.keys.clear();
        slot.skipped = SkippedKeys::default();
        slot.holding = Holding::Dropped;
        self.publish(&slots);
    }

    /// What stands now, for people.
    pub(super) fn status(&self) -> RingStatus {
        let now = self.now();
        let slots = self.slots();
        let keys = slots.iter().enumerate().flat_map(|(source, slot)| {
            slot.keys
                .iter()
                .map(move |held| KeyStatus::new(&held.key, source, now.since(held.since)))
        });
        RingStatus {
            completeness: match self.store.load().completeness() {
                Completeness::Complete => "complete",
                Completeness::Loading => "loading",
                Completeness::Stale => "stale",
            },
            keys: keys.collect(),
            sources: slots.iter().map(|slot| slot.status(now)).collect(),
        }
    }

    /// Publishes the merged keys if they are not those in force.
    fn publish(&self, slots: &[Slot]) {
        let (keys, skipped) = merge(slots);
        let completeness = completeness(slots);
        self.observer.keys_in_force(keys.len(), &skipped);
        let current = self.store.load();
        if current.completeness() == completeness && same(current.keys(), &keys) {
            return;
        }
        let new = names(&keys, current.keys());
        let gone = names(current.keys(), &keys);
        let has_keys = !keys.is_empty();
        info!(
            issuer = &*self.name,
            keys = keys.len(),
            skipped = skipped.total(),
            new,
            gone,
            "keys changed"
        );
        drop(current);
        self.store.publish(KeySet::new(keys, completeness));
        if has_keys {
            self.ready
                .send_if_modified(|ready| !std::mem::replace(ready, true));
        }
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Every write leaves the slots consistent, so a panic elsewhere does not spoil them.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Takes a good set; keys that were there keep their age, and their identity for the caches.
    fn replace(&mut self, parsed: ParsedKeys, at: UnixMillis) -> RefreshOutcome {
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
        let unchanged = self.holding == Holding::Good
            && keys.len() == self.keys.len()
            && keys
                .iter()
                .zip(&self.keys)
                .all(|(new, old)| new.key.is_same(&old.key));
        self.keys = keys;
        self.skipped = parsed.skipped;
        self.holding = Holding::Good;
        self.confirmed_at = Some(at);
        if unchanged {
            RefreshOutcome::Unchanged
        } else {
            RefreshOutcome::Updated
        }
    }

    fn status(&self, now: UnixMillis) -> SourceStatus {
        let skipped = self.skipped.iter().filter(|(_, count)| *count > 0);
        SourceStatus {
            kind: self.label.kind,
            place: self.label.place.clone(),
            keys: self.keys.len(),
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
fn merge(slots: &[Slot]) -> (Vec<Arc<Key>>, SkippedKeys) {
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

fn completeness(slots: &[Slot]) -> Completeness {
    let any = |holding| slots.iter().any(|slot| slot.holding == holding);
    if any(Holding::Dropped) {
        Completeness::Stale
    } else if any(Holding::Nothing) {
        Completeness::Loading
    } else {
        Completeness::Complete
    }
}

fn same(left: &[Arc<Key>], right: &[Arc<Key>]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| left.is_same(right))
}

/// The kids (or algorithms, where there is no kid) of the keys that are not in `others`, for a
/// log line: escaped and cut, because whoever runs the identity provider chose them.
fn names(keys: &[Arc<Key>], others: &[Arc<Key>]) -> String {
    let missing = keys
        .iter()
        .filter(|key| !others.iter().any(|other| other.is_same(key)));
    let names: Vec<String> = missing
        .take(NAMES_LOGGED)
        .map(|key| match key.id() {
            Some(id) => id
                .chars()
                .take(NAME_CHARS)
                .flat_map(char::escape_default)
                .collect(),
            None => format!("({} without kid)", key.algorithm().name()),
        })
        .collect();
    names.join(" ")
}

const NAMES_LOGGED: usize = 16;
const NAME_CHARS: usize = 32;
