//! What comes before the first request: a handshake, and which protocol is spoken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};

use super::Stream;
use super::tls::{Handshakes, Tls};
use crate::limits::{GREETING_TIMEOUT, LINGER};

/// Where the connections of one listener come in, on one worker.
#[derive(Clone, Debug)]
pub struct Door {
    handshakes: Option<Handshakes>,
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Anything else.
    Http1,
    /// It sent the preface of RFC 9113 3.4.
    Http2,
}

/// A connection whose client has said what it speaks. Nothing of that is lost: it is read again.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    greeting: Greeting,
    lingering: Option<Pin<Box<Sleep>>>,
}

/// The first bytes, as far as they were read and not read again.
#[derive(Clone, Copy, Debug)]
struct Greeting {
    bytes: [u8; PREFACE.len()],
    start: u8,
    end: u8,
}

impl Door {
    /// A door with or without TLS.
    #[must_use]
    pub fn new(tls: Option<Arc<Tls>>) -> Self {
        Self {
            handshakes: tls.map(Handshakes::new),
        }
    }

    /// Shakes hands if that is asked here, and finds out what the client speaks.
    ///
    /// # Errors
    /// If the client leaves, is not let in, or takes longer than [`GREETING_TIMEOUT`].
    pub async fn open(&self, stream: Stream) -> io::Result<(Protocol, Connection)> {
        let opened = async {
            let stream = match (&self.handshakes, stream) {
                (Some(handshakes), Stream::Tcp(stream)) => {
                    Stream::Tls(Box::new(handshakes.shake(stream).await?))
                }
                // Whoever may connect to a Unix socket is told by its mode.
                (_, stream) => stream,
            };
            greeted(stream).await
        };
        match timeout(GREETING_TIMEOUT, opened).await {
            Ok(opened) => opened,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Reads until it is certain what is spoken, and no further than the preface.
async fn greeted(mut stream: Stream) -> io::Result<(Protocol, Connection)> {
    let mut bytes = [0; PREFACE.len()];
    let mut read = 0;
    while read < PREFACE.len() && bytes[..read] == PREFACE[..read] {
        match stream.read(&mut bytes[read..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    let protocol = if bytes == *PREFACE {
        Protocol::Http2
    } else {
        Protocol::Http1
    };
    let greeting = Greeting {
        bytes,
        start: 0,
        end: u8::try_from(read).expect("the preface is short"),
    };
    let connection = Connection {
        stream,
        greeting,
        lingering: None,
    };
    Ok((protocol, connection))
}

impl Connection {
    /// Reads and drops what still comes, until the other side has ended or had its time.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let end = self
            .lingering
            .get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut dropped = [0; 4096];
        loop {
            if end.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Greeting { bytes, start, end } = &mut this.greeting;
        if start < end {
            let rest = &bytes[usize::from(*start)..usize::from(*end)];
            let taken = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..taken]);
            *start += u8::try_from(taken).expect("the preface is short");
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    /// Says that nothing more comes from us, and lingers for [`LINGER`] at most.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        this.poll_linger(context).map(Ok)
    }
}

/// RFC 9113 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
