//! Memory for messages that have come in part.
//!
//! A client decides how slowly a message comes, and how many come at a time; what has come of them is
//! memory that we hold. All of them together have a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What has come of all messages that are not complete.
#[derive(Debug)]
pub struct Bodies {
    held: AtomicUsize,
    bytes_max: usize,
}

/// What has come of one; given back when dropped.
#[derive(Debug)]
pub struct Held {
    bodies: Arc<Bodies>,
    bytes: usize,
}

impl Bodies {
    /// Room for so many bytes.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// For a message of which nothing has come.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> Held {
        Held {
            bodies: Arc::clone(self),
            bytes: 0,
        }
    }

    /// For the head of a request that is kept until its message has come: it may be small on the
    /// wire and large in memory. `None` without room for it.
    #[must_use]
    pub fn hold_head(self: &Arc<Self>, headers: &HeaderMap) -> Option<Held> {
        let mut head = self.begin();
        head.grow(head_bytes(headers)).then_some(head)
    }
}

impl Held {
    /// Counts so many bytes more. Without room for them it is false, and nothing changes.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let before = self.bodies.held.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before.saturating_add(bytes) <= self.bodies.bytes_max;
        if has_room {
            self.bytes += bytes;
        } else {
            self.bodies.held.fetch_sub(bytes, Ordering::Relaxed);
        }
        has_room
    }

    /// The message is complete, or given up.
    pub fn release(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes > 0 {
            self.bodies.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

/// What the head of a request takes in memory, roughly: never less than what it is.
fn head_bytes(headers: &HeaderMap) -> usize {
    let bytes = |(name, value): (&HeaderName, &HeaderValue)| {
        FIELD_BYTES + name.as_str().len() + value.len()
    };
    headers.iter().map(bytes).sum()
}

/// One field in a map of them, beside its text.
const FIELD_BYTES: usize = 128;

/// One message, as it comes. It nearly always is one part, which is neither copied nor counted: then
/// workers meet in nothing here.
#[derive(Debug)]
pub struct Parts {
    bytes_max: usize,
    /// What came before the last part.
    before: BytesMut,
    last: Option<Bytes>,
    held: Option<Held>,
}

/// Why a part was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The message is longer than allowed.
    TooLong,
    /// Too much has come of others.
    Overloaded,
}

impl Parts {
    /// For a message of at most so many bytes, of which nothing has come.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            before: BytesMut::new(),
            last: None,
            held: None,
        }
    }

    /// Whether something has come.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Takes the next part; how long the one before it was, which is copied now.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn push(&mut self, part: Bytes, bodies: &Arc<Bodies>) -> Result<usize, NotTaken> {
        let copied = self.last.replace(part).unwrap_or_default();
        if !copied.is_empty() {
            let held = self.held.get_or_insert_with(|| bodies.begin());
            if !held.grow(copied.len()) {
                return Err(NotTaken::Overloaded);
            }
            self.before.extend_from_slice(&copied);
        }
        let length = self.before.len() + self.last.as_ref().map_or(0, Bytes::len);
        if length > self.bytes_max {
            return Err(NotTaken::TooLong);
        }
        Ok(copied.len())
    }

    /// All that came.
    pub fn whole(&mut self) -> Bytes {
        let last = self.last.take().unwrap_or_default();
        if self.before.is_empty() {
            return last;
        }
        self.before.extend_from_slice(&last);
        self.before.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use super::Bodies;

    #[test]
    fn all_together_have_the_bound_and_give_back_what_they_held() {
        let bodies = Arc::new(Bodies::new(100));
        let (mut one, mut other) = (bodies.begin(), bodies.begin());
        assert!(one.grow(60));
        assert!(other.grow(40));
        assert!(!other.grow(1));
        one.release();
        assert!(other.grow(60));
        drop((one, other));
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
        assert!(!bodies.begin().grow(usize::MAX));
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
    }
}
