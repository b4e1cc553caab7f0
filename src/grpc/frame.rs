//! How gRPC sends a message: whether it is compressed, its length, the message.

use bytes::{Buf as _, Bytes};
use prost::Message;

/// Bytes before a message.
pub(super) const PREFIX_BYTES: usize = 5;

/// An encoded message as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed(pub(super) Bytes);

impl Framed {
    /// The message.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.0[PREFIX_BYTES..]
    }
}

/// Encodes `message` with its prefix.
pub(super) fn frame(message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut framed = Vec::with_capacity(PREFIX_BYTES + length);
    framed.push(0);
    let length = u32::try_from(length).expect("answers are far below 4 GiB");
    framed.extend_from_slice(&length.to_be_bytes());
    message.encode(&mut framed).expect("a vector grows");
    framed
}

/// The one message in the body of a unary call; `None` if it is compressed, cut or not alone.
pub(super) fn only_message(mut body: Bytes) -> Option<Bytes> {
    if body.len() < PREFIX_BYTES || body.get_u8() != 0 {
        return None;
    }
    let length = usize::try_from(body.get_u32()).ok()?;
    (body.len() == length).then_some(body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Framed, frame, only_message};

    #[test]
    fn what_is_framed_is_the_only_message() {
        let framed = frame(&"twelve bytes".to_owned());
        let message = only_message(framed.clone().into()).expect("one message");
        assert_eq!(Framed(framed.into()).message(), &message[..]);
    }

    #[test]
    fn a_message_that_is_compressed_cut_or_not_alone_is_none() {
        for body in [
            &b""[..],
            b"\0\0\0\0",
            b"\x01\0\0\0\0",
            b"\0\0\0\0\x02a",
            b"\0\0\0\0\x01ab",
            b"\0\xff\xff\xff\xffa",
        ] {
            assert_eq!(only_message(Bytes::copy_from_slice(body)), None, "{body:?}");
        }
        let empty = only_message(Bytes::from_static(b"\0\0\0\0\0"));
        assert_eq!(empty, Some(Bytes::new()));
    }
}
