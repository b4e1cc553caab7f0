//! Applications with credentials of their own: Kong's model.
//!
//! A token that no issuer of the configuration signed may be a consumer's. It names one of the
//! consumer's credentials, and the credential says with what and with which algorithm it is
//! signed; the token has no choice.

mod table;

pub use table::{Consumers, Credential};

use crate::issuers::Audiences;

/// Somebody with credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// `id`, for upstreams.
    pub id: Option<Box<str>>,
    /// `custom_id`: its name in another system.
    pub custom_id: Option<Box<str>>,
    /// The groups that it is in.
    pub groups: Box<[Box<str>]>,
    /// For whom its tokens must be; without, `aud` is not asked for.
    pub audiences: Option<Audiences>,
}
