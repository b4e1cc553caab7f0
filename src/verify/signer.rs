//! Who signed a token.

use std::sync::Arc;

use crate::consumers::{Consumer, Credential};
use crate::issuers::{Audiences, Issuer, TimePolicy};

/// Who signed a token, as found in the tables of the configuration.
#[derive(Clone, Copy, Debug)]
pub enum Signer<'a> {
    /// An issuer.
    Issuer(&'a Arc<Issuer>),
    /// A consumer, by one of its credentials.
    Consumer(Credential<'a>),
}

impl Signer<'_> {
    /// The signer, to be kept.
    #[must_use]
    pub fn to_owned(&self) -> SignedBy {
        match self {
            Self::Issuer(issuer) => SignedBy::Issuer(Arc::clone(issuer)),
            Self::Consumer(credential) => SignedBy::Consumer {
                consumer: credential.consumer(),
                times: *credential.times(),
            },
        }
    }
}

/// Who signed a token that was verified before.
#[derive(Clone, Debug)]
pub enum SignedBy {
    /// An issuer.
    Issuer(Arc<Issuer>),
    /// A consumer.
    Consumer {
        /// Which.
        consumer: Arc<Consumer>,
        /// When its tokens are valid.
        times: TimePolicy,
    },
}

impl SignedBy {
    /// When a token of it is valid.
    #[must_use]
    pub fn times(&self) -> &TimePolicy {
        match self {
            Self::Issuer(issuer) => &issuer.policy.times,
            Self::Consumer { times, .. } => times,
        }
    }

    /// For whom its tokens must be; `None` if it does not say.
    #[must_use]
    pub fn audiences(&self) -> Option<&Audiences> {
        match self {
            Self::Issuer(issuer) => Some(&issuer.policy.audiences),
            Self::Consumer { consumer, .. } => consumer.audiences.as_ref(),
        }
    }

    /// Its name in the configuration, be it an issuer's or a consumer's.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Issuer(issuer) => &issuer.policy.name,
            Self::Consumer { consumer, .. } => &consumer.name,
        }
    }

    /// The generation of its keys now. Those of a consumer change with the configuration only.
    #[must_use]
    pub fn keys_generation(&self) -> u64 {
        match self {
            Self::Issuer(issuer) => issuer.keys.load().generation(),
            Self::Consumer { .. } => 0,
        }
    }

    /// The issuer's name in the configuration, if it is one.
    #[must_use]
    pub fn issuer_name(&self) -> Option<&str> {
        match self {
            Self::Issuer(issuer) => Some(&issuer.policy.name),
            Self::Consumer { .. } => None,
        }
    }

    /// The consumer, if it is one.
    #[must_use]
    pub const fn consumer(&self) -> Option<&Arc<Consumer>> {
        match self {
            Self::Issuer(_) => None,
            Self::Consumer { consumer, .. } => Some(consumer),
        }
    }
}
