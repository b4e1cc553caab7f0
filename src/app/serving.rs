//! One connection, from the door to its end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::phase::{Phase, reached};
use crate::limits::{
    CONNECTION_WINDOW_BYTES, HEADER_READ_TIMEOUT, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT,
    STREAM_WINDOW_BYTES, STREAMS_PER_CONNECTION,
};
use crate::listen::{Connection, Door, Protocol, Stream};

/// How connections are served.
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
        }
    }

    async fn asked(mut self) {
        reached(&mut self.phase, self.at).await;
        // A connection that was just accepted looks idle while its first request is on the way.
        sleep_until(self.accepted_at + FIRST_REQUEST_WAIT).await;
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
        sleep_until(leaving.accepted_at + FIRST_REQUEST_WAIT).await;
    };
    tokio::select! {
        opened = door.open(stream) => {
            let failed = |error| tracing::debug!(%error, "a connection was not opened");
            opened.map_err(failed).ok()
        }
        () = closed => None,
    }
}

/// Serves HTTP/2 alone.
pub(super) async fn serve_http2<S, B>(
    builders: &Builders,
    connection: Connection,
    service: S,
    leaving: Leaving,
) where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible> + 'static,
    S::Future: 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + 'static,
{
    let connection = TokioIo::new(connection);
    let served = builders.http2.serve_connection(connection, service);
    serve(served, leaving).await;
}

/// Serves what the client speaks.
pub(super) async fn serve_http<S, B>(
    builders: &Builders,
    protocol: Protocol,
    connection: Connection,
    service: S,
    leaving: Leaving,
) where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible> + 'static,
    S::Future: 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + 'static,
{
    match protocol {
        Protocol::Http1 => {
            let connection = TokioIo::new(connection);
            let served = builders.http1.serve_connection(connection, service);
            serve(served, leaving).await;
        }
        Protocol::Http2 => serve_http2(builders, connection, service, leaving).await,
    }
}

/// Serves one connection until the client ends it or it is asked to leave.
async fn serve(connection: impl GracefulConnection<Error = hyper::Error>, leaving: Leaving) {
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = leaving.asked() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // A client's mistake or a broken line: of interest to whoever debugs it, no more.
        tracing::debug!(%error, "connection ended with an error");
    }
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

/// How long the first request of a connection may be on its way when the worker closes.
const FIRST_REQUEST_WAIT: Duration = Duration::from_millis(200);
/// hyper asks for at least this much.
const HTTP1_BUFFER_BYTES_MIN: usize = 8192;
