//! Where a listener listens: an address or a Unix socket, opened once and shared by the workers.
//!
//! Opening is synchronous and happens before any runtime exists, so that a port that is taken is
//! an error of the start and not of a worker. Each worker then ties its [`Socket`] to its own
//! runtime. For TCP every worker has a listener of its own and the kernel spreads the connections
//! (`SO_REUSEPORT`); a Unix socket is one queue that all workers take from.
//!
//! A connection that was accepted goes through a [`Door`], where TLS is, before it is served.

mod address;
mod bind;
mod connection;
mod connections;
mod farewell;
mod newcomers;
mod stream;
mod tls;
mod unix;

pub use address::{Address, AddressError};
pub use bind::{BindError, Bound, Socket};
pub use connection::{Connection, Door, Protocol};
pub use connections::{Connections, Counting};
pub use farewell::Farewell;
pub use stream::{Listener, Stream};
pub use tls::{
    ClientName, ClientNameError, Tls, TlsError, TlsPart, TlsParts, TlsSettings, TlsVersion,
};

#[cfg(test)]
mod tests;
