//! How many connections a listener has at one time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Counts the connections of one listener on all its workers.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    open: AtomicUsize,
    max: usize,
    /// Whether it was told that there are too many, since there were not.
    is_told: AtomicBool,
}

/// A connection that was let in; counted out when dropped.
#[derive(Debug)]
pub struct Counting(Arc<Counted>);

impl Connections {
    /// Lets in so many at one time.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Counted {
            open: AtomicUsize::new(0),
            max,
            is_told: AtomicBool::new(false),
        }))
    }

    /// Counts one in; `None` if there are too many. Close it then: a client that is not answered at
    /// all would wait, and one that is closed asks elsewhere.
    #[must_use]
    pub fn admit(&self) -> Option<Counting> {
        let before = self.0.open.fetch_add(1, Ordering::Relaxed);
        // Made first, so that a refusal counts out what was counted in.
        let counting = Counting(Arc::clone(&self.0));
        if before < self.0.max {
            return Some(counting);
        }
        if !self.0.is_told.swap(true, Ordering::Relaxed) {
            let max = self.0.max;
            tracing::warn!(
                max,
                "connections are refused: limits.connections is reached"
            );
        }
        None
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let before = self.0.open.fetch_sub(1, Ordering::Relaxed);
        // Well below, so that a listener at its limit does not fill the log.
        if before < self.0.max / 2 {
            self.0.is_told.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;

    #[test]
    fn as_many_as_allowed_come_in_and_one_that_leaves_makes_room() {
        let connections = Connections::new(2);
        let elsewhere = connections.clone();
        let (first, second) = (connections.admit(), elsewhere.admit());
        assert!(first.is_some() && second.is_some());
        assert!(connections.admit().is_none());
        assert!(elsewhere.admit().is_none());
        drop(first);
        assert!(connections.admit().is_some());
    }
}
