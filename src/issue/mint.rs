//! A profile and what is known become a signed token.

use std::collections::BTreeMap;

use super::key::NamedKey;
use super::settings::{ClaimValue, Profile};
use crate::limits::TOKEN_BYTES;
use crate::signature::{SigningError, fill_random};
use crate::time::UnixMillis;
use crate::token::base64url;
use crate::token::json::Json;

/// What a token is made of beside its profile.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What the token is like.
    pub profile: &'a Profile,
    /// Where the profile's claims look for their values.
    pub facts: Option<Json<'a>>,
    /// Claims that are taken as they are, where the profile says nothing else: name and JSON.
    pub claims: &'a [(&'a str, &'a str)],
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
    let mut claims: BTreeMap<&str, String> = BTreeMap::new();
    for (name, json) in order.claims {
        claims.insert(name, (*json).to_owned());
    }
    for claim in &profile.claims {
        let json = match &claim.value {
            ClaimValue::Fixed(json) => Some(json.to_string()),
            ClaimValue::From(path) => {
                let found = order.facts.and_then(|facts| path.find(facts));
                found.map(|found| found.raw().to_owned())
            }
        };
        match json {
            Some(json) => claims.insert(&claim.name, json),
            // Not what somebody else said either: the claim is the profile's.
            None => claims.remove(&*claim.name),
        };
    }
    claims.insert("iss", quoted(issuer));
    claims.insert("aud", audience(&profile.audiences));
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

/// One audience is a text, several are a list (RFC 7519 4.1.3).
fn audience(audiences: &[Box<str>]) -> String {
    match audiences {
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
