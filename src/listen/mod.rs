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

#[cfg(test)]
mod tests;
