//! What tokens say of scopes, and who may have them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mint::MintError;
use super::settings::{ClaimValue, Profile};

/// The claims that rules read scopes from; the first is the standard one (RFC 8693 4.2).
pub(super) const CLAIMS: [&str; 3] = ["scope", "scp", "scopes"];

/// Whether `claims` name no scope that is not `allowed`. What the profile fixes is the operator's
/// word, and not asked about.
///
/// # Errors
/// [`MintError::Scope`] names the first one.
pub(super) fn check(
    claims: &BTreeMap<&str, String>,
    profile: &Profile,
    allowed: &[Box<str>],
) -> Result<(), MintError> {
    let is_fixed = |name: &str| {
        let mut own = profile.claims.iter();
        own.any(|claim| &*claim.name == name && matches!(claim.value, ClaimValue::Fixed(_)))
    };
    let named = CLAIMS.into_iter().filter(|name| !is_fixed(name));
    for json in named.filter_map(|name| claims.get(name)) {
        // Our own reader took it. What this one does not (a number beyond all bounds), a third may.
        let value: Value =
            serde_json::from_str(json).map_err(|_| MintError::Scope(json.clone()))?;
        let texts = match &value {
            Value::Null => Vec::new(),
            Value::Array(elements) => elements.iter().map(Value::as_str).collect(),
            Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                vec![value.as_str()]
            }
        };
        for text in texts {
            // Whatever is no text, others may read in their own way.
            let text = text.ok_or_else(|| MintError::Scope(json.clone()))?;
            let mut scopes = text.split_ascii_whitespace();
            if let Some(scope) = scopes.find(|scope| !allowed.iter().any(|it| **it == **scope)) {
                return Err(MintError::Scope(scope.to_owned()));
            }
        }
    }
    Ok(())
}
