//! What is counted for one issuer: its keys and how they are had.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Counter, Gauge, Histogram};

use super::approximate;
use super::describe::{KEY_REFRESH, KEY_REFRESH_DURATION, KEYS, KEYS_LAST_SUCCESS, KEYS_SKIPPED};
use super::labels::RefreshOutcome;
use super::registry::Registry;
use crate::signature::KeyDefect;
use crate::time::UnixMillis;

/// The series of one issuer. Clones are the same series.
#[derive(Clone)]
pub struct IssuerMetrics(Arc<Handles>);

struct Handles {
    keys: Gauge,
    skipped: [Gauge; KeyDefect::ALL.len()],
    refreshes: [Counter; RefreshOutcome::ALL.len()],
    refresh_duration: Histogram,
    last_success: Gauge,
}

impl IssuerMetrics {
    pub(super) fn register(registry: &Registry, issuer: &str) -> Self {
        Self(Arc::new(Handles {
            keys: registry.gauge(KEYS, &[("issuer", issuer)]),
            skipped: KeyDefect::ALL.map(|defect| {
                registry.gauge(
                    KEYS_SKIPPED,
                    &[("issuer", issuer), ("cause", defect.code())],
                )
            }),
            refreshes: RefreshOutcome::ALL.map(|outcome| {
                let labels = [("issuer", issuer), ("outcome", outcome.label())];
                registry.counter(KEY_REFRESH, &labels)
            }),
            refresh_duration: registry.histogram(KEY_REFRESH_DURATION, &[("issuer", issuer)]),
            last_success: registry.gauge(KEYS_LAST_SUCCESS, &[("issuer", issuer)]),
        }))
    }

    /// How many keys are in force.
    pub fn keys(&self, count: usize) {
        self.0.keys.set(approximate(count as u64));
    }

    /// How many keys of the sets now in force are not used because of `defect`.
    pub fn keys_skipped(&self, defect: KeyDefect, count: usize) {
        self.0.skipped[defect as usize].set(approximate(count as u64));
    }

    /// A refresh ended.
    pub fn refreshed(&self, outcome: RefreshOutcome, took: Duration) {
        self.0.refreshes[outcome.index()].increment(1);
        self.0.refresh_duration.record(took.as_secs_f64());
    }

    /// The source delivered good keys at that time, new or not.
    pub fn last_success(&self, at: UnixMillis) {
        self.0
            .last_success
            .set(approximate(u64::try_from(at.seconds()).unwrap_or(0)));
    }
}

impl fmt::Debug for IssuerMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IssuerMetrics")
            .finish_non_exhaustive()
    }
}
