//! Accepting connections on a worker's runtime.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::server::TlsStream;

use super::bind::{Socket, SocketKind};
use super::newcomers;
use super::unix::SocketFile;
use crate::limits::ACCEPT_PAUSE;

/// A listener on one runtime.
#[derive(Debug)]
pub struct Listener {
    kind: ListenerKind,
    file: Option<Arc<SocketFile>>,
}

#[derive(Debug)]
enum ListenerKind {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// One connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP, with `TCP_NODELAY`: answers are small and somebody waits for each.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
    /// TLS over TCP. In a box, because it is larger by far than the others, which pay nothing for it.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Where it comes from; nothing for a Unix socket.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let stream = match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            Self::Unix(_) => return None,
        };
        Some(stream.peer_addr().ok()?.ip().to_canonical())
    }
}

impl Listener {
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        let kind = match socket.kind {
            SocketKind::Tcp(listener) => ListenerKind::Tcp(TcpListener::from_std(listener)?),
            SocketKind::Unix(listener) => ListenerKind::Unix(UnixListener::from_std(listener)?),
        };
        Ok(Self {
            kind,
            file: socket.file,
        })
    }

    /// The next connection. May be dropped at any time without losing one.
    ///
    /// A client that has left is skipped; when the process is out of descriptors or memory it
    /// waits a little and tries again, because giving up would end the service and spinning would
    /// take the time that could end the shortage.
    ///
    /// # Errors
    /// If the listener itself is broken, and no later call will succeed.
    pub async fn accept(&mut self) -> io::Result<Stream> {
        loop {
            let error = match self.accept_once().await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            match after(&error) {
                After::Next => {}
                After::Pause => {
                    tracing::warn!(%error, "cannot accept connections for now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                After::GiveUp => return Err(error),
            }
        }
    }

    /// Lets nobody come any more. Whoever came before is still accepted, so that after this the
    /// listener can be emptied and dropped: dropping one resets whatever is left in it.
    ///
    /// The file of a Unix socket is removed, once all workers have said so. Where the system cannot
    /// do it for TCP, connections come until the listener is dropped.
    pub fn turn_away(&mut self) {
        drop(self.file.take());
        if let ListenerKind::Tcp(listener) = &self.kind
            && let Err(error) = newcomers::turn_away(listener)
        {
            tracing::debug!(%error, "new connections come until the listener is closed");
        }
    }

    async fn accept_once(&self) -> io::Result<Stream> {
        match &self.kind {
            ListenerKind::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Fails only if the client has left, which the first read will show.
                let _ = stream.set_nodelay(true);
                Ok(Stream::Tcp(stream))
            }
            ListenerKind::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Stream::Unix(stream))
            }
        }
    }
}

/// What to do after a failed accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It was about that one connection (accept(2), "Error handling").
    Next,
    /// The process or the system is short of something.
    Pause,
    /// It will never work.
    GiveUp,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the standard library's list of errors grows"
)]
fn after(error: &io::Error) -> After {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::Interrupted
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NotConnected
        | io::ErrorKind::WouldBlock => After::Next,
        // Not listening any more.
        io::ErrorKind::InvalidInput => After::GiveUp,
        _ => After::Pause,
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    /// Vectored writes would be no gain: for the sake of them h2 sends every answer of 256 bytes and
    /// more by itself, and so a system call for each. Without them it puts answers up to 1 KiB into
    /// one buffer, and many into one call.
    fn is_write_vectored(&self) -> bool {
        false
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{After, after};
    use std::io;

    #[test]
    fn a_client_that_left_is_skipped_and_a_shortage_is_waited_out() {
        // Numbers of Linux: ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL.
        for (number, expected) in [
            (103, After::Next),
            (4, After::Next),
            (24, After::Pause),
            (23, After::Pause),
            (105, After::Pause),
            (12, After::Pause),
            (22, After::GiveUp),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(after(&error), expected, "{error}");
        }
    }
}
