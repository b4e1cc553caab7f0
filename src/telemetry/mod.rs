//! Logs (tracing). No token, secret or claim ever appears in one, at any level.
//!
//! Lines go to standard error, because standard output belongs to what commands print. They pass
//! through a bounded queue to a thread of their own: the data plane never waits for a terminal or
//! a pipe, and what does not fit is dropped and counted.

mod decisions;
mod format;
mod settings;
mod traces;
mod window;

use std::env;
use std::io;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Subscriber, subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, reload};

use crate::limits::LOG_LINES_BUFFERED;
pub use decisions::{Decision, DecisionLog};
use format::LineFormat;
pub use settings::{Decisions, Level, LogFormat, LogSettings};
pub use traces::{TraceContext, TraceSettings, Traces, TracesError};

/// The running log. Keep it until the process ends: dropping it writes what is still queued.
#[derive(Debug)]
pub struct Telemetry {
    filter: reload::Handle<Targets, Registry>,
    format: Arc<LineFormat>,
    /// `RUST_LOG`, which has the last word.
    overriding: Option<Targets>,
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `RUST_LOG` cannot be read.
    #[error("RUST_LOG: {0}; write a level (info) or TARGET=LEVEL, separated by commas")]
    Filter(#[from] ParseError),
    /// The process has a log already.
    #[error("the log was started before")]
    AlreadyStarted(#[from] SetGlobalDefaultError),
}

/// Starts the process's log.
///
/// # Errors
/// If `RUST_LOG` cannot be read, or if it was started before.
pub fn init(settings: &LogSettings) -> Result<Telemetry, TelemetryError> {
    let overriding = match env::var("RUST_LOG") {
        Ok(text) if !text.trim().is_empty() => Some(text.parse()?),
        Ok(_) | Err(_) => None,
    };
    let (subscriber, telemetry) = build(settings, overriding, io::stderr());
    subscriber::set_global_default(subscriber)?;
    Ok(telemetry)
}

impl Telemetry {
    /// Takes over level and format from a new configuration.
    pub fn apply(&self, settings: &LogSettings) {
        // The handle fails only when the subscriber is gone, and then nobody logs any more.
        let _ = self
            .filter
            .reload(filter(settings, self.overriding.as_ref()));
        self.format.set(settings.format);
    }

    /// Lines that were dropped since the start because the reader was too slow.
    #[must_use]
    pub fn dropped_lines(&self) -> usize {
        self.dropped.dropped_lines()
    }
}

fn build(
    settings: &LogSettings,
    overriding: Option<Targets>,
    writer: impl io::Write + Send + 'static,
) -> (impl Subscriber + Send + Sync, Telemetry) {
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LOG_LINES_BUFFERED)
        .thread_name("log")
        .finish(writer);
    let dropped = writer.error_counter();
    let (filter, handle) = reload::Layer::new(filter(settings, overriding.as_ref()));
    let format = Arc::new(LineFormat::new(settings.format));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(format::Shared(Arc::clone(&format)))
        .with_ansi(false)
        .with_writer(writer);
    let subscriber = Registry::default().with(filter).with(lines);
    let telemetry = Telemetry {
        filter: handle,
        format,
        overriding,
        dropped,
        _writer: guard,
    };
    (subscriber, telemetry)
}

/// What is written. Code that is not ours is held at `warn` whatever is asked for: HTTP libraries
/// write whole frames and headers into their finer lines, and headers are where tokens are.
fn filter(settings: &LogSettings, overriding: Option<&Targets>) -> Targets {
    let Some(asked) = overriding else {
        let level = settings.level.filter();
        return Targets::new()
            .with_default(level.min(FOREIGN))
            .with_target(OURS, level);
    };
    let default = asked.default_level().unwrap_or(LevelFilter::OFF);
    let listed = asked.iter().map(|(target, level)| {
        let is_ours = target == OURS || target.starts_with("jotgate::");
        let level = if is_ours { level } else { level.min(FOREIGN) };
        (target.to_owned(), level)
    });
    Targets::new()
        .with_default(default.min(FOREIGN))
        .with_target(OURS, default)
        .with_targets(listed)
}

/// The first part of every target of ours.
const OURS: &str = "jotgate";
/// As much as code that is not ours may say.
const FOREIGN: LevelFilter = LevelFilter::WARN;

#[cfg(test)]
mod tests;
