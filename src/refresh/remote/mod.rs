//! The loop of one source elsewhere: fetch, judge, publish, wait.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

use crate::keys::{JwkPolicy, ParsedKeys, parse_jwk_set};
use crate::metrics::RefreshOutcome;
use crate::refresh::persist::StateFile;
use crate::refresh::ring::Ring;
use crate::refresh::schedule::{self, LastFetch, PAUSE_MAX};
use crate::refresh::settings::RefreshSettings;
use crate::refresh::source::{Answer, Body, RemoteSource, SourceError, Validator, random_fraction};
use crate::refresh::status::KeysFrom;
use crate::time::UnixMillis;

/// Everything about one source's loop but the source.
pub(super) struct Follow {
    /// Where its keys go.
    pub(super) ring: Arc<Ring>,
    /// Its place there.
    pub(super) index: usize,
    /// How often.
    pub(super) settings: RefreshSettings,
    /// How its sets are read.
    pub(super) policy: JwkPolicy,
    /// How long they may be.
    pub(super) bytes_max: u64,
    /// Where the last good one is kept.
    pub(super) state: Option<StateFile>,
    /// Says that a key was missing.
    pub(super) misses: watch::Receiver<()>,
    /// What is being saved.
    pub(super) saving: Option<Saving>,
}

/// A set on its way to the disk, which may take as long as the disk likes.
type Saving = JoinHandle<io::Result<()>>;

/// The set in force, as its source knows it.
#[derive(Default)]
struct InForce {
    validator: Option<Validator>,
    json: Vec<u8>,
}

impl Follow {
    /// Asks the source for as long as the task lives.
    pub(super) async fn run(mut self, mut source: impl RemoteSource) {
        let mut in_force = InForce::default();
        let mut failures: u32 = 0;
        loop {
            let began = Instant::now();
            // In this order: a flag raised after it was lowered wakes us again. The other way
            // round a wake-up could be lost, and the flag stay raised.
            self.misses.mark_unchanged();
            let missed = self.ring.store().take_misses();
            let answer = source.fetch(in_force.validator.as_ref()).await;
            let judged = answer.and_then(|answer| self.judge(answer, &mut in_force));
            let result = judged.as_ref().map(|(outcome, _)| *outcome);
            self.ring.fetched(self.index, began.elapsed(), result);
            let last = match judged {
                Ok((outcome, lifetime)) => {
                    failures = 0;
                    if outcome == RefreshOutcome::Unchanged {
                        self.ring.still_missing(&missed);
                    }
                    self.settle_misses();
                    self.save(&in_force.json).await;
                    LastFetch::Delivered { lifetime }
                }
                Err(_) => {
                    source.refused();
                    failures = failures.saturating_add(1);
                    LastFetch::Failed { in_a_row: failures }
                }
            };
            let pause = schedule::next(&self.settings, last, random_fraction());
            self.wait(began, pause).await;
        }
    }

    /// Puts an answer in force, unless it is no use.
    fn judge(
        &self,
        answer: Answer,
        in_force: &mut InForce,
    ) -> Result<(RefreshOutcome, Option<Duration>), SourceError> {
        let outcome = match answer.body {
            Body::Json { json, validator } => {
                let parsed = parse_jwk_set(&json, &self.policy)?;
                *in_force = InForce { validator, json };
                self.in_force(parsed)
            }
            // The keys may have been dropped as too old meanwhile: put them in force again.
            Body::Unchanged => {
                let parsed = parse_jwk_set(&in_force.json, &self.policy)?;
                self.in_force(parsed)
            }
        };
        Ok((outcome, answer.lifetime))
    }

    fn in_force(&self, parsed: ParsedKeys) -> RefreshOutcome {
        let now = self.ring.now();
        self.ring
            .delivered(self.index, parsed, KeysFrom::Source, now)
    }

    /// Keys that were missed again while they were fetched: the answer was theirs too.
    fn settle_misses(&mut self) {
        // In this order: a miss in between wakes us.
        self.misses.mark_unchanged();
        if self.ring.store().settle_misses() {
            self.misses.mark_changed();
        }
    }

    /// Waits for the planned time, or for a missing key; never less than `min_interval` since
    /// the last fetch began. Keys that become too old meanwhile are dropped, and missing ones that
    /// were not looked for long enough are forgotten.
    async fn wait(&mut self, began: Instant, pause: Duration) {
        let planned = Instant::now() + pause.min(PAUSE_MAX);
        let earliest = began + self.settings.min_interval.min(PAUSE_MAX);
        let mut until = planned;
        let mut missed = false;
        self.ring.planned(self.index, pause);
        loop {
            let expires_in = self.ring.expires_in(self.index);
            let forgets_in = self.ring.forgets_in();
            tokio::select! {
                () = sleep_until(until) => return,
                changed = self.misses.changed(), if !missed => {
                    // An error means that the store is gone, and with it whoever could miss a key.
                    missed = true;
                    if changed.is_ok() {
                        until = until.min(earliest);
                        let pause = until.saturating_duration_since(Instant::now());
                        self.ring.planned(self.index, pause);
                    }
                }
                () = sleep(expires_in.unwrap_or(PAUSE_MAX).min(PAUSE_MAX)) => {
                    self.ring.expire(self.index);
                }
                () = sleep(forgets_in.unwrap_or(PAUSE_MAX)) => self.ring.forget_missing(),
            }
        }
    }

    /// Puts the saved set in force, so that nobody waits for a source that is down. The source is
    /// asked right after, so that a key it has removed lives no longer than one fetch.
    pub(super) fn restore(&self) {
        let Some(state) = &self.state else { return };
        state.tidy();
        let path = state.path().display();
        match state.load(self.bytes_max) {
            Ok(None) => {}
            Ok(Some(saved)) => {
                let max_stale = self.settings.max_stale;
                let age = self.ring.now().since(saved.at);
                if max_stale.is_some_and(|max_stale| age >= max_stale) {
                    warn!(%path, "the saved key set is older than max_stale and is not used");
                    return;
                }
                match parse_jwk_set(&saved.json, &self.policy) {
                    Ok(parsed) => {
                        // A clock that went back must not make keys younger than they are.
                        let at = UnixMillis(saved.at.0.min(self.ring.now().0));
                        self.ring
                            .delivered(self.index, parsed, KeysFrom::StateDir, at);
                        info!(%path, age_seconds = age.as_secs(), "the saved key set is used");
                    }
                    Err(error) => warn!(%path, %error, "the saved key set is not used"),
                }
            }
            Err(error) => warn!(%path, %error, "the saved key set is not used"),
        }
    }

    /// Saves the set, and waits for that no longer than for a fetch: a disk that hangs must not keep
    /// us from the next one.
    async fn save(&mut self, json: &[u8]) {
        let Some(state) = self.state.clone() else {
            return;
        };
        let path = state.path().display().to_string();
        let is_still_saving = |saving: &Saving| !saving.is_finished();
        if self.saving.as_ref().is_some_and(is_still_saving) {
            warn!(
                path,
                "the key set before is still being saved; check state_dir"
            );
            return;
        }
        let (at, json) = (self.ring.now(), json.to_vec());
        let mut saving = tokio::task::spawn_blocking(move || state.save(at, &json));
        match timeout(self.settings.timeout, &mut saving).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => {
                warn!(path, %error, "the key set cannot be saved; check state_dir");
            }
            Ok(Err(error)) => warn!(path, %error, "the key set cannot be saved"),
            Err(_) => {
                warn!(path, "the key set is not saved in time; check state_dir");
                self.saving = Some(saving);
            }
        }
    }
}

#[cfg(test)]
mod tests;
