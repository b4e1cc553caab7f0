//! Asking the admin listener.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{error::Elapsed, timeout};

use crate::admin::Status;
use crate::listen::{Address, Stream};

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum FetchError {
    #[error("cannot connect: {0}")]
    Connect(#[from] io::Error),
    #[error("no HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("it answers with {0}")]
    Refused(StatusCode),
    #[error("the answer cannot be read: {0}")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the answer is not a status: {0}")]
    Document(#[from] serde_json::Error),
    #[error("no answer within {} seconds", TIMEOUT.as_secs())]
    Slow(#[from] Elapsed),
}

/// The status of the instance whose admin listener is at `admin`.
pub(super) fn status(admin: &Address) -> Result<Status, FetchError> {
    match ask(admin, &Method::GET, "/status")? {
        (StatusCode::OK, body) => Ok(serde_json::from_slice(&body)?),
        (status, _) => Err(FetchError::Refused(status)),
    }
}

/// What the admin listener at `admin` answers: status and body.
pub(in crate::cli) fn ask(
    admin: &Address,
    method: &Method,
    path: &str,
) -> Result<(StatusCode, Bytes), FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async { timeout(TIMEOUT, fetch(admin, method, path)).await? })
}

async fn fetch(
    admin: &Address,
    method: &Method,
    path: &str,
) -> Result<(StatusCode, Bytes), FetchError> {
    let stream = match admin {
        Address::Tcp(address) => Stream::Tcp(TcpStream::connect(address).await?),
        Address::Unix(path) => Stream::Unix(UnixStream::connect(path).await?),
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "jotgate")
        .body(Empty::<Bytes>::new())
        .expect("the parts of the request are constants");
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX);
        let body = body.collect().await.map_err(FetchError::Body)?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(connection, answer);
    // The connection has to be driven while the answer is awaited. It may end first, once it has
    // handed over everything; what went wrong then shows in the answer.
    tokio::select! {
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}

/// For everything together.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Far more than the keys of all issuers take; whatever answers with more is not jotgate.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
