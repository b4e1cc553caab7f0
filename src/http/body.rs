//! The body of a request, read whole.

use std::pin::pin;

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::gate::{Gate, NotTaken, Parts};

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

/// Reads at most `bytes_max` bytes, as one of the requests that wait. Their heads wait with
/// them.
pub(super) async fn read<B: Body>(
    gate: &Gate,
    headers: &HeaderMap,
    body: B,
    bytes_max: usize,
) -> Result<Bytes, Unread> {
    let _waiting = gate.wait().ok_or(Unread::Overloaded)?;
    let _head = gate.bodies().hold_head(headers).ok_or(Unread::Overloaded)?;
    let mut parts = Parts::new(bytes_max);
    let mut body = pin!(body);
    while let Some(frame) = body.frame().await {
        let Ok(mut part) = frame.map_err(|_| Unread::Incomplete)?.into_data() else {
            continue;
        };
        let length = part.remaining();
        let part = part.copy_to_bytes(length);
        parts
            .push(part, gate.bodies())
            .map_err(|not_taken| match not_taken {
                NotTaken::TooLong => Unread::TooLong,
                NotTaken::Overloaded => Unread::Overloaded,
            })?;
    }
    Ok(parts.whole())
}
