//! Configurations: no text makes reading one panic, what is good has somebody to trust, and a secret
//! that stands where one is due is never shown, whatever else is wrong.

use std::path::Path;

use serde_json::{Map, Value};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A device may have no end, and whoever names one in a configuration gets what it gives.
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }
    let told = match jotgate::config::parse(text, Path::new("/nonexistent")) {
        Ok(config) => {
            assert!(!config.issuers.is_empty() || !config.consumers.is_empty());
            config.effective_yaml
        }
        Err(errors) => {
            let told = errors.to_string();
            assert!(!told.is_empty());
            told
        }
    };
    if told.contains(SECRET) {
        assert!(!told.contains(NOT_YAML), "a secret is shown: {told}");
        assert!(!is_secret(text), "a secret is shown: {told}");
    }
}

/// Whether [`SECRET`] stands where a secret is due, and nowhere else. Where it is the name of an
/// issuer, it may be shown.
fn is_secret(text: &str) -> bool {
    // An alias would take it to other places.
    let once = text.matches(SECRET).count() == 1 && !text.contains('&');
    once && serde_saphyr::from_str(text).is_ok_and(|tree| has_secret(&tree))
}

/// Looks for `secret:` in the members of all `keys:` and `credentials:`.
fn has_secret(tree: &Value) -> bool {
    let members = |map: &Map<String, Value>| {
        ["keys", "credentials"].iter().any(|name| {
            let list = map.get(*name).and_then(Value::as_array);
            let mut members = list.into_iter().flatten();
            members.any(|member| member.get("secret").is_some_and(is_due))
        })
    };
    match tree {
        Value::Object(map) => members(map) || map.values().any(has_secret),
        Value::Array(list) => list.iter().any(has_secret),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether the value of `secret:` holds it, as it should or by a slip: `{value:SECRET}`, `{SECRET}`.
fn is_due(secret: &Value) -> bool {
    match secret {
        Value::String(text) => text.contains(SECRET),
        Value::Object(map) => map.iter().any(|(key, value)| {
            let braced = value.is_null() && key.contains(SECRET);
            braced || (key == "value" && is_due(value))
        }),
        Value::Array(list) => list.iter().any(is_due),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The secret that the corpus uses.
const SECRET: &str = "planted-secret-planted-secret-42";
/// How errors begin whose text is the YAML library's.
const NOT_YAML: &str = "this is not YAML";
