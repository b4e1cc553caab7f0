//! What is counted for one profile of tokens.

use std::fmt;
use std::sync::Arc;

use ::metrics::Counter;

use super::describe::TOKENS_ISSUED;
use super::labels::IssueOutcome;
use super::registry::Registry;

/// The series of one profile. Clones are the same series.
#[derive(Clone)]
pub struct ProfileMetrics(Arc<[Counter; IssueOutcome::ALL.len()]>);

impl ProfileMetrics {
    pub(super) fn register(registry: &Registry, profile: &str) -> Self {
        Self(Arc::new(IssueOutcome::ALL.map(|outcome| {
            let labels = [("profile", profile), ("outcome", outcome.label())];
            registry.counter(TOKENS_ISSUED, &labels)
        })))
    }

    /// A token was issued, or was not.
    pub fn count(&self, outcome: IssueOutcome) {
        self.0[outcome.index()].increment(1);
    }
}

impl fmt::Debug for ProfileMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProfileMetrics")
            .finish_non_exhaustive()
    }
}
