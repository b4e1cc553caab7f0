//! The loop that accepts connections, and what one may take.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Admin;
use super::respond::{Answer, does_something, problem, respond};
use crate::limits::{ADMIN_CONNECTIONS, ADMIN_HEAD_BYTES, ADMIN_TIMEOUT};
use crate::listen::{Listener, Stream};

/// Serves the admin endpoints until `shutdown`, then waits for the answers under way. Keeps the
/// metrics tidy meanwhile.
///
/// # Errors
/// If the listener breaks.
pub async fn serve(
    mut listener: Listener,
    admin: Arc<Admin>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    let mut upkeep = interval(UPKEEP_EVERY);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            stream = listener.accept() => {
                let stream = stream?;
                // Beyond the cap the oldest has to go: a probe asks as soon as it is connected, so
                // those are clients that do nothing.
                oldest.retain(|handle| !handle.is_finished());
                if oldest.len() >= ADMIN_CONNECTIONS
                    && let Some(idle) = oldest.pop_front()
                {
                    idle.abort();
                }
                oldest.push_back(connections.spawn(connection(stream, Arc::clone(&admin))));
            }
            Some(_) = connections.join_next() => {}
            _ = upkeep.tick() => admin.metrics.upkeep(),
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn answer(admin: Arc<Admin>, request: Request<Incoming>) -> Answer {
    let (head, _) = request.into_parts();
    if !does_something(head.uri.path()) {
        return respond(&admin, &head.method, head.uri.path());
    }
    // It takes locks that other processes may hold, and a disk its time: nothing else is to wait.
    let done = spawn_blocking(move || respond(&admin, &head.method, head.uri.path()));
    done.await.unwrap_or_else(|error| {
        let detail = format!("it was not done: {error}");
        problem(StatusCode::INTERNAL_SERVER_ERROR, &detail)
    })
}

/// One connection is one request, and both together may take [`ADMIN_TIMEOUT`]: a client
/// that is slow to ask or slow to read holds nothing for longer.
async fn connection(stream: Stream, admin: Arc<Admin>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let admin = Arc::clone(&admin);
        async move { Ok::<_, Infallible>(answer(admin, request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(ADMIN_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(ADMIN_TIMEOUT, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an admin client left or sent no HTTP"),
        Err(_) => tracing::debug!("an admin client was too slow"),
    }
}

/// How long samples wait until they are put into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(1);
