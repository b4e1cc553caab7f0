//! Who may sign, with what, for whom: a frozen table from `iss` to [`Issuer`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::keys::KeyStore;
use crate::limits::LEEWAY;
use crate::signature::AlgorithmSet;
use crate::token::ClaimPath;

/// What an issuer's tokens must be like. Everything but the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerPolicy {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// The exact value of `iss`.
    pub issuer: Box<str>,
    /// For whom its tokens may be.
    pub audiences: Audiences,
    /// With what it may sign.
    pub algorithms: AlgorithmSet,
    /// What `typ` may be.
    pub types: TokenTypes,
    /// When they are valid.
    pub times: TimePolicy,
    /// Whether a token must have `kid`.
    pub require_kid: bool,
    /// Claims that must be there and not `null`.
    pub required_claims: Box<[ClaimPath]>,
}

impl IssuerPolicy {
    /// A policy with the defaults of the contract for everything else.
    #[must_use]
    pub fn new(name: &str, issuer: &str, audiences: Audiences) -> Self {
        Self {
            name: name.into(),
            issuer: issuer.into(),
            audiences,
            algorithms: AlgorithmSet::asymmetric(),
            types: TokenTypes::default(),
            times: TimePolicy::default(),
            require_kid: false,
            required_claims: Box::default(),
        }
    }
}

/// When a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePolicy {
    /// How far clocks may be apart: for `exp`, `nbf`, `iat`.
    pub leeway: Duration,
    /// Whether a token must have `exp`.
    pub require_exp: bool,
    /// Longest time since `iat`; makes `iat` required.
    pub max_age: Option<Duration>,
    /// Longest time from `iat` to `exp`; makes `iat` required.
    pub max_lifetime: Option<Duration>,
}

impl TimePolicy {
    /// What holds where the configuration says nothing.
    pub const DEFAULT: Self = Self {
        leeway: LEEWAY,
        require_exp: true,
        max_age: None,
        max_lifetime: None,
    };
}

impl Default for TimePolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// For whom a token may be (RFC 7519 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audiences {
    /// For anybody; written `any` in the configuration, in so many words.
    Any,
    /// For one of these. Never empty.
    OneOf(Box<[Box<str>]>),
}

/// Which `typ` values are right (RFC 8725 3.11): media types in lower case without `application/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTypes {
    /// The values.
    pub allowed: Box<[Box<str>]>,
    /// Whether a token may do without.
    pub allow_absent: bool,
}

impl TokenTypes {
    /// From the configuration's list, in which `absent` stands for "no typ".
    #[must_use]
    pub fn new<'t>(types: impl IntoIterator<Item = &'t str>) -> Self {
        let mut allow_absent = false;
        let mut allowed = Vec::new();
        for kind in types {
            if kind == "absent" {
                allow_absent = true;
            } else {
                allowed.push(without_application(kind).to_ascii_lowercase().into());
            }
        }
        Self {
            allowed: allowed.into(),
            allow_absent,
        }
    }

    /// Whether a token with this `typ` may pass. Case does not matter, nor does `application/`
    /// before a value without another slash (RFC 7515 4.1.9).
    #[must_use]
    pub fn allow(&self, kind: Option<&str>) -> bool {
        let Some(kind) = kind else {
            return self.allow_absent;
        };
        let kind = without_application(kind);
        self.allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(kind))
    }
}

impl Default for TokenTypes {
    fn default() -> Self {
        Self::new(["at+jwt", "JWT", "absent"])
    }
}

/// `typ` without the `application/` that may be left out if no other slash follows.
#[must_use]
pub fn without_application(kind: &str) -> &str {
    const PREFIX: &str = "application/";
    match kind.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => kind,
    }
}

/// An issuer with its keys.
#[derive(Debug)]
pub struct Issuer {
    /// What its tokens must be like.
    pub policy: IssuerPolicy,
    /// Its keys and no one else's.
    pub keys: Arc<KeyStore>,
}

/// Every issuer, found by the exact value of `iss`.
#[derive(Debug, Default)]
pub struct Issuers {
    by_issuer: HashMap<Box<str>, Arc<Issuer>, foldhash::quality::RandomState>,
}

impl Issuers {
    /// The issuer whose `iss` is exactly this.
    #[must_use]
    pub fn get(&self, issuer: &str) -> Option<&Arc<Issuer>> {
        self.by_issuer.get(issuer)
    }

    /// Every issuer, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.by_issuer.values()
    }
}

impl FromIterator<Arc<Issuer>> for Issuers {
    fn from_iter<I: IntoIterator<Item = Arc<Issuer>>>(issuers: I) -> Self {
        let by_issuer = issuers
            .into_iter()
            .map(|issuer| (issuer.policy.issuer.clone(), issuer))
            .collect();
        Self { by_issuer }
    }
}

#[cfg(test)]
mod tests {
    use super::TokenTypes;

    #[test]
    fn typ_is_compared_without_case_and_application() {
        let types = TokenTypes::default();
        for kind in [
            "JWT",
            "jwt",
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/JWT",
        ] {
            assert!(types.allow(Some(kind)), "{kind}");
        }
        for kind in [
            "",
            "logout+jwt",
            "dpop+jwt",
            "text/jwt",
            "application/x/jwt",
            "jwt ",
        ] {
            assert!(!types.allow(Some(kind)), "{kind}");
        }
        assert!(types.allow(None));
        assert!(!TokenTypes::new(["application/at+jwt"]).allow(None));
        assert!(TokenTypes::new(["application/at+jwt"]).allow(Some("at+JWT")));
    }
}
