//! The frozen table from a credential's key to its consumer.

use std::sync::Arc;

use super::Consumer;
use crate::issuers::{TimePolicy, TokenTypes};
use crate::signature::Algorithm;

/// Every consumer, found by the keys of its credentials.
#[derive(Debug, Default)]
pub struct Consumers {
    /// When their tokens are valid: as those of an issuer that says nothing about it.
    pub times: TimePolicy,
    /// What `typ` of their tokens may be.
    pub types: TokenTypes,
}

/// A credential in the table.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'c> {
    consumers: &'c Consumers,
    key: &'c str,
    algorithm: Algorithm,
    consumer: &'c Arc<Consumer>,
}

impl<'c> Credential<'c> {
    /// What tokens name it by.
    #[must_use]
    pub const fn key(&self) -> &'c str {
        self.key
    }

    /// The one algorithm that its tokens are signed with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whose it is.
    #[must_use]
    pub fn consumer(&self) -> Arc<Consumer> {
        Arc::clone(self.consumer)
    }

    /// When its tokens are valid.
    #[must_use]
    pub const fn times(&self) -> &'c TimePolicy {
        &self.consumers.times
    }
}
