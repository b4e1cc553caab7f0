//! Handshakes on one worker, beside the requests of others.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::limits::HANDSHAKES_AT_ONCE;

/// The handshakes of one listener on one worker.
///
/// A handshake costs as much as hundreds of requests, and a thousand gateways may come back at the
/// same moment. So the costly step, from the client's greeting to our signature, is taken in turns:
/// [`HANDSHAKES_AT_ONCE`] of them, then the runtime looks at its sockets again, where the requests
/// of those who are connected wait. Clients that are slow to say something hold no turn.
#[derive(Clone, Debug)]
pub(crate) struct Handshakes {
    tls: Arc<Tls>,
    turns: Arc<Semaphore>,
}

impl Handshakes {
    pub(crate) fn new(tls: Arc<Tls>) -> Self {
        Self {
            tls,
            turns: Arc::new(Semaphore::new(HANDSHAKES_AT_ONCE)),
        }
    }

    /// Shakes hands over `stream`. Takes as long as the client wishes: give it a bound.
    ///
    /// # Errors
    /// If the client is not let in or does not speak TLS.
    pub(crate) async fn shake(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        let turn = self.turns.acquire().await;
        // Looked up now: whoever waited longer gets the newer certificate.
        let config = self.tls.in_force.load_full();
        let mut rest = pin!(hello.into_stream(config));
        let first = poll_fn(|context| Poll::Ready(rest.as_mut().poll(context))).await;
        if let Poll::Ready(done) = first {
            return done;
        }
        yield_now().await;
        drop(turn);
        rest.await
    }
}
