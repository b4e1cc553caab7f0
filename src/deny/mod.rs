//! What a refusal looks like to the client: status, challenge (RFC 6750 3) and body.
//!
//! Refusals are built when the configuration is read, one for each reason, so that saying no costs
//! no more than saying yes.

mod challenge;
mod redirect;
mod refusals;

pub use redirect::{Redirect, UrlDefect};
pub use refusals::{Refusal, Refusals};

/// `deny` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyPolicy {
    /// The protection space in the challenge (RFC 9110 11.5).
    pub realm: Box<str>,
    /// What the body is.
    pub format: BodyFormat,
    /// The sentence for the client instead of ours.
    pub message: Option<Box<str>>,
    /// Whether the client is told the reason's code.
    pub expose_reason: bool,
    /// What Envoy is told when no decision could be made.
    pub on_unavailable: OnUnavailable,
    /// The status when no decision could be made: 503, 403 or 401.
    pub unavailable_status: u16,
    /// Where browsers without a token are sent.
    pub redirect: Option<Redirect>,
}

/// What the body of a refusal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFormat {
    /// A problem document (RFC 9457).
    #[default]
    Problem,
    /// The message as text.
    Text,
    /// Nothing.
    Empty,
}

/// What Envoy is told when no decision could be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnavailable {
    /// A refusal.
    #[default]
    Deny,
    /// An error: the filter's `failure_mode_allow` decides.
    Defer,
}

impl Default for DenyPolicy {
    fn default() -> Self {
        Self {
            realm: "jotgate".into(),
            format: BodyFormat::Problem,
            message: None,
            expose_reason: false,
            on_unavailable: OnUnavailable::Deny,
            unavailable_status: 503,
            redirect: None,
        }
    }
}

#[cfg(test)]
mod tests;
