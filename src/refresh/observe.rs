//! Who is told about the life of an issuer's keys.

use std::time::Duration;

use crate::keys::SkippedKeys;
use crate::metrics::{IssuerMetrics, RefreshOutcome};
use crate::time::UnixMillis;

/// Is told about the keys of one issuer. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// A fetch ended.
    fn refreshed(&self, outcome: RefreshOutcome, took: Duration);
    /// A source delivered good keys, new or not.
    fn last_success(&self, at: UnixMillis);
    /// So many keys are in force from here on, and so many of the same sets are not.
    fn keys_in_force(&self, keys: usize, skipped: &SkippedKeys);
}

impl Observer for IssuerMetrics {
    fn refreshed(&self, outcome: RefreshOutcome, took: Duration) {
        Self::refreshed(self, outcome, took);
    }

    fn last_success(&self, at: UnixMillis) {
        Self::last_success(self, at);
    }

    fn keys_in_force(&self, keys: usize, skipped: &SkippedKeys) {
        self.keys(keys);
        for (defect, count) in skipped.iter() {
            self.keys_skipped(defect, count as usize);
        }
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn refreshed(&self, _: RefreshOutcome, _: Duration) {}
    fn last_success(&self, _: UnixMillis) {}
    fn keys_in_force(&self, _: usize, _: &SkippedKeys) {}
}
