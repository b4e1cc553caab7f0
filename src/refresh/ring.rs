//! The keys of one issuer, merged from all its sources: the only writer of its `KeyStore`.
//!
//! A source that delivers replaces its own keys and no others; one that fails replaces nothing.
//! A set is published only if it differs from the one in force, so that cached verdicts outlive
//! every refresh that brought nothing new.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::Environment;
use super::missing::MissingKeys;
use super::observe::Observer;
use super::slot::{Attempt, Holding, Slot, completeness, merge, same};
use super::source::{Label, SourceError};
use super::status::{KeyStatus, KeysFrom, RingStatus};
use crate::keys::{Completeness, Key, KeySet, KeyStore, ParsedKeys, SkippedKeys, Wanted};
use crate::metrics::RefreshOutcome;
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
    /// The same; taken after `slots` where both are needed.
    missing: Mutex<MissingKeys>,
}

impl Ring {
    /// Nothing yet from any of the sources. `min_interval` is the longest of them.
    pub(super) fn new(
        name: &str,
        sources: Vec<(Label, Option<Duration>)>,
        min_interval: Duration,
        environment: &Environment,
    ) -> Self {
        let slots = sources
            .into_iter()
            .map(|(label, max_stale)| Slot::new(label, max_stale));
        Self {
            name: name.into(),
            store: Arc::new(KeyStore::loading()),
            clock: Arc::clone(&environment.clock),
            observer: Arc::clone(&environment.observer),
            ready: watch::Sender::new(false),
            slots: Mutex::new(slots.collect()),
            missing: Mutex::new(MissingKeys::new(min_interval)),
        }
    }

    /// Puts in force what another ring has from a source, as old as it is there. True if it had
    /// anything.
    pub(super) fn inherit(&self, index: usize, other: &Self, other_index: usize) -> bool {
        let heritage = {
            let slots = other.slots();
            let slot = &slots[other_index];
            let is_good = slot.holding.is_good();
            is_good.then(|| {
                let keys = slot.keys.clone();
                (keys, slot.skipped, slot.confirmed_at, slot.holding)
            })
        };
        let Some((keys, skipped, confirmed_at, holding)) = heritage else {
            return false;
        };
        let mut slots = self.slots();
        let slot = &mut slots[index];
        (slot.keys, slot.skipped, slot.confirmed_at) = (keys, skipped, confirmed_at);
        slot.holding = holding;
        self.publish(&slots);
        true
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
        from: KeysFrom,
        at: UnixMillis,
    ) -> RefreshOutcome {
        let mut slots = self.slots();
        let slot = &mut slots[index];
        let outcome = slot.replace(parsed, from, at);
        self.publish(&slots);
        outcome
    }

    /// The source still has the set that it delivered before. False if that set is not in force.
    pub(super) fn confirm(&self, index: usize) -> bool {
        let now = self.now();
        let slot = &mut self.slots()[index];
        let is_good = slot.holding.is_good();
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
            Holding::Good(_) => {
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

    /// A fetch that began after these keys were missed brought nothing new: for a while nobody
    /// looks for them again.
    pub(super) fn still_missing(&self, missed: &[Wanted]) {
        if missed.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut missing = self.missing();
        missing.learn(missed, now);
        self.store.publish_absent(missing.in_force(now));
    }

    /// In how long [`Ring::forget_missing`] has something to do; `None` if never.
    pub(super) fn forgets_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let at = self.missing().forgets_at(now)?;
        Some(at - now)
    }

    /// From here on missing keys are looked for again whose time is over.
    pub(super) fn forget_missing(&self) {
        let missing = self.missing();
        self.store.publish_absent(missing.in_force(Instant::now()));
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
        let mut missing = self.missing();
        self.store.publish(KeySet::new(keys, completeness));
        missing.clear();
        drop(missing);
        if has_keys {
            self.ready
                .send_if_modified(|ready| !std::mem::replace(ready, true));
        }
    }

    fn missing(&self) -> MutexGuard<'_, MissingKeys> {
        // The same.
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Every write leaves the slots consistent, so a panic elsewhere does not spoil them.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
