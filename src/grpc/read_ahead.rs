//! Reads as much as the kernel has in one system call.
//!
//! `h2` asks for what fits into its own buffer, a few requests at a time. Behind this it gets the
//! same bytes, and a busy connection makes one call where it made four. An idle connection holds
//! no buffer.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::READ_AHEAD_BYTES;

/// A stream that is read ahead.
#[derive(Debug)]
pub(super) struct ReadAhead<S> {
    inner: S,
    /// Room for what was read; none while nothing is left of it.
    buffer: Option<Box<[u8]>>,
    /// Where what is left starts and ends.
    left: Range<usize>,
}

impl<S> ReadAhead<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self {
            inner,
            buffer: None,
            left: 0..0,
        }
    }
}

thread_local! {
    /// The buffer of whoever read last on this worker, for whoever is next.
    static SPARE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

fn buffer() -> Box<[u8]> {
    SPARE
        .take()
        .unwrap_or_else(|| vec![0; READ_AHEAD_BYTES].into())
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left.is_empty() {
            let buffer = this.buffer.get_or_insert_with(buffer);
            let mut ahead = ReadBuf::new(buffer);
            match Pin::new(&mut this.inner).poll_read(context, &mut ahead) {
                Poll::Ready(outcome) => outcome?,
                Poll::Pending => {
                    SPARE.set(this.buffer.take());
                    return Poll::Pending;
                }
            }
            this.left = 0..ahead.filled().len();
        }
        let buffer = this.buffer.as_deref().unwrap_or_default();
        let next = &buffer[this.left.clone()];
        let taken = next.len().min(room.remaining());
        room.put_slice(&next[..taken]);
        this.left.start += taken;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, parts)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::ReadAhead;
    use crate::limits::READ_AHEAD_BYTES;

    #[tokio::test]
    async fn all_bytes_come_in_order_whatever_the_room() {
        let sent: Vec<u8> = (0..3 * READ_AHEAD_BYTES + 7).map(|at| at as u8).collect();
        for room in [1, 1000, READ_AHEAD_BYTES, 4 * READ_AHEAD_BYTES] {
            let (mut writer, reader) = duplex(2 * READ_AHEAD_BYTES);
            let mut reader = ReadAhead::new(reader);
            let mut received = Vec::new();
            let write = async {
                writer.write_all(&sent).await.expect("room");
                drop(writer);
            };
            let read = async {
                let mut part = vec![0; room];
                loop {
                    let count = reader.read(&mut part).await.expect("open");
                    if count == 0 {
                        break;
                    }
                    received.extend_from_slice(&part[..count]);
                }
            };
            tokio::join!(write, read);
            assert!(received == sent, "{room}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_waits_holds_no_buffer() {
        let (mut writer, reader) = duplex(64);
        let mut reader = ReadAhead::new(reader);
        writer.write_all(b"abc").await.expect("room");
        assert_eq!(reader.read_u8().await.expect("a byte"), b'a');
        assert!(reader.buffer.is_some());
        assert_eq!(reader.read_u16().await.expect("two bytes"), 0x6263);
        let waited = std::future::poll_fn(|context| {
            let mut room = [0; 1];
            let mut room = tokio::io::ReadBuf::new(&mut room);
            let polled = tokio::io::AsyncRead::poll_read(
                std::pin::Pin::new(&mut reader),
                context,
                &mut room,
            );
            std::task::Poll::Ready(polled.is_pending())
        });
        assert!(waited.await);
        assert!(reader.buffer.is_none());
    }
}
