//! One connection of `server.grpc`: HTTP/2 by `h2`, without a layer in between.
//!
//! Whatever has been read is answered before anything is written, so that many answers go out in
//! one system call. A `Check` is answered on the spot, because its message nearly always came along
//! with its headers; everything else becomes a task of its own.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use h2::server::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::keep_alive::{Health, KeepAlive};
use super::read_ahead::ReadAhead;
use super::service::GrpcService;
use crate::limits::{
    CONNECTION_WINDOW_BYTES, HEADER_READ_TIMEOUT, STREAM_WINDOW_BYTES, STREAMS_PER_CONNECTION,
};
use crate::listen::Farewell;

/// Serves `stream` until the client ends it or, once `leave` has come or the farewell is due and
/// there is a request, has nothing more to ask.
///
/// # Errors
/// If the client does not speak HTTP/2, or the line breaks: of interest to whoever debugs it.
pub async fn serve_connection<S>(
    stream: S,
    service: &GrpcService,
    header_bytes: usize,
    leave: impl Future<Output = ()>,
    farewell: &Farewell,
) -> Result<(), h2::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = builder(header_bytes).handshake::<_, Bytes>(ReadAhead::new(stream));
    let mut connection = match timeout(HEADER_READ_TIMEOUT, handshake).await {
        Ok(connection) => connection?,
        Err(_) => return Ok(()),
    };
    let mut keep_alive = KeepAlive::new(connection.ping_pong());
    let mut leave = pin!(leave);
    let mut is_leaving = false;
    let mut accepted = Vec::new();
    poll_fn(|context| {
        if !is_leaving && leave.as_mut().poll(context).is_ready() {
            is_leaving = true;
            connection.graceful_shutdown();
        }
        match keep_alive.poll(context) {
            Health::Alive => {}
            // What is still to be written would never be read.
            Health::Dead => return Poll::Ready(Ok(())),
        }
        loop {
            let ended = loop {
                match connection.poll_accept(context) {
                    Poll::Ready(Some(Ok(request))) => accepted.push(request),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(None) => break Poll::Ready(Ok(())),
                    Poll::Pending => break Poll::Pending,
                }
            };
            if accepted.is_empty() {
                return ended;
            }
            if !is_leaving && farewell.is_due() {
                // Written before the answers.
                is_leaving = true;
                connection.graceful_shutdown();
            }
            for (request, respond) in accepted.drain(..) {
                service.answer(request, respond, context);
            }
        }
    })
    .await
}

fn builder(header_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        // A gateway's clients take back as many requests at once as they like, and all that there are
        // may be in one read. The default of 20 would end the connection of everybody else.
        .max_pending_accept_reset_streams(STREAMS_PER_CONNECTION as usize)
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX));
    builder
}
