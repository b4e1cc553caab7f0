//! What an allowed request carries upstream, and what is removed so that it cannot be forged.
//!
//! A header either says exactly what the claim says or is absent: whatever a reader upstream could
//! take for something else is withheld, and absent headers are removed from the request.

mod internal;
mod protected;
mod render;

use http::HeaderName;

pub use internal::{InternalToken, Minted, Minter};
pub use protected::Protected;

use crate::token::ClaimPath;

/// `forward` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardPolicy {
    /// What happens to the token itself.
    pub token: TokenHandling,
    /// Headers made of claims.
    pub headers: Vec<HeaderClaim>,
    /// The header that carries the payload, base64url.
    pub payload_header: Option<HeaderName>,
    /// A token of our own.
    pub internal_token: Option<InternalToken>,
    /// Whether Envoy gets dynamic metadata.
    pub metadata: bool,
}

/// One header made of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderClaim {
    /// The header.
    pub name: HeaderName,
    /// The claim.
    pub claim: ClaimPath,
    /// How an array or object is written.
    pub format: Format,
}

impl ForwardPolicy {
    /// Every header that it may set.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let of_claims = self.headers.iter().map(|header| &header.name);
        let internal = self.internal_token.as_ref().map(|token| &token.header);
        of_claims.chain(&self.payload_header).chain(internal)
    }
}

/// How a claim is written into a header. Strings, numbers and `true`/`false` stand as they are,
/// except that [`Format::Json`] writes JSON whatever the claim is; an object is always JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Members of an array with commas between them; withheld if that could not be undone.
    #[default]
    Csv,
    /// JSON in ASCII without white space, so that no claim can be taken for one of another type.
    Json,
    /// The first member of an array.
    First,
}

/// What happens to the token of an allowed request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenHandling {
    /// It stays.
    #[default]
    Keep,
    /// It is taken out of wherever it was found.
    Strip,
}

/// What an allowed request carries upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Headers to set, overwriting.
    pub set: Vec<(HeaderName, Box<str>)>,
    /// Protected headers that are not set: to be removed.
    pub absent: Vec<HeaderName>,
}

#[cfg(test)]
mod tests;
