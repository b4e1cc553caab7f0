//! The calls of a connection that are under way.

use std::time::Instant;

use crate::frames::{END_STREAM, Frame};

/// One call.
pub(crate) struct Call {
    pub(crate) stream: u32,
    /// When the message that is being answered was due.
    pub(crate) due: Instant,
    /// What the server takes of this call.
    pub(crate) window: i64,
    /// What has come of a message.
    received: Vec<u8>,
    /// How many whole messages came.
    pub(crate) answers: u64,
}

impl Call {
    pub(crate) const fn new(stream: u32, due: Instant, window: i64) -> Self {
        Self {
            stream,
            due,
            window,
            received: Vec::new(),
            answers: 0,
        }
    }

    /// Takes a DATA frame in; hands out the start of each message that is whole now.
    pub(crate) fn receive(&mut self, payload: &[u8], mut answer: impl FnMut(Start)) {
        self.received.extend_from_slice(payload);
        let mut rest = &self.received[..];
        while let Some((head, after)) = rest.split_at_checked(5) {
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let Some((message, after)) = after.split_at_checked(length) else {
                break;
            };
            let mut start = Start::default();
            let known = message.len().min(start.len());
            start[..known].copy_from_slice(&message[..known]);
            answer(start);
            self.answers += 1;
            rest = after;
        }
        let done = self.received.len() - rest.len();
        self.received.drain(..done);
    }
}

/// The first bytes of a message: enough to tell an allowing answer from a refusing one.
pub(crate) type Start = [u8; 4];

/// Whether a frame is the last of its stream.
pub(crate) const fn is_last(frame: &Frame<'_>) -> bool {
    frame.flags & END_STREAM != 0
}
