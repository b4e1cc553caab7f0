//! Whether traffic may come: a latch.

use tokio::sync::watch;

/// Ready once, then ready until it drains. An issuer that loses its keys later takes its own
/// tokens down, not the whole instance: every instance would leave at the same moment.
#[derive(Debug)]
pub struct Readiness(watch::Sender<State>);

/// Where an instance is in its life. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Keys are still to come.
    Starting,
    /// Traffic may come.
    Ready,
    /// It is about to end: no new traffic, please.
    Draining,
}

impl Readiness {
    /// An instance that starts.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(State::Starting))
    }

    /// Keys are there.
    pub fn ready(&self) {
        self.advance(State::Ready);
    }

    /// The end has begun.
    pub fn drain(&self) {
        self.advance(State::Draining);
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        *self.0.borrow()
    }

    /// Tells of every move: for the gRPC health service.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }

    fn advance(&self, next: State) {
        self.0.send_if_modified(|state| {
            let is_forward = *state < next;
            if is_forward {
                *state = next;
            }
            is_forward
        });
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Readiness, State};

    #[test]
    fn it_only_moves_forward() {
        let readiness = Readiness::new();
        assert_eq!(readiness.state(), State::Starting);
        readiness.ready();
        readiness.ready();
        assert_eq!(readiness.state(), State::Ready);
        readiness.drain();
        readiness.ready();
        assert_eq!(readiness.state(), State::Draining);
    }

    #[test]
    fn whoever_watches_hears_of_a_move_once() {
        let readiness = Readiness::new();
        let mut watch = readiness.subscribe();
        readiness.ready();
        assert_eq!(*watch.borrow_and_update(), State::Ready);
        readiness.ready();
        assert!(!watch.has_changed().unwrap());
    }
}
