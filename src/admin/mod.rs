//! The admin listener: metrics, liveness, readiness, status, version. HTTP/1.1, for probes,
//! scrapers and people.
//!
//! Only `POST /keys/rotate` changes anything, and no more than time would. It is served by the control plane, so that a scrape
//! never takes a worker's time.

mod readiness;
mod respond;
mod serve;
mod status;

pub use readiness::{Readiness, State};
pub use serve::serve;
pub use status::{
    CacheStatus, ConfigurationStatus, IssuerStatus, KeyStatus, ReloadStatus, SourceStatus, Status,
    Version,
};

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::metrics::Metrics;

/// What the admin endpoints show.
pub struct Admin {
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    source: Box<dyn StatusSource>,
    /// For the one rotation of keys that is under way.
    rotating: Semaphore,
}

/// Whoever knows what the running instance is like. Asked on the control plane; must not block.
pub trait StatusSource: Send + Sync + 'static {
    /// Everything that `/status` shows.
    fn status(&self) -> Status;

    /// How full the cache is now.
    fn cache(&self) -> CacheStatus;

    /// Lets the next signing keys, which are published already, sign from now on. Returns their
    /// names.
    ///
    /// # Errors
    /// A sentence that says why not.
    fn rotate_keys(&self) -> Result<Vec<String>, String> {
        Err("nothing is issued here".to_owned())
    }

    /// The names of the issuers that are not optional and have no keys. Readiness waits for them.
    fn awaited_issuers(&self) -> Vec<String>;
}

impl Admin {
    /// The endpoints over what is given.
    #[must_use]
    pub fn new(
        metrics: Arc<Metrics>,
        readiness: Arc<Readiness>,
        source: impl StatusSource,
    ) -> Self {
        Self {
            metrics,
            readiness,
            source: Box::new(source),
            rotating: Semaphore::new(1),
        }
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Admin").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
