//! Following the configuration: a new one is validated whole, then swapped in; a bad one is
//! refused, logged and counted, and the running one goes on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior};

use super::Origin;
use super::authority::Shared;
use super::fingerprint::fingerprint;
use crate::admin::ReloadStatus;
use crate::config::{self, Config, ServerSettings};
use crate::consumers::Consumers;
use crate::issue;
use crate::listen::{Tls, TlsSettings};
use crate::metrics::ReloadOutcome;

/// Looks at the configuration's files and listens for SIGHUP. Files are read on a thread of their
/// own: a million consumers take seconds, and the control plane has other duties.
pub(super) struct Reloader {
    origin: Origin,
    shared: Shared,
    tls: TlsInForce,
    /// Of the running configuration's files when they were last read, whatever came of it.
    seen: [u8; 32],
    /// Why the last reading was refused, if it was.
    refused: Option<Vec<String>>,
    /// When a configuration that was refused may be read once more. What takes long to read is not
    /// read all the time.
    again_at: Instant,
    /// Tables that were replaced, while a request may still look at them.
    retired: Vec<Arc<Consumers>>,
}

/// TLS of the listeners that have it.
pub(super) struct TlsInForce {
    /// `server.grpc`
    pub(super) grpc: Option<Arc<Tls>>,
    /// `server.http`
    pub(super) http: Option<Arc<Tls>>,
}

impl TlsInForce {
    pub(super) fn new(grpc: Option<TlsSettings>, http: Option<TlsSettings>) -> Self {
        let start = |settings: Option<TlsSettings>| settings.map(Tls::new).map(Arc::new);
        Self {
            grpc: start(grpc),
            http: start(http),
        }
    }

    /// Takes over certificates, authorities and names. Whether there is TLS does not change here.
    fn install(&self, settings: &ServerSettings) {
        for (tls, settings) in [
            (&self.grpc, &settings.grpc_tls),
            (&self.http, &settings.http_tls),
        ] {
            if let (Some(tls), Some(settings)) = (tls, settings) {
                tls.install(settings);
            }
        }
    }
}

impl Reloader {
    pub(super) fn new(origin: Origin, shared: Shared, tls: TlsInForce) -> Self {
        let seen = {
            let config = &shared.state().config;
            fingerprint(&config.files, config.read_at)
        };
        Self {
            origin,
            shared,
            tls,
            seen,
            refused: None,
            again_at: Instant::now(),
            retired: Vec::new(),
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
            self.bury();
            let Ok(now) = self.look(SystemTime::now()).await else {
                continue;
            };
            if is_asked || now != self.seen {
                self.seen = now;
                self.refused = None;
                self.reload().await;
            } else if self.refused.is_some() && self.again_at <= Instant::now() {
                // What it lacked may be a file that the running configuration does not name.
                self.reload().await;
            }
        }
    }

    /// How the files of the running configuration look now.
    async fn look(&self, read_at: SystemTime) -> Result<[u8; 32], JoinError> {
        let files = self.shared.state().config.files.clone();
        spawn_blocking(move || fingerprint(&files, read_at)).await
    }

    async fn reload(&mut self) {
        let started = Instant::now();
        let outcome = self.read().await;
        self.again_at = Instant::now() + PATIENCE * started.elapsed();
        match outcome {
            // A SIGHUP that comes with an edit that was seen already: one edit is one reload.
            Ok((config, _)) if self.is_in_force(&config) => {
                tracing::info!(hash = config.hash, "configuration unchanged");
            }
            Ok((config, signing)) => self.apply(config, signing).await,
            Err(errors) if self.refused.as_ref() == Some(&errors) => {}
            Err(errors) => self.refuse(errors),
        }
    }

    /// Whether it is what is in force, and was not taken back by one that was refused.
    fn is_in_force(&self, config: &Config) -> bool {
        let state = self.shared.state();
        let refused = |reload: &ReloadStatus| reload.outcome == ReloadOutcome::Refused;
        state.config.hash == config.hash && !state.last_reload.as_ref().is_some_and(refused)
    }

    async fn read(&self) -> Result<(Config, issue::Prepared), Vec<String>> {
        let path = self.origin.path.clone();
        let config = spawn_blocking(move || config::load(&path))
            .await
            .map_err(|error| vec![format!("the configuration was not read: {error}")])?
            .map_err(|errors| errors.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let fixed = fixed_until_restart(&self.shared.state().config, &config);
        if !fixed.is_empty() {
            return Err(fixed);
        }
        // RSA keys take seconds to make.
        let desk = Arc::clone(self.shared.desk());
        let signing = spawn_blocking(move || {
            let signing = desk.prepare(config.issue.as_ref());
            signing.map(|signing| (config, signing))
        });
        match signing.await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(vec![format!("issue.keys: {error}")]),
            Err(error) => Err(vec![format!("the signing keys were not read: {error}")]),
        }
    }

    async fn apply(&mut self, config: Config, signing: issue::Prepared) {
        if let Some(telemetry) = &self.origin.telemetry {
            telemetry.apply(&config.log);
        }
        tracing::info!(hash = config.hash, "configuration applied");
        let has_other_files = self.shared.state().config.files != config.files;
        self.retired
            .push(Arc::clone(&self.shared.state().config.consumers));
        self.tls.install(&config.server);
        self.shared.install(config, signing);
        // What was seen before the files were read counts, lest an edit in between be lost. Of files
        // that were not looked at nothing is known: they are read once more.
        if has_other_files {
            self.seen = NOTHING_SEEN;
        }
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

    /// Frees tables that no request looks at any more: it takes a while for a large one, and would
    /// fall to whoever looked at it last.
    fn bury(&mut self) {
        let is_free = |table: &mut Arc<Consumers>| Arc::strong_count(table) == 1;
        let free: Vec<_> = self.retired.extract_if(.., is_free).collect();
        if !free.is_empty() {
            drop(spawn_blocking(move || drop(free)));
        }
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
        (
            "server.grpc.tls",
            before.grpc_tls.is_some() != after.grpc_tls.is_some(),
        ),
        ("server.http.listen", before.http != after.http),
        (
            "server.http.tls",
            before.http_tls.is_some() != after.http_tls.is_some(),
        ),
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
        ("limits.connections", running.connections != new.connections),
    ];
    let changed = changed.into_iter().filter(|(_, is_changed)| *is_changed);
    changed
        .map(|(setting, _)| {
            format!("{setting}: changed, and needs a restart; restart, or change it back")
        })
        .collect()
}

/// A tenth of the time may go into reading what was refused.
const PATIENCE: u32 = 9;
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How no files look.
const NOTHING_SEEN: [u8; 32] = [0; 32];
