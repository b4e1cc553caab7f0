//! Following the configuration: a new one is validated whole, then swapped in; a bad one is
//! refused, logged and counted, and the running one goes on.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::Origin;
use super::authority::Shared;
use crate::admin::ReloadStatus;
use crate::config::{self, Config};
use crate::metrics::ReloadOutcome;
use crate::signature::sha256;

/// Looks at the configuration's files and listens for SIGHUP.
pub(super) struct Reloader {
    origin: Origin,
    shared: Shared,
    /// Of the running configuration's files when they were last read, whatever came of it.
    seen: [u8; 32],
    /// Why the last reading was refused, if it was.
    refused: Option<Vec<String>>,
}

impl Reloader {
    pub(super) fn new(origin: Origin, shared: Shared) -> Self {
        let seen = fingerprint(&shared.state().config);
        Self {
            origin,
            shared,
            seen,
            refused: None,
        }
    }

    /// Follows until it is dropped.
    pub(super) async fn run(mut self) {
        // Reading and comparing finds what notifications miss: the symlink swap of a Kubernetes
        // mount, network file systems, bind mounts.
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hangups = match signal(SignalKind::hangup()) {
            Ok(hangups) => hangups,
            Err(error) => {
                tracing::error!(%error, "cannot listen for SIGHUP: no configuration is followed");
                return;
            }
        };
        loop {
            let is_asked = tokio::select! {
                _ = look.tick() => false,
                _ = hangups.recv() => true,
            };
            let now = fingerprint(&self.shared.state().config);
            if is_asked || now != self.seen {
                self.seen = now;
                self.refused = None;
                self.reload();
            } else if self.refused.is_some() {
                // What it lacked may be a file that the running configuration does not name.
                self.reload();
            }
        }
    }

    fn reload(&mut self) {
        match self.read() {
            Ok(config) => self.apply(config),
            Err(errors) if self.refused.as_ref() == Some(&errors) => {}
            Err(errors) => self.refuse(errors),
        }
    }

    fn read(&self) -> Result<Config, Vec<String>> {
        let config = config::load(&self.origin.path)
            .map_err(|errors| errors.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let fixed = fixed_until_restart(&self.shared.state().config, &config);
        if fixed.is_empty() {
            Ok(config)
        } else {
            Err(fixed)
        }
    }

    fn apply(&mut self, config: Config) {
        if let Some(telemetry) = &self.origin.telemetry {
            telemetry.apply(&config.log);
        }
        tracing::info!(hash = config.hash, "configuration applied");
        self.shared.install(config);
        // It may name other files than the one before.
        self.seen = fingerprint(&self.shared.state().config);
        self.refused = None;
        self.ended(ReloadOutcome::Applied, Vec::new());
    }

    fn refuse(&mut self, errors: Vec<String>) {
        for error in &errors {
            tracing::error!(error, "configuration refused; the running one goes on");
        }
        self.refused = Some(errors.clone());
        self.ended(ReloadOutcome::Refused, errors);
    }

    fn ended(&self, outcome: ReloadOutcome, errors: Vec<String>) {
        self.shared.metrics().reloaded(outcome);
        let at = self.shared.clock().now().seconds();
        self.shared.state().last_reload = Some(ReloadStatus {
            at,
            outcome,
            errors,
        });
    }
}

/// What cannot change while the process runs, and did.
fn fixed_until_restart(running: &Config, new: &Config) -> Vec<String> {
    let (before, after) = (&running.server, &new.server);
    let changed = [
        ("server.grpc.listen", before.grpc != after.grpc),
        ("server.http.listen", before.http != after.http),
        ("server.admin.listen", before.admin != after.admin),
        ("server.threads", before.threads != after.threads),
        ("server.http.original", before.original != after.original),
        ("server.drain", before.drain != after.drain),
        ("server.state_dir", before.state_dir != after.state_dir),
        (
            "limits.concurrent_requests",
            running.concurrent_requests != new.concurrent_requests,
        ),
        (
            "limits.header_bytes",
            running.header_bytes != new.header_bytes,
        ),
    ];
    let changed = changed.into_iter().filter(|(_, is_changed)| *is_changed);
    changed
        .map(|(setting, _)| {
            format!("{setting}: changed, and needs a restart; restart, or change it back")
        })
        .collect()
}

/// Of the content of every file that the configuration is made of. A file that cannot be read
/// counts as empty: the reload says what is wrong with it.
fn fingerprint(config: &Config) -> [u8; 32] {
    let contents = config.files.iter().flat_map(|path| {
        let content = std::fs::read(path).unwrap_or_default();
        sha256(&content)
    });
    sha256(&contents.collect::<Vec<u8>>())
}

const LOOK_EVERY: Duration = Duration::from_secs(2);
