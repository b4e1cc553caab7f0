//! Which bytes of a stream of messages belong to one that is not complete.

use super::frame::PREFIX_BYTES;
use crate::gate::Held;

/// Follows the prefixes of the messages in a body (gRPC over HTTP/2, Length-Prefixed-Message).
pub(super) struct Messages {
    held: Held,
    /// What has come of the next prefix.
    prefix: [u8; PREFIX_BYTES],
    prefix_length: usize,
    /// What is still to come of the message behind the last prefix.
    missing: usize,
}

impl Messages {
    pub(super) const fn new(held: Held) -> Self {
        Self {
            held,
            prefix: [0; PREFIX_BYTES],
            prefix_length: 0,
            missing: 0,
        }
    }

    /// Whether there is room for what has come with `data` of a message that is not complete. Those
    /// that are complete will be read at once, and take none.
    pub(super) fn has_room_for(&mut self, mut data: &[u8]) -> bool {
        while !data.is_empty() {
            if self.missing == 0 {
                let taken = data.len().min(PREFIX_BYTES - self.prefix_length);
                let (now, later) = data.split_at(taken);
                self.prefix[self.prefix_length..][..taken].copy_from_slice(now);
                self.prefix_length += taken;
                data = later;
                if self.prefix_length == PREFIX_BYTES {
                    let [_, length @ ..] = self.prefix;
                    self.missing = u32::from_be_bytes(length) as usize;
                    self.prefix_length = 0;
                }
                continue;
            }
            if data.len() < self.missing {
                self.missing -= data.len();
                return self.held.grow(data.len());
            }
            data = &data[self.missing..];
            self.missing = 0;
            self.held.release();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Messages;
    use crate::gate::Bodies;

    #[test]
    fn only_what_is_not_complete_takes_room_however_it_is_cut() {
        let message = |length: u8| {
            let mut message = vec![0, 0, 0, 0, length];
            message.resize(5 + usize::from(length), 7);
            message
        };
        let bytes: Vec<u8> = [0, 3, 100, 0, 0, 40].map(message).concat();
        for part in 1..=bytes.len() {
            // Room for the largest, without its last part.
            let bodies = Arc::new(Bodies::new(100));
            let mut messages = Messages::new(bodies.begin());
            for data in bytes.chunks(part) {
                assert!(messages.has_room_for(data), "{part}");
            }
            assert!(bodies.begin().grow(100), "{part}: all was given back");
        }
    }

    #[test]
    fn beyond_the_bound_there_is_no_room() {
        let bodies = Arc::new(Bodies::new(10));
        let mut messages = Messages::new(bodies.begin());
        assert!(messages.has_room_for(&[0, 0, 0, 1, 0]));
        assert!(messages.has_room_for(&[7; 10]));
        assert!(!messages.has_room_for(&[7; 1]));
    }
}
