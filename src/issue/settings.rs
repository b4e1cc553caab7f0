//! `issue` of the configuration, as it is meant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::document::DocumentSettings;
use super::key::NamedKey;
use crate::limits::SIGNING_KEY_GRACE;
use crate::requirement::ClaimExpression;
use crate::signature::Algorithm;
use crate::token::ClaimPath;

/// What is issued, with what, to whom.
#[derive(Clone, Debug)]
pub struct IssueSettings {
    /// `iss` of everything, an http or https URL.
    pub issuer: Box<str>,
    /// The first signs, all are published.
    pub keys: Vec<KeySettings>,
    /// What tokens are like, in the order of the configuration.
    pub profiles: Vec<Arc<Profile>>,
    /// Who may ask for tokens.
    pub clients: Vec<Arc<Client>>,
    /// What of which documents is signed.
    pub documents: Vec<DocumentSettings>,
}

/// A key, or how keys come about.
#[derive(Clone, Debug)]
pub enum KeySettings {
    /// Keys are made here, one after the other; at most one of these has the same algorithm.
    Generate {
        /// Of what they are.
        algorithm: Algorithm,
        /// How long each signs.
        rotate_every: Duration,
    },
    /// The key is given.
    Given(Arc<NamedKey>),
}

/// What a token is like.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// `aud`; never empty.
    pub audiences: Box<[Box<str>]>,
    /// From `iat` to `exp`, at least a second.
    pub ttl: Duration,
    /// `typ`
    pub kind: Box<str>,
    /// The claims that are its own.
    pub claims: Vec<ClaimSettings>,
}

/// One claim of a profile.
#[derive(Clone, Debug)]
pub struct ClaimSettings {
    /// Its name.
    pub name: Box<str>,
    /// Its value.
    pub value: ClaimValue,
}

/// Where the value of a claim comes from.
#[derive(Clone)]
pub enum ClaimValue {
    /// What the verified token (or whatever else the token is made of) has at this path.
    From(ClaimPath),
    /// What this expression makes of its claims.
    Cel(ClaimExpression),
    /// The same for every token, as JSON.
    Fixed(Box<str>),
}

impl fmt::Debug for ClaimValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(path) => write!(formatter, "from {path}"),
            Self::Cel(_) => formatter.write_str("cel"),
            Self::Fixed(_) => formatter.write_str("fixed"),
        }
    }
}

impl IssueSettings {
    /// How long a key has to stay published after it stopped.
    #[must_use]
    pub fn keep(&self) -> Duration {
        let longest = self.profiles.iter().map(|profile| profile.ttl).max();
        longest
            .unwrap_or_default()
            .saturating_add(SIGNING_KEY_GRACE)
    }
}
