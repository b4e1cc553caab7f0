//! One data-plane worker: a thread with a runtime of its own and its share of the listeners.
//!
//! Nothing a request needs crosses threads but counters and the published snapshots.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, timeout_at};

use super::phase::{Phase, reached};
use super::serving::{Builders, Leaving, enter, serve_grpc, serve_http};
use crate::grpc::GrpcService;
use crate::http::HttpService;
use crate::listen::{Connections, Door, Listener, Protocol, Socket, Stream};

/// What a worker is given.
pub(super) struct Worker {
    /// Its number, from 0.
    pub(super) index: usize,
    /// Its share of `server.grpc`.
    pub(super) grpc: Share,
    /// Its share of `server.http`.
    pub(super) http: Share,
    /// Who answers gRPC.
    pub(super) grpc_service: GrpcService,
    /// Who answers HTTP.
    pub(super) http_service: HttpService,
    /// Bytes of one request's headers.
    pub(super) header_bytes: usize,
    /// When to stop.
    pub(super) phase: watch::Receiver<Phase>,
    /// How long connections may take to end once the worker closes.
    pub(super) closing: Duration,
}

/// A worker's share of a listener.
pub(super) struct Share {
    /// Where connections come from.
    pub(super) socket: Socket,
    /// Where they come in.
    pub(super) door: Door,
    /// Those of all workers.
    pub(super) connections: Connections,
}

/// How a worker ended.
pub(super) type Ended = io::Result<()>;

impl Worker {
    /// Starts it. The thread ends when the phase is [`Phase::Closing`] and every connection has
    /// ended or had its time; or at once, with an error, if a listener breaks. Then it says so.
    ///
    /// # Errors
    /// If the thread cannot be made.
    pub(super) fn spawn(self, ended: mpsc::UnboundedSender<Ended>) -> io::Result<()> {
        let thread = std::thread::Builder::new().name(format!("jotgate-{}", self.index));
        thread.spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run()));
            let panicked = |_| Err(io::Error::other("it panicked"));
            // Nobody listens any more when the process ends.
            let _ = ended.send(outcome.unwrap_or_else(panicked));
        })?;
        Ok(())
    }

    fn run(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, self.serve())
    }

    async fn serve(self) -> io::Result<()> {
        let header_bytes = self.header_bytes;
        let builders = Rc::new(Builders::new(header_bytes));
        let (grpc_service, http_service) = (self.grpc_service, self.http_service);
        let grpc = accept(
            self.grpc,
            self.phase.clone(),
            self.closing,
            move |door, stream, phase| {
                let service = grpc_service.clone().for_client(stream.address());
                async move {
                    let leaving = Leaving::new(phase, Phase::Draining);
                    match enter(&door, stream, &leaving).await {
                        Some((Protocol::Http2, connection)) => {
                            serve_grpc(connection, &service, header_bytes, leaving).await;
                        }
                        // Nobody who asks for gRPC comes with HTTP/1.1.
                        Some((Protocol::Http1, _)) | None => {}
                    }
                }
            },
        );
        let http = accept(
            self.http,
            self.phase,
            self.closing,
            move |door, stream, phase| {
                let builders = Rc::clone(&builders);
                let service = http_service.clone().for_client(stream.address());
                async move {
                    let leaving = Leaving::new(phase, Phase::Closing);
                    if let Some((protocol, connection)) = enter(&door, stream, &leaving).await {
                        serve_http(&builders, protocol, connection, service, leaving).await;
                    }
                }
            },
        );
        // Half a worker would be one that nobody replaces.
        tokio::try_join!(grpc, http)?;
        Ok(())
    }
}

/// Accepts until the phase is [`Phase::Closing`], then waits for the connections to end.
async fn accept<F: Future<Output = ()> + 'static>(
    share: Share,
    mut phase: watch::Receiver<Phase>,
    closing: Duration,
    serve: impl Fn(Rc<Door>, Stream, watch::Receiver<Phase>) -> F,
) -> io::Result<()> {
    let mut listener: Listener = share.socket.listen()?;
    let door = Rc::new(share.door);
    let mut serving = JoinSet::new();
    let admit = |stream: Stream, serving: &mut JoinSet<()>, phase| {
        let Some(counting) = share.connections.admit() else {
            return;
        };
        let served = serve(Rc::clone(&door), stream, phase);
        serving.spawn_local(async move {
            served.await;
            drop(counting);
        });
    };
    loop {
        let state = phase.clone();
        tokio::select! {
            stream = listener.accept() => admit(stream?, &mut serving, state),
            Some(_) = serving.join_next(), if !serving.is_empty() => {}
            () = reached(&mut phase, Phase::Closing) => break,
        }
    }
    let end = Instant::now() + closing;
    // What the kernel has accepted for us is in flight too, and must not become more.
    listener.turn_away();
    let silence = || end.min(Instant::now() + BACKLOG_WAIT);
    while let Ok(stream) = timeout_at(silence(), listener.accept()).await {
        admit(stream?, &mut serving, phase.clone());
    }
    drop(listener);
    let ended = async { while serving.join_next().await.is_some() {} };
    if timeout_at(end, ended).await.is_err() {
        tracing::warn!(
            ?closing,
            "connections were still open when their time was up"
        );
    }
    Ok(())
}

/// How long a handshake that had begun may take: newcomers wait for nothing meanwhile.
const BACKLOG_WAIT: Duration = Duration::from_millis(10);
