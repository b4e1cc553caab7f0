//! What commands read: tokens, key files, `name=value` pairs.

use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Exit, Failure};
use crate::limits::TOKEN_BYTES_MAX;
use crate::signature::SigningKey;

/// The token that `argument` is, or, for `-`, the one on standard input. The blanks and the
/// `Bearer` that come along with copying are taken off.
///
/// # Errors
/// [`Failure`] if standard input cannot be read.
pub(super) fn token(argument: &str) -> Result<String, Failure> {
    let text = if argument == "-" {
        // Generous, but not endless.
        let mut text = Vec::new();
        io::stdin()
            .take(4 * TOKEN_BYTES_MAX as u64)
            .read_to_end(&mut text)
            .map_err(|error| unreadable("standard input", &error))?;
        String::from_utf8_lossy(&text).into_owned()
    } else {
        argument.to_owned()
    };
    let text = text.trim();
    let bare = text
        .split_once(char::is_whitespace)
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map_or(text, |(_, token)| token.trim_start());
    Ok(bare.to_owned())
}

/// A private key and the name that its file gives it.
pub(super) struct NamedKey {
    /// The key.
    pub(super) key: SigningKey,
    /// Its `kid`, else its thumbprint; a shared secret may have neither.
    pub(super) kid: Option<String>,
}

/// The private JWK in the file at `path`; `-` is standard input.
///
/// # Errors
/// [`Failure`] that names the file and what is wrong with it, never what is in it.
pub(super) fn private_key(path: &Path) -> Result<NamedKey, Failure> {
    let name = path.display().to_string();
    let bytes = if name == "-" {
        let mut bytes = Zeroizing::new(Vec::new());
        let outcome = io::stdin().read_to_end(&mut bytes);
        outcome.map_err(|error| unreadable("standard input", &error))?;
        bytes
    } else {
        let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error))?;
        Zeroizing::new(bytes)
    };
    let bad = |problem: &dyn std::fmt::Display| {
        let message = format!("{name}: {problem}; `jotgate keygen --alg ES256` makes a key");
        Failure::new(Exit::Undecided, message)
    };
    let key = SigningKey::from_jwk_json(&bytes).map_err(|error| bad(&error))?;
    let jwk: Value = serde_json::from_slice(&bytes).map_err(|error| bad(&error))?;
    let kid = match jwk.get("kid").and_then(Value::as_str) {
        Some(kid) => Some(kid.to_owned()),
        None => key.thumbprint().map_err(|error| bad(&error))?,
    };
    Ok(NamedKey { key, kid })
}

/// `name=value`, where the value is JSON if it reads as JSON, else a string.
///
/// # Errors
/// A sentence for clap.
pub(super) fn pair(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=VALUE, for example sub=alice or 'roles=[\"admin\"]'")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Undecided, format!("{name} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{pair, token};

    #[test]
    fn a_copied_token_loses_its_scheme_and_blanks() {
        for text in ["a.b.c", " a.b.c\n", "Bearer a.b.c", "bearer  a.b.c "] {
            assert_eq!(token(text).expect("read"), "a.b.c", "{text:?}");
        }
    }

    #[test]
    fn values_are_json_where_they_can_be() {
        for (text, name, value) in [
            ("sub=alice", "sub", json!("alice")),
            ("level=3", "level", json!(3)),
            ("exp=null", "exp", json!(null)),
            ("roles=[\"a\"]", "roles", json!(["a"])),
            ("id=\"3\"", "id", json!("3")),
            ("scope=a=b c", "scope", json!("a=b c")),
            ("empty=", "empty", json!("")),
        ] {
            assert_eq!(pair(text), Ok((name.to_owned(), value)), "{text}");
        }
        for text in ["", "sub", "=x"] {
            assert!(pair(text).is_err(), "{text:?}");
        }
    }
}
