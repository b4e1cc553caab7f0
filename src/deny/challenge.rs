//! The `WWW-Authenticate` header of a refusal (RFC 9110 11.6.1, RFC 6750 3).

use http::HeaderValue;

/// A challenge for bearer tokens, grown parameter by parameter.
pub(super) struct Challenge(String);

impl Challenge {
    /// The challenge that names no error: for requests without a token.
    pub(super) fn new(realm: &str) -> Self {
        Self(format!("Bearer realm=\"{}\"", quoted(realm)))
    }

    /// Adds the error and a sentence for developers.
    pub(super) fn with_error(mut self, code: &str, description: &str) -> Self {
        self.0.push_str(", error=\"");
        self.0.push_str(code);
        self.0.push_str("\", error_description=\"");
        self.0.push_str(description);
        self.0.push('"');
        self
    }

    pub(super) fn into_value(self) -> HeaderValue {
        HeaderValue::from_bytes(self.0.as_bytes()).expect("quoted text has no control characters")
    }
}

/// Whether `text` may stand in `error_description`: printable ASCII without quote and backslash
/// (RFC 6750 3).
pub(super) fn is_description(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x7E) && byte != b'"' && byte != b'\\')
}

/// Whether `text` may stand in `scope`: the same without space (RFC 6749 3.3).
pub(super) fn is_scope(text: &str) -> bool {
    is_description(text) && !text.contains(' ')
}

/// The content of a quoted-string (RFC 9110 5.6.4). What has no place in a field becomes a space.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
