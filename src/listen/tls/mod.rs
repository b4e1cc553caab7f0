//! TLS of a listener: who we are, and whom we let in.
//!
//! What is written about it becomes [`TlsSettings`] once, whole or not at all. A listener holds
//! [`Tls`], in which newer settings take the place of older ones: they count from the next
//! handshake on, and connections that stand are left alone.

mod clients;
mod handshake;
mod identity;

pub use clients::{ClientName, ClientNameError};
pub(crate) use handshake::Handshakes;
pub use identity::{TlsError, TlsPart, TlsParts};

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

/// `tls` of a listener, with everything that its files hold.
#[derive(Clone)]
pub struct TlsSettings {
    config: Arc<ServerConfig>,
    /// Of everything that it was made of.
    digest: [u8; 32],
}

/// The oldest version of TLS that a client may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246, with forward secrecy and authenticated encryption only.
    #[default]
    V1_2,
    /// RFC 8446.
    V1_3,
}

impl PartialEq for TlsSettings {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for TlsSettings {}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It holds a private key.
        formatter.write_str("TlsSettings")
    }
}

/// The settings in force on one listener, shared by its workers.
#[derive(Debug)]
pub struct Tls {
    in_force: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Starts with these.
    #[must_use]
    pub fn new(settings: TlsSettings) -> Self {
        Self {
            in_force: ArcSwap::new(settings.config),
        }
    }

    /// Counts from the next handshake on. Sessions that were begun under the settings before are
    /// not resumed: each has a store of its own, so that a client that is no longer let in does not
    /// come back by an old ticket.
    pub fn install(&self, settings: &TlsSettings) {
        self.in_force.store(Arc::clone(&settings.config));
    }
}

#[cfg(test)]
mod tests;
