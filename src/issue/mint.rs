//! A profile and what is known become a signed token.

use std::collections::BTreeMap;

use super::key::NamedKey;
use super::scopes;
use super::settings::{ClaimValue, Profile};
use crate::limits::TOKEN_BYTES;
use crate::requirement::{Allowance, Undecided};
use crate::signature::{SigningError, fill_random};
use crate::time::UnixMillis;
use crate::token::base64url;
use crate::token::json::Json;

/// What a token is made of beside its profile.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// What the token is like.
    pub profile: &'a Profile,
    /// Where the profile's claims look for their values.
    pub facts: Json<'a>,
    /// Claims that are taken as they are, where the profile says nothing else: name and JSON.
    pub claims: &'a [(&'a str, &'a str)],
    /// For whom, where that is not everybody whom the profile names.
    pub audiences: Option<&'a [&'a str]>,
    /// What it says of scopes.
    pub scopes: ScopesOf<'a>,
}

/// What a token says of scopes, in `scope`, `scp` and `scopes`.
#[derive(Clone, Copy)]
pub enum ScopesOf<'a> {
    /// Whatever the claims say.
    Claims,
    /// Whatever the claims say, if that is no more than these.
    Within(&'a [Box<str>]),
    /// These, in `scope`, whatever the claims and the profile say; without any, no claim at all.
    Granted(&'a str),
}

impl<'a> Order<'a> {
    /// A token of `profile` for whoever `facts` are about, and nothing else.
    #[must_use]
    pub const fn new(profile: &'a Profile, facts: Json<'a>) -> Self {
        Self {
            profile,
            facts,
            claims: &[],
            audiences: None,
            scopes: ScopesOf::Claims,
        }
    }
}

/// A token that was signed.
pub struct Issued {
    /// Compact (RFC 7515 7.1).
    pub token: String,
    /// `exp`
    pub expires_at: UnixMillis,
    /// `kid`
    pub key_id: Box<str>,
}

/// Why no token was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// There is nothing to sign with.
    #[error("there is no signing key")]
    NoKey,
    /// It would be refused everywhere.
    #[error("the token would be longer than {TOKEN_BYTES} bytes")]
    TooLarge,
    /// The expression of this claim has no value.
    #[error(
        "the claim {0} of the profile cannot be made of these claims: its expression looks at a \
         claim that is missing or of another type, or takes too long"
    )]
    Undecided(Box<str>),
    /// Whoever asks may not have this scope.
    #[error("the scope {0:?} is not the client's: only its own can be signed")]
    Scope(String),
    /// The library failed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// Signs a token. What the profile says wins over `order.claims`, and `iss`, `aud`, `iat`, `nbf`,
/// `exp` and `jti` over both.
pub(super) fn mint(
    issuer: &str,
    key: &NamedKey,
    order: &Order<'_>,
    now: UnixMillis,
) -> Result<Issued, MintError> {
    let profile = order.profile;
    let expires_at = UnixMillis::from_seconds(now.seconds()).saturating_add(profile.ttl);
    let mut claims = claims(order)?;
    claims.insert("iss", quoted(issuer));
    claims.insert("aud", audience(order));
    claims.insert("iat", now.seconds().to_string());
    claims.insert("nbf", now.seconds().to_string());
    claims.insert("exp", expires_at.seconds().to_string());
    claims.insert("jti", quoted(&random_name()));
    let members: Vec<String> = claims
        .iter()
        .map(|(name, json)| format!("{}:{json}", quoted(name)))
        .collect();
    let payload = format!("{{{}}}", members.join(","));
    if payload.len() > TOKEN_BYTES {
        return Err(MintError::TooLarge);
    }
    let header = format!(
        "{{\"alg\":\"{}\",\"kid\":{},\"typ\":{}}}",
        key.algorithm_name(),
        quoted(key.id()),
        quoted(&profile.kind),
    );
    let mut token = base64url::encode(header.as_bytes());
    token.push('.');
    token.push_str(&base64url::encode(payload.as_bytes()));
    let signature = key.key().sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url::encode(&signature));
    if token.len() > TOKEN_BYTES {
        return Err(MintError::TooLarge);
    }
    Ok(Issued {
        token,
        expires_at,
        key_id: key.id().into(),
    })
}

/// All claims but those that every token has.
fn claims<'a>(order: &Order<'a>) -> Result<BTreeMap<&'a str, String>, MintError> {
    let mut claims: BTreeMap<&str, String> = BTreeMap::new();
    for (name, json) in order.claims {
        claims.insert(name, (*json).to_owned());
    }
    let allowance = Allowance::default();
    for claim in &order.profile.claims {
        let json = match &claim.value {
            ClaimValue::Fixed(json) => Some(json.to_string()),
            ClaimValue::From(path) => path.find(order.facts).map(|found| found.raw().to_owned()),
            ClaimValue::Cel(expression) => expression
                .evaluate(order.facts, &allowance)
                .map_err(|Undecided| MintError::Undecided(claim.name.clone()))?,
        };
        match json {
            Some(json) => claims.insert(&claim.name, json),
            // Not what somebody else said either: the claim is the profile's.
            None => claims.remove(&*claim.name),
        };
    }
    match order.scopes {
        ScopesOf::Claims => {}
        ScopesOf::Within(allowed) => scopes::check(&claims, order.profile, allowed)?,
        ScopesOf::Granted(granted) => {
            for name in scopes::CLAIMS {
                claims.remove(name);
            }
            if !granted.is_empty() {
                claims.insert(scopes::CLAIMS[0], quoted(granted));
            }
        }
    }
    Ok(claims)
}

/// One audience is a text, several are a list (RFC 7519 4.1.3).
fn audience(order: &Order<'_>) -> String {
    let audiences: Vec<&str> = match order.audiences {
        Some(audiences) => audiences.to_vec(),
        None => order.profile.audiences.iter().map(AsRef::as_ref).collect(),
    };
    match &*audiences {
        [one] => quoted(one),
        several => serde_json::to_string(several).expect("texts can be written as JSON"),
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name that nobody can foresee.
fn random_name() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    base64url::encode(&bytes)
}
