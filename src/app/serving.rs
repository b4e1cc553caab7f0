//! One connection, from the door to its end.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::phase::{Phase, reached};
use super::watched::Watched;
use crate::grpc::{self, GrpcService};
use crate::http::HttpService;
use crate::limits::{
    CONNECTION_WINDOW_BYTES, HEADER_READ_TIMEOUT, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT,
    STREAM_WINDOW_BYTES, STREAMS_PER_CONNECTION,
};
use crate::listen::{Connection, Door, Farewell, Protocol, Stream};

/// How connections of HTTP are served.
pub(super) struct Builders {
    http1: http1::Builder,
    http2: http2::Builder<LocalExecutor>,
}

impl Builders {
    /// With room for headers of so many bytes in each request.
    pub(super) fn new(header_bytes: usize) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_buf_size(header_bytes.max(HTTP1_BUFFER_BYTES_MIN));
        let mut http2 = http2::Builder::new(LocalExecutor);
        http2
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_concurrent_streams(STREAMS_PER_CONNECTION)
            // As for gRPC: what one client takes back must not end the connection of its gateway.
            .max_pending_accept_reset_streams(STREAMS_PER_CONNECTION as usize)
            .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
        Self { http1, http2 }
    }
}

/// When a connection is asked to leave.
pub(super) struct Leaving {
    phase: watch::Receiver<Phase>,
    at: Phase,
    accepted_at: Instant,
    farewell: Rc<Farewell>,
}

impl Leaving {
    /// For a connection that was accepted now: once the phase is `at`. Whoever comes when it was
    /// reached already was not told before, and may stay until the end.
    pub(super) fn new(phase: watch::Receiver<Phase>, at: Phase) -> Self {
        let is_late = *phase.borrow() >= at;
        Self {
            phase,
            at: if is_late { Phase::Closing } else { at },
            accepted_at: Instant::now(),
            farewell: Rc::default(),
        }
    }

    /// Ends a while after the phase came. Meanwhile the next request is the moment for a farewell.
    async fn silent(mut self) {
        reached(&mut self.phase, self.at).await;
        self.farewell.due();
        sleep(REQUEST_WAIT).await;
    }
}

/// Lets a connection in; `None` if it leaves, is not let in, or says nothing until the worker ends.
pub(super) async fn enter(
    door: &Door,
    stream: Stream,
    leaving: &Leaving,
) -> Option<(Protocol, Connection)> {
    let mut phase = leaving.phase.clone();
    let closed = async {
        reached(&mut phase, Phase::Closing).await;
        sleep_until(leaving.accepted_at + REQUEST_WAIT).await;
    };
    tokio::select! {
        opened = door.open(stream) => {
            let failed = |error| tracing::debug!(%error, "a connection was not opened");
            opened.map_err(failed).ok()
        }
        () = closed => None,
    }
}

/// Serves gRPC.
pub(super) async fn serve_grpc(
    connection: Connection,
    service: &GrpcService,
    header_bytes: usize,
    leaving: Leaving,
) {
    let farewell = Rc::clone(&leaving.farewell);
    let silent = leaving.silent();
    let served = grpc::serve_connection(connection, service, header_bytes, silent, &farewell);
    if let Err(error) = served.await {
        ended_badly(&error);
    }
}

/// Serves what the client speaks.
pub(super) async fn serve_http(
    builders: &Builders,
    protocol: Protocol,
    connection: Connection,
    service: HttpService,
    leaving: Leaving,
) {
    let connection = TokioIo::new(connection);
    let asked = Rc::new(Notify::new());
    let farewell = Rc::clone(&leaving.farewell);
    let service = Watched::new(service, farewell, Rc::clone(&asked));
    let leave = async move {
        tokio::select! {
            () = leaving.silent() => {}
            () = asked.notified() => {}
        }
    };
    match protocol {
        Protocol::Http1 => serve(builders.http1.serve_connection(connection, service), leave).await,
        Protocol::Http2 => serve(builders.http2.serve_connection(connection, service), leave).await,
    }
}

/// Serves one connection until the client ends it or it is time to leave.
async fn serve(
    connection: impl GracefulConnection<Error = hyper::Error>,
    leave: impl Future<Output = ()>,
) {
    let mut connection = pin!(connection);
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

/// A client's mistake or a broken line: of interest to whoever debugs it, no more.
fn ended_badly(error: &dyn fmt::Display) {
    tracing::debug!(%error, "connection ended with an error");
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

/// How long a request is waited for on a connection that is to be ended. One that was just
/// accepted looks idle while its first request is on the way.
const REQUEST_WAIT: Duration = Duration::from_millis(500);
/// hyper asks for at least this much.
const HTTP1_BUFFER_BYTES_MIN: usize = 8192;
