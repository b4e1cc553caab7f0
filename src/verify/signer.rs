//! Who signed a token.

use std::sync::Arc;

use crate::consumers::{Consumer, Credential};
use crate::issuers::{Audiences, Issuer, TimePolicy};
use crate::keys::Key;
use crate::token::ClaimPath;

/// Who signed a token, and with what.
#[derive(Clone, Debug)]
pub enum Signer<'a> {
    /// An issuer.
    Issuer {
        /// Which.
        issuer: &'a Arc<Issuer>,
        /// The key of it that verified the signature.
        key: Arc<Key>,
        /// The generation of the key set that the key is from.
        keys_generation: u64,
    },
    /// A consumer.
    Consumer {
        /// Which.
        consumer: Arc<Consumer>,
        /// The credential of it that verified the signature.
        credential: Credential<'a>,
    },
}

impl Signer<'_> {
    /// The signer without the key, to be kept.
    #[must_use]
    pub fn to_owned(&self) -> SignedBy {
        match self {
            Self::Issuer { issuer, .. } => SignedBy::Issuer(Arc::clone(issuer)),
            Self::Consumer { consumer, .. } => SignedBy::Consumer(Arc::clone(consumer)),
        }
    }

    /// What the key is called: `kid`, or what tokens name a consumer's credential by.
    pub(super) fn key_id(&self) -> Option<&str> {
        match self {
            Self::Issuer { key, .. } => key.id(),
            Self::Consumer { credential, .. } => Some(credential.key()),
        }
    }

    /// The generation of the keys. Those of a consumer change with the configuration only.
    pub(super) const fn keys_generation(&self) -> u64 {
        match self {
            Self::Issuer {
                keys_generation, ..
            } => *keys_generation,
            Self::Consumer { .. } => 0,
        }
    }

    pub(super) fn times(&self) -> &TimePolicy {
        match self {
            Self::Issuer { issuer, .. } => &issuer.policy.times,
            Self::Consumer { .. } => &TimePolicy::DEFAULT,
        }
    }

    pub(super) fn audiences(&self) -> Option<&Audiences> {
        match self {
            Self::Issuer { issuer, .. } => Some(&issuer.policy.audiences),
            Self::Consumer { consumer, .. } => consumer.audiences.as_ref(),
        }
    }

    pub(super) fn required_claims(&self) -> &[ClaimPath] {
        match self {
            Self::Issuer { issuer, .. } => &issuer.policy.required_claims,
            Self::Consumer { .. } => &[],
        }
    }
}

/// Who signed a token that was verified before.
#[derive(Clone, Debug)]
pub enum SignedBy {
    /// An issuer.
    Issuer(Arc<Issuer>),
    /// A consumer.
    Consumer(Arc<Consumer>),
}

impl SignedBy {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Issuer(issuer) => &issuer.policy.name,
            Self::Consumer(consumer) => &consumer.name,
        }
    }

    /// The issuer's name in the configuration, if it is one.
    #[must_use]
    pub fn issuer_name(&self) -> Option<&str> {
        match self {
            Self::Issuer(issuer) => Some(&issuer.policy.name),
            Self::Consumer(_) => None,
        }
    }

    /// The consumer, if it is one.
    #[must_use]
    pub const fn consumer(&self) -> Option<&Arc<Consumer>> {
        match self {
            Self::Issuer(_) => None,
            Self::Consumer(consumer) => Some(consumer),
        }
    }

    /// When its tokens are valid.
    #[must_use]
    pub fn times(&self) -> &TimePolicy {
        match self {
            Self::Issuer(issuer) => &issuer.policy.times,
            Self::Consumer(_) => &TimePolicy::DEFAULT,
        }
    }

    /// For whom its tokens must be; `None` if it does not say.
    #[must_use]
    pub fn audiences(&self) -> Option<&Audiences> {
        match self {
            Self::Issuer(issuer) => Some(&issuer.policy.audiences),
            Self::Consumer(consumer) => consumer.audiences.as_ref(),
        }
    }

    /// The generation of its keys now. Those of a consumer change with the configuration only.
    #[must_use]
    pub fn keys_generation(&self) -> u64 {
        match self {
            Self::Issuer(issuer) => issuer.keys.load().generation(),
            Self::Consumer(_) => 0,
        }
    }
}
