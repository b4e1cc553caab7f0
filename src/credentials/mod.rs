//! Where the token is looked for in a request, and how it is taken out of it again.
//!
//! Whoever stands behind the gate may read another place, or the same place differently. So a
//! credential that two readers could take for two different tokens is refused, never interpreted.

mod find;
mod places;
mod strip;

use http::HeaderName;

pub use find::Found;
pub use strip::Stripped;

/// Where tokens may be, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The places; never empty.
    pub sources: Box<[CredentialSource]>,
    /// What two different tokens in one request mean.
    pub on_multiple: OnMultiple,
}

/// One place where a token may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A header, with an authentication scheme before the token (RFC 9110 11.4) or without.
    Header {
        /// The header's name.
        name: HeaderName,
        /// The scheme, compared without case.
        scheme: Option<Box<str>>,
    },
    /// A cookie (RFC 6265).
    Cookie(Box<str>),
    /// A parameter of the query (RFC 6750 2.3).
    Query(Box<str>),
}

/// What two different tokens in one request mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMultiple {
    /// A refusal: somebody upstream may read the other one.
    #[default]
    Reject,
    /// The first place that has one wins.
    First,
}

impl Default for Credentials {
    /// `Authorization: Bearer` (RFC 6750 2.1).
    fn default() -> Self {
        let name = http::header::AUTHORIZATION;
        let scheme = Some("Bearer".into());
        Self {
            sources: Box::new([CredentialSource::Header { name, scheme }]),
            on_multiple: OnMultiple::Reject,
        }
    }
}

#[cfg(test)]
mod tests;
