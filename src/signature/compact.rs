//! Writing a compact JWS (RFC 7515 7.1).

use serde_json::{Map, Value};

use super::{SigningError, SigningKey};
use crate::token::base64url;

/// A token of `header` and `claims`, signed with `key`. Without `alg` in the header, the key's
/// algorithm is named; what is there is left as it is, so that tests can lie.
///
/// # Errors
/// [`SigningError::Failed`] if the library fails.
pub fn sign_token(
    header: &Map<String, Value>,
    claims: &Value,
    key: &SigningKey,
) -> Result<String, SigningError> {
    let mut header = header.clone();
    header
        .entry("alg")
        .or_insert_with(|| key.algorithm().name().into());
    let mut token = base64url::encode(Value::Object(header).to_string().as_bytes());
    token.push('.');
    token.push_str(&base64url::encode(claims.to_string().as_bytes()));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url::encode(&signature));
    Ok(token)
}
