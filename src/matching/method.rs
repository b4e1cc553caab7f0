//! Methods of a request.

use std::fmt;
use std::str::FromStr;

use http::Method;

/// One method, compared with case (RFC 9110 9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodPattern(Method);

impl MethodPattern {
    pub(super) fn matches(&self, method: &[u8]) -> bool {
        self.0.as_str().as_bytes() == method
    }
}

impl fmt::Display for MethodPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for MethodPattern {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(MethodError::LowerCase(text.to_ascii_uppercase()));
        }
        if text == "*" {
            return Err(MethodError::Everything);
        }
        match Method::from_bytes(text.as_bytes()) {
            Ok(method) => Ok(Self(method)),
            Err(_) => Err(MethodError::NoToken),
        }
    }
}

/// Why a text is no method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// Not one that a client sends.
    #[error("methods are compared with case: write {0}")]
    LowerCase(String),
    /// `*`, which is a token and no method.
    #[error("every method matches where there are no `methods`: remove the key")]
    Everything,
    /// Not a token (RFC 9110 5.6.2).
    #[error("is not a method: write one word like GET, or remove `methods` for any")]
    NoToken,
}
