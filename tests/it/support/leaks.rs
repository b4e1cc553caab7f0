//! No log holds a token or a secret, at the finest level, in any of these tests: every log that
//! jotgate wrote is searched when its test is over.

use regex::Regex;
use serde_json::Value;

/// The secrets of a configuration.
#[derive(Default)]
pub struct Planted(Vec<String>);

impl Planted {
    /// Takes every `{value: TEXT}`, and what is sent along to key servers.
    pub fn find_in(&mut self, config: &Value) {
        match config {
            Value::Object(members) => {
                for (name, value) in members {
                    let is_secret = name == "value" && members.len() == 1;
                    match value.as_str().filter(|_| is_secret) {
                        Some(text) => self.0.push(text.to_owned()),
                        None => self.find_in(value),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.find_in(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    pub fn none_in(&self, log: &str) {
        // Header and claims of a token, each an object, which begins so in base64url.
        let token =
            Regex::new(r"eyJ[\w-]{8,}\.[\w-]{8,}|[Bb]earer [\w.-]{16,}").expect("an expression");
        let found = log.lines().find(|line| {
            let holds = |secret: &String| secret.len() >= SHORTEST && line.contains(&**secret);
            token.is_match(line) || self.0.iter().any(holds)
        });
        assert_eq!(found, None, "a token or a secret is in the log");
    }
}

/// Shorter ones could be part of any line.
const SHORTEST: usize = 8;

#[test]
fn a_leak_would_be_found() {
    let mut planted = Planted::default();
    planted.find_in(&serde_json::json!({ "keys": [{ "secret": { "value": "correct horse" } }] }));
    for line in [
        "Authorization: Bearer abcdefghijklmnopqr",
        "token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        "the secret is correct horse",
    ] {
        let leak = std::panic::catch_unwind(|| planted.none_in(line));
        assert!(leak.is_err(), "{line}");
    }
    planted.none_in("Bearer realm=\"jotgate\", token_malformed, eyJ");
}
