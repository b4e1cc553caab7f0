//! The body of a request, read whole.

use std::pin::pin;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::gate::Gate;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than allowed.
    TooLong,
    /// Too many requests wait for their bodies, or too much has come of them.
    Overloaded,
    /// The client did not send all of it.
    Incomplete,
}

/// Reads at most `bytes_max` bytes, as one of the requests that wait.
pub(super) async fn read<B: Body>(gate: &Gate, body: B, bytes_max: usize) -> Result<Bytes, Unread> {
    let _waiting = gate.wait().ok_or(Unread::Overloaded)?;
    let mut held = gate.bodies().begin();
    let mut body = pin!(body);
    let mut before = BytesMut::new();
    let mut last = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut part) = frame.map_err(|_| Unread::Incomplete)?.into_data() else {
            continue;
        };
        if !last.is_empty() {
            if !held.grow(last.len()) {
                return Err(Unread::Overloaded);
            }
            before.extend_from_slice(&last);
        }
        let length = part.remaining();
        last = part.copy_to_bytes(length);
        if before.len() + last.len() > bytes_max {
            return Err(Unread::TooLong);
        }
    }
    if before.is_empty() {
        return Ok(last);
    }
    before.extend_from_slice(&last);
    Ok(before.freeze())
}
