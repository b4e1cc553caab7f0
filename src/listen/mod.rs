//! Where a listener listens: an address or a Unix socket, opened once and shared by the workers.
//!
//! Opening is synchronous and happens before any runtime exists, so that a port that is taken is
//! an error of the start and not of a worker. Each worker then ties its [`Socket`] to its own
//! runtime. For TCP every worker has a listener of its own and the kernel spreads the connections
//! (`SO_REUSEPORT`); a Unix socket is one queue that all workers take from.

mod address;
mod bind;
mod stream;
mod unix;

pub use address::{Address, AddressError};
pub use bind::{BindError, Bound, Socket};
pub use stream::{Listener, Stream};

use std::time::Duration;

/// Connections that wait to be accepted, on each listener. The system caps it at `somaxconn`.
const LISTEN_BACKLOG: i32 = 4096;
/// Pause after the process ran out of file descriptors or the like: long enough not to spin, short
/// enough that nobody's connect times out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
