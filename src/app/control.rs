//! What runs beside the data plane: readiness, health, metrics, reloads, the schedule of signing keys.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic_health::ServingStatus;

use super::authority::Authority;
use super::reload::{Reloader, TlsInForce};
use super::{AppError, Origin, system};
use crate::admin::{self, Admin, Readiness, StatusSource as _};
use crate::grpc::{HealthReporter, report_health};
use crate::listen::Socket;

/// What runs beside the data plane.
pub(super) struct Control {
    /// Whether traffic may come.
    pub(super) readiness: Arc<Readiness>,
    tasks: Vec<JoinHandle<()>>,
}

impl Control {
    /// Starts all of it.
    ///
    /// # Errors
    /// If the admin listener cannot listen.
    pub(super) fn start(
        authority: Authority,
        admin: Socket,
        health: HealthReporter,
        tls: TlsInForce,
        origin: Option<Origin>,
    ) -> Result<Self, AppError> {
        let listener = admin
            .listen()
            .map_err(system("cannot listen for admin requests"))?;
        let readiness = Arc::new(Readiness::new());
        let metrics = Arc::clone(authority.gate().metrics());
        let shared = authority.share();
        let ready = {
            let readiness = Arc::clone(&readiness);
            let shared = shared.clone();
            async move {
                // A reload on the way may bring issuers that were not waited for.
                while !shared.awaited_issuers().is_empty() {
                    shared.awaited().await;
                }
                tracing::info!("ready: every issuer that is not optional has keys");
                readiness.ready();
            }
        };
        let health = follow(readiness.subscribe(), health);
        let admin = Arc::new(Admin::new(metrics, Arc::clone(&readiness), shared.clone()));
        let serve = async move {
            if let Err(error) = admin::serve(listener, admin, std::future::pending()).await {
                tracing::error!(%error, "the admin listener broke");
            }
        };
        let issue = Arc::clone(shared.desk()).run();
        let mut tasks = vec![
            tokio::spawn(ready),
            tokio::spawn(health),
            tokio::spawn(serve),
            tokio::spawn(issue),
        ];
        if let Some(origin) = origin {
            tasks.push(tokio::spawn(Reloader::new(origin, shared, tls).run()));
        }
        Ok(Self { readiness, tasks })
    }

    /// Ends all of it.
    pub(super) fn stop(self) {
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Says over gRPC what `/readyz` says, so that a gateway waits for the keys, too.
async fn follow(mut readiness: watch::Receiver<admin::State>, health: HealthReporter) {
    loop {
        let status = match *readiness.borrow_and_update() {
            admin::State::Ready => ServingStatus::Serving,
            admin::State::Starting | admin::State::Draining => ServingStatus::NotServing,
        };
        report_health(&health, status).await;
        if readiness.changed().await.is_err() {
            break;
        }
    }
}
