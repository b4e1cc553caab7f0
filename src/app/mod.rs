//! The composition root: a [`Config`] becomes a bound [`App`], which runs until it is told to end.
//!
//! Three steps: reading the configuration binds nothing, [`App::bind`] binds everything or fails,
//! [`App::run`] serves. The data plane has a thread for each worker; everything else (keys,
//! reloads, admin) shares the thread that calls [`App::run`].

mod authority;
pub mod cases;
mod control;
mod fingerprint;
mod once;
mod phase;
mod reload;
mod serving;
mod spans;
mod status;
mod watched;
mod worker;

pub use once::{Answer, ask};

use std::future::Future;
use std::io;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::config::{Config, ServerSettings};
use crate::gate::Gate;
use crate::grpc::{GrpcService, HealthReporter};
use crate::http::HttpService;
use crate::issue::{self, KeysError};
use crate::limits::BLOCKED_END;
use crate::listen::{Address, BindError, Bound, Connections, Door, Socket, Tls};
use crate::metrics::Metrics;
use crate::signature::FingerprintKey;
use crate::telemetry::{DecisionLog, Telemetry};
use crate::time::{Clock, SystemClock};

use authority::Authority;
use control::Control;
use phase::Phase;
use reload::TlsInForce;
use worker::{Ended, Share, Worker};

/// A service that is bound and not running yet.
pub struct App {
    runtime: Runtime,
    authority: Authority,
    workers: Vec<Worker>,
    health: HealthReporter,
    admin: Socket,
    tls: TlsInForce,
    addresses: Addresses,
    phase: watch::Sender<Phase>,
    drain: Duration,
    origin: Option<Origin>,
}

/// Where a configuration came from, for those who follow it.
pub struct Origin {
    /// The file.
    pub path: PathBuf,
    /// What a new log level is applied to.
    pub telemetry: Option<Telemetry>,
}

/// Where the service listens, with the ports that the system chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `server.grpc`
    pub grpc: Address,
    /// `server.http`
    pub http: Address,
    /// `server.admin`
    pub admin: Address,
}

impl Addresses {
    /// Each with the name of its listener.
    pub fn each(&self) -> [(&'static str, &Address); 3] {
        [
            ("grpc", &self.grpc),
            ("http", &self.http),
            ("admin", &self.admin),
        ]
    }
}

/// Why a service did not start or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// An address is taken or cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system refused something that every service needs.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Tokens are to be issued, and there are no keys for it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A worker ended before its time.
    #[error("a worker of the data plane ended: {0}")]
    Worker(String),
}

impl App {
    /// Binds every listener and starts to follow every issuer's keys.
    ///
    /// # Errors
    /// If a listener cannot be bound or signing keys cannot be had; nothing stays bound then.
    pub fn bind(config: Config, origin: Option<Origin>) -> Result<Self, AppError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(system("cannot start the control plane"))?;
        let server = config.server.clone();
        let count = server.threads.unwrap_or_else(available_cores);
        let listeners = Listeners::bind(&server, count)?;
        let addresses = listeners.addresses();

        let requests_max = config.concurrent_requests;
        let header_bytes = config.header_bytes;
        let tls = TlsInForce::new(server.grpc_tls, server.http_tls);
        let grpc = shares(listeners.grpc, tls.grpc.as_ref(), config.connections);
        let http = shares(listeners.http, tls.http.as_ref(), config.connections);
        let key = config.fingerprint_key.clone();
        let key = key.unwrap_or_else(FingerprintKey::random);
        let decisions = DecisionLog::new(config.log.decisions, key);
        let entered = runtime.enter();
        let metrics = Arc::new(Metrics::new());
        let signing = server
            .state_dir
            .map_or(issue::State::Memory, issue::State::Directory);
        let (mut authority, authorizer) = Authority::new(config, &clock, &metrics, signing)?;
        let gate = Gate::new(authorizer, clock, metrics, decisions, requests_max);
        let gate = authority.guard(gate);
        authority.trace();
        drop(entered);

        let phase = watch::Sender::new(Phase::Running);
        let (grpc_service, health) =
            GrpcService::new(Arc::clone(&gate), Arc::clone(authority.desk()));
        let http_service = HttpService::new(gate, server.original);
        let http_service = http_service.issuing(Arc::clone(authority.desk()));
        let closing = server.drain.saturating_sub(lame_duck_max(server.drain));
        let workers = grpc
            .zip(http)
            .enumerate()
            .map(|(index, (grpc, http))| Worker {
                index,
                grpc,
                http,
                grpc_service: grpc_service.clone(),
                http_service: http_service.clone(),
                header_bytes,
                phase: phase.subscribe(),
                closing,
            });
        let workers = workers.collect();
        let admin = <[Socket; 1]>::try_from(listeners.admin.into_sockets());
        let [admin] = admin.expect("one share was bound");
        let drain = server.drain;
        Ok(Self {
            runtime,
            authority,
            workers,
            health,
            admin,
            tls,
            addresses,
            phase,
            drain,
            origin,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Serves until `shutdown`, then drains: clients are asked to go elsewhere, what is in flight
    /// is answered.
    ///
    /// # Errors
    /// If a worker ends before its time.
    pub fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), AppError> {
        for (listener, address) in self.addresses.each() {
            tracing::info!(listener, %address, "listening");
        }
        let Self {
            runtime,
            authority,
            workers,
            health,
            admin,
            tls,
            phase,
            drain,
            origin,
            ..
        } = self;
        let (ended_sender, mut ended) = mpsc::unbounded_channel();
        for worker in workers {
            worker
                .spawn(ended_sender.clone())
                .map_err(system("cannot start a worker"))?;
        }
        // The workers hold the others: once all have ended, the channel says so.
        drop(ended_sender);
        let gate = authority.gate();
        let control = async {
            let control = Control::start(authority, admin, health, tls, origin)?;
            let outcome = tokio::select! {
                () = shutdown => Ok(()),
                Some(ended) = ended.recv() => {
                    let reason = reason(ended);
                    tracing::error!(reason, "a worker ended");
                    Err(AppError::Worker(reason))
                }
            };
            control.readiness.drain();
            end(&gate, &phase, drain, &mut ended).await;
            spans::end(&gate).await;
            control.stop();
            outcome
        };
        let outcome = runtime.block_on(control);
        // What a disk keeps waiting must not keep the process.
        runtime.shutdown_timeout(BLOCKED_END);
        outcome
    }
}

/// Everything that the service listens on.
struct Listeners {
    grpc: Bound,
    http: Bound,
    admin: Bound,
}

impl Listeners {
    fn bind(server: &ServerSettings, workers: usize) -> Result<Self, BindError> {
        Ok(Self {
            grpc: server.grpc.bind("server.grpc.listen", workers)?,
            http: server.http.bind("server.http.listen", workers)?,
            admin: server.admin.bind("server.admin.listen", 1)?,
        })
    }

    fn addresses(&self) -> Addresses {
        Addresses {
            grpc: self.grpc.local_addr().clone(),
            http: self.http.local_addr().clone(),
            admin: self.admin.local_addr().clone(),
        }
    }
}

/// Takes the data plane from running to ended.
async fn end(
    gate: &Gate,
    phase: &watch::Sender<Phase>,
    drain: Duration,
    ended: &mut mpsc::UnboundedReceiver<Ended>,
) {
    tracing::info!(?drain, "draining");
    gate.drain();
    phase.send_replace(Phase::Draining);
    let ending = tokio::time::Instant::now() + lame_duck_max(drain);
    while tokio::time::Instant::now() < ending {
        tokio::time::sleep(lame_duck_max(drain).min(SILENCE)).await;
        // Gateways that still ask have not heard of it.
        if !gate.was_asked() {
            break;
        }
    }
    phase.send_replace(Phase::Closing);
    // The channel is closed once all workers have ended.
    while ended.recv().await.is_some() {}
    tracing::info!("ended");
}

fn reason(ended: Ended) -> String {
    match ended {
        Ok(()) => "without being asked".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A share of a listener for each worker.
fn shares(bound: Bound, tls: Option<&Arc<Tls>>, connections: usize) -> impl Iterator<Item = Share> {
    let connections = Connections::new(connections);
    let tls = tls.cloned();
    let share = move |socket| Share {
        socket,
        door: Door::new(tls.clone()),
        connections: connections.clone(),
    };
    bound.into_sockets().into_iter().map(share)
}

/// How long a draining service accepts at most. It accepts until nobody has asked for [`SILENCE`]:
/// gateways hear of it from their next health check, or the one after it.
fn lame_duck_max(drain: Duration) -> Duration {
    drain / 2
}

/// The cores that this process may use: cgroup quotas and affinity count.
fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> AppError {
    move |source| AppError::System { what, source }
}

/// Without a request for so long, everybody has gone elsewhere.
const SILENCE: Duration = Duration::from_secs(1);
