//! `jotgate serve`: the service itself.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigFile, Exit, Failure};
use crate::app::{App, Origin};
use crate::telemetry;

/// Arguments of `jotgate serve`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigFile,
}

impl Serve {
    /// Does it, until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// [`Failure`] if the configuration is bad (nothing is bound then), or the service cannot
    /// start or breaks.
    pub fn run(self) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        // Kept until the end: what is still queued is written when it is dropped.
        let telemetry = telemetry::init(&config.log).map_err(failed)?;
        let origin = Origin {
            path: self.config.path,
            telemetry: Some(telemetry),
        };
        let app = App::bind(config, Some(origin)).map_err(failed)?;
        app.run(ended_by_signal()).map_err(failed)?;
        Ok(Exit::Good)
    }
}

/// Resolves at the first SIGTERM or SIGINT. Must be polled within a runtime.
pub(super) async fn ended_by_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        // Then signals end the process as the system does it, without draining.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// A service that does not start or breaks.
pub(super) fn failed(error: impl std::error::Error) -> Failure {
    Failure::new(Exit::Undecided, error.to_string())
}

const HELP: &str = "SIGTERM and SIGINT end it after what is in flight is answered. The configuration and the files it \
names are followed; SIGHUP asks to look at once.

Example:
  jotgate serve --config jotgate.yaml";
