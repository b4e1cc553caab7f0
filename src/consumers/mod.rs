//! Applications with credentials of their own: Kong's model.
//!
//! A token that no issuer signed may be a consumer's. It names one of the consumer's credentials,
//! and the credential says with which key and which algorithm it must be signed; the token has no
//! choice. The table is frozen, and holds a million credentials in some 200 MB: what is written
//! down about them lies packed in one store, and a key is only made when a token needs it.

mod headers;
mod index;
mod material;
mod packed;
mod store;
mod table;

pub use headers::{Caller, HEADERS, headers};
pub use material::Material;
pub use table::{Added, Consumers, ConsumersBuilder, Credential, Refused};

use crate::issuers::Audiences;

/// Somebody with credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// What upstreams know it by.
    pub id: Option<Box<str>>,
    /// What another system knows it by.
    pub custom_id: Option<Box<str>>,
    /// The groups that it is in.
    pub groups: Box<[Box<str>]>,
    /// For whom its tokens must be; without, `aud` is not asked for.
    pub audiences: Option<Audiences>,
}

impl Consumer {
    /// A consumer with a name and nothing else.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            id: None,
            custom_id: None,
            groups: Box::default(),
            audiences: None,
        }
    }
}

#[cfg(test)]
mod tests;
