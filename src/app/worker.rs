//! One data-plane worker: a thread with a runtime of its own and its share of the listeners.
//!
//! Nothing a request needs crosses threads but counters and the published snapshots.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::phase::{Phase, reached};
use crate::grpc::{self, GrpcService};
use crate::http::HttpService;
use crate::limits::{
    CONNECTION_WINDOW_BYTES, HEADER_READ_TIMEOUT, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT,
    STREAM_WINDOW_BYTES, STREAMS_PER_CONNECTION,
};
use crate::listen::{Listener, Socket, Stream};

/// What a worker is given.
pub(super) struct Worker {
    /// Its number, from 0.
    pub(super) index: usize,
    /// Its share of `server.grpc`.
    pub(super) grpc: Socket,
    /// Its share of `server.http`.
    pub(super) http: Socket,
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
        let http_builder = Rc::new(connection_builder(header_bytes));
        let (grpc, http) = (self.grpc.listen()?, self.http.listen()?);
        let grpc_service = self.grpc_service;
        let grpc = accept(
            grpc,
            self.phase.clone(),
            self.closing,
            move |stream, phase| {
                let leave = time_to_leave(phase, Phase::Draining);
                let service = grpc_service.clone().for_client(stream.address());
                async move {
                    let served = grpc::serve_connection(stream, &service, header_bytes, leave);
                    if let Err(error) = served.await {
                        ended_badly(&error);
                    }
                }
            },
        );
        let http_service = self.http_service;
        let http = accept(http, self.phase, self.closing, move |stream, phase| {
            let service = http_service.clone().for_client(stream.address());
            let leave = time_to_leave(phase, Phase::Closing);
            serve_connection(Rc::clone(&http_builder), stream, service, leave)
        });
        let (grpc, http) = tokio::join!(grpc, http);
        grpc.and(http)
    }
}

/// Accepts until the phase is [`Phase::Closing`], then waits for the connections to end.
async fn accept<F: Future<Output = ()> + 'static>(
    mut listener: Listener,
    mut phase: watch::Receiver<Phase>,
    closing: Duration,
    serve: impl Fn(Stream, watch::Receiver<Phase>) -> F,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let state = phase.clone();
        tokio::select! {
            stream = listener.accept() => {
                connections.spawn_local(serve(stream?, state));
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = reached(&mut phase, Phase::Closing) => break,
        }
    }
    // What the kernel has accepted for us is in flight too.
    while let Ok(stream) = tokio::time::timeout(BACKLOG_WAIT, listener.accept()).await {
        connections.spawn_local(serve(stream?, phase.clone()));
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(closing, ended).await.is_err() {
        tracing::warn!(
            ?closing,
            "connections were still open when their time was up"
        );
    }
    Ok(())
}

/// Serves one connection until the client ends it or it is time to leave.
async fn serve_connection<S, B>(
    builder: Rc<auto::Builder<LocalExecutor>>,
    stream: Stream,
    service: S,
    leave: impl Future<Output = ()>,
) where
    S: hyper::service::Service<
            http::Request<hyper::body::Incoming>,
            Response = http::Response<B>,
            Error = Infallible,
        > + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + 'static,
{
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = leave => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        ended_badly(&error);
    }
}

/// When a connection that is accepted now is to be ended: in the phase `asked_at`.
fn time_to_leave(mut phase: watch::Receiver<Phase>, asked_at: Phase) -> impl Future<Output = ()> {
    let accepted_at = Instant::now();
    // Whoever came late was not told before: it may stay until the end.
    let is_late = *phase.borrow() >= asked_at;
    let leaves_at = if is_late { Phase::Closing } else { asked_at };
    async move {
        reached(&mut phase, leaves_at).await;
        // A connection that was just accepted looks idle while its first request is on the way.
        tokio::time::sleep_until(accepted_at + FIRST_REQUEST_WAIT).await;
    }
}

/// A client's mistake or a broken line: of interest to whoever debugs it, no more.
fn ended_badly(error: &dyn std::fmt::Display) {
    tracing::debug!(%error, "connection ended with an error");
}

fn connection_builder(header_bytes: usize) -> auto::Builder<LocalExecutor> {
    let mut builder = auto::Builder::new(LocalExecutor);
    builder
        .http1()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(header_bytes.max(HTTP1_BUFFER_BYTES_MIN));
    builder
        .http2()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    builder
}

/// Runs the streams of a connection on the worker's own thread.
#[derive(Clone, Copy, Debug)]
struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// How long the kernel may take to hand over a connection that it accepted.
const BACKLOG_WAIT: Duration = Duration::from_millis(1);
/// How long the first request of a connection may be on its way when the worker closes.
const FIRST_REQUEST_WAIT: Duration = Duration::from_millis(200);
/// hyper asks for at least this much.
const HTTP1_BUFFER_BYTES_MIN: usize = 8192;
