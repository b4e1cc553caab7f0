//! What everybody may read: the public keys and the metadata, as they go over the wire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::key::NamedKey;
use super::settings::IssueSettings;
use crate::signature::sha256;

/// A document, made once and sent often.
#[derive(Clone, Debug)]
pub struct Document {
    /// JSON.
    pub body: Bytes,
    /// By which whoever has it knows it again, with its quotes (RFC 9110 8.8.3).
    pub etag: Box<str>,
    /// `Cache-Control`
    pub cache_control: Box<str>,
}

impl Document {
    fn new(value: &Value, max_age: Duration) -> Self {
        let body = Bytes::from(value.to_string());
        let digest = sha256(&body);
        let hex: String = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            etag: format!("\"{hex}\"").into(),
            cache_control: format!("public, max-age={}", max_age.as_secs()).into(),
            body,
        }
    }

    /// Whether `If-None-Match` names it (RFC 9110 13.1.2).
    #[must_use]
    pub fn is_matched_by(&self, if_none_match: &str) -> bool {
        let mut tags = if_none_match.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == &*self.etag)
    }
}

/// The key set (RFC 7517 5) of `keys`.
pub(super) fn key_set(keys: &[Arc<NamedKey>], max_age: Duration) -> Document {
    let public: Vec<&Value> = keys.iter().map(|key| key.public()).collect();
    Document::new(&json!({ "keys": public }), max_age)
}

/// The metadata of RFC 8414, which OpenID Connect Discovery reads as well.
pub(super) fn metadata(
    settings: &IssueSettings,
    keys: &[Arc<NamedKey>],
    max_age: Duration,
) -> Document {
    let base = settings.issuer.trim_end_matches('/');
    let mut algorithms: Vec<&str> = keys.iter().map(|key| key.algorithm_name()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    let mut metadata = json!({
        "issuer": settings.issuer,
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    });
    if !settings.clients.is_empty() {
        let clients = settings.clients.iter();
        let mut scopes: Vec<&str> = clients
            .flat_map(|client| client.scopes.iter().map(AsRef::as_ref))
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        metadata["token_endpoint"] = format!("{base}/token").into();
        metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]);
        metadata["grant_types_supported"] = json!([
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ]);
        metadata["scopes_supported"] = json!(scopes);
    }
    Document::new(&metadata, max_age)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::Value;

    use super::{NamedKey, key_set};
    use crate::issue::key::is_publishable;
    use crate::signature::Algorithm;

    #[test]
    fn no_private_member_of_any_type_of_key_is_published() {
        const PUBLIC: [&str; 8] = ["kty", "crv", "x", "y", "n", "e", "alg", "kid"];
        for algorithm in Algorithm::ALL {
            let key = NamedKey::generate(algorithm);
            if !is_publishable(algorithm) {
                assert!(key.is_err(), "{algorithm:?}");
                continue;
            }
            let key = key.expect("generated");
            let name_on_the_wire = key.algorithm_name();
            let private = key.to_private_jwk().expect("exported");
            let set = key_set(&[Arc::new(key)], Duration::ZERO);
            let set: Value = serde_json::from_slice(&set.body).expect("JSON");
            assert_eq!(set.as_object().expect("an object").len(), 1);
            let members = set["keys"][0].as_object().expect("a key");
            for (name, value) in members {
                assert!(
                    PUBLIC.contains(&&**name) || name == "use",
                    "{algorithm:?} {name}"
                );
                let is_same =
                    *value == private[name] || (name == "alg" && *value == name_on_the_wire);
                assert!(is_same, "{algorithm:?} {name}");
            }
            let published = set.to_string();
            let secret = private.as_object().expect("a key").iter();
            for (name, value) in secret.filter(|(name, _)| !members.contains_key(*name)) {
                let text = value.as_str().expect("a text");
                assert!(!published.contains(text), "{algorithm:?} {name}");
            }
        }
    }

    #[test]
    fn a_document_is_known_by_its_tag() {
        let document = key_set(&[], Duration::from_secs(7));
        assert_eq!(&*document.cache_control, "public, max-age=7");
        let tag = &document.etag;
        for (header, is_match) in [
            (tag.to_string(), true),
            (format!("\"x\", W/{tag}"), true),
            ("*".to_owned(), true),
            ("\"x\"".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(document.is_matched_by(&header), is_match, "{header}");
        }
    }
}
