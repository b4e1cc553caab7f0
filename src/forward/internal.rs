//! A token of our own that an allowed request carries upstream.

use std::fmt;

use http::HeaderName;

use crate::reason::Reason;
use crate::time::UnixMillis;
use crate::token::json::Json;

/// `forward.internal_token` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalToken {
    /// What the token is like: a name that the [`Minter`] knows.
    pub profile: Box<str>,
    /// The header that carries it.
    pub header: HeaderName,
}

/// Whoever makes such tokens. Called while a request is judged: it must not wait.
pub trait Minter: fmt::Debug + Send + Sync {
    /// A token of `profile` for whoever `claims` are about.
    ///
    /// # Errors
    /// [`Reason::Internal`] if none can be made now, another if none can be made of these claims.
    fn mint(&self, profile: &str, claims: Json<'_>, now: UnixMillis) -> Result<Minted, Reason>;
}

/// A token that was made.
pub struct Minted {
    /// Compact (RFC 7515 7.1).
    pub token: Box<str>,
    /// Until when it may be sent again.
    pub fresh_until: UnixMillis,
}

impl fmt::Debug for Minted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out of logs.
        write!(formatter, "Minted(until {})", self.fresh_until.0)
    }
}
