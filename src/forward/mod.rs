//! What an allowed request carries upstream, and what is removed so that it cannot be forged.

use http::HeaderName;

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

/// How a claim is written into a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Members of an array with commas between them.
    #[default]
    Csv,
    /// JSON in ASCII.
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

/// What [`ForwardPolicy`] made of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Headers to set, overwriting.
    pub set: Vec<(HeaderName, Box<str>)>,
    /// Configured headers that the token does not provide: to be removed.
    pub absent: Vec<HeaderName>,
}
