//! Whether somebody is still at the other end of a connection (RFC 9113 6.7).

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits::{KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT};

/// Asks every [`KEEP_ALIVE_INTERVAL`], and gives [`KEEP_ALIVE_TIMEOUT`] for the answer.
pub(super) struct KeepAlive {
    /// Its absence would be a fault of ours; then nobody is asked, and nobody is taken for dead.
    pings: Option<PingPong>,
    timer: Pin<Box<Sleep>>,
    state: State,
}

enum State {
    /// Until the timer ends.
    Quiet,
    /// Likewise, for the answer.
    Asked,
}

/// What is known of the other end.
pub(super) enum Health {
    Alive,
    /// It did not answer.
    Dead,
}

impl KeepAlive {
    pub(super) fn new(pings: Option<PingPong>) -> Self {
        Self {
            pings,
            timer: Box::pin(sleep(KEEP_ALIVE_INTERVAL)),
            state: State::Quiet,
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Health {
        let Some(pings) = &mut self.pings else {
            return Health::Alive;
        };
        loop {
            match self.state {
                State::Quiet => {
                    if self.timer.as_mut().poll(context).is_pending() {
                        return Health::Alive;
                    }
                    // It fails where the connection ends, which shows there.
                    if pings.send_ping(Ping::opaque()).is_err() {
                        self.pings = None;
                        return Health::Alive;
                    }
                    self.state = State::Asked;
                    self.timer
                        .as_mut()
                        .reset(Instant::now() + KEEP_ALIVE_TIMEOUT);
                }
                State::Asked => match pings.poll_pong(context) {
                    Poll::Ready(Ok(_)) => {
                        self.state = State::Quiet;
                        self.timer
                            .as_mut()
                            .reset(Instant::now() + KEEP_ALIVE_INTERVAL);
                    }
                    Poll::Ready(Err(_)) => {
                        self.pings = None;
                        return Health::Alive;
                    }
                    Poll::Pending => {
                        return match self.timer.as_mut().poll(context) {
                            Poll::Ready(()) => Health::Dead,
                            Poll::Pending => Health::Alive,
                        };
                    }
                },
            }
        }
    }
}
