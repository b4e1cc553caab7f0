//! Answers that are made once and sent again as they are.

use std::sync::OnceLock;

use bytes::Bytes;

/// What an edge made of something that does not change, the first time it was asked for.
///
/// It is no part of what it belongs to: a copy starts without it, and nothing is unequal for it.
#[derive(Debug, Default)]
pub struct Prepared(OnceLock<Bytes>);

impl Prepared {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The answer; made by `make` the first time.
    pub fn get_or_make(&self, make: impl FnOnce() -> Vec<u8>) -> Bytes {
        if let Some(made) = self.0.get() {
            return made.clone();
        }
        let made = Bytes::from(make());
        // Two workers may both have made it; either will do, and neither waits.
        let _ = self.0.set(made.clone());
        made
    }
}

impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Prepared {}

#[cfg(test)]
mod tests {
    use super::Prepared;

    #[test]
    fn an_answer_is_made_once_and_by_each_copy_for_itself() {
        let prepared = Prepared::new();
        assert_eq!(prepared.get_or_make(|| b"one".to_vec()), "one");
        let copy = prepared.clone();
        assert_eq!(copy.get_or_make(|| b"two".to_vec()), "two");
        assert_eq!(prepared.get_or_make(|| b"two".to_vec()), "one");
    }
}
