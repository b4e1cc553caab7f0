//! Watching a verification: evidence for people, counts for metrics, nothing for the hot path.

use crate::reason::Reason;
use crate::signature::Algorithm;

/// Somebody who watches a verification.
pub trait Observer {
    /// A step was taken. `detail` says what was expected and what was found; only those who want
    /// to know call it.
    fn step(&mut self, step: Step, outcome: Result<(), Reason>, detail: impl FnOnce() -> String);

    /// A signature was checked.
    fn signature(&mut self, algorithm: Algorithm, is_valid: bool);

    /// Tells of a step and hands its outcome on.
    ///
    /// # Errors
    /// The outcome's own.
    fn judged<T>(
        &mut self,
        step: Step,
        outcome: Result<T, Reason>,
        detail: impl FnOnce() -> String,
    ) -> Result<T, Reason> {
        self.step(
            step,
            outcome.as_ref().map(|_| ()).map_err(|reason| *reason),
            detail,
        );
        outcome
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn step(&mut self, _: Step, _: Result<(), Reason>, _: impl FnOnce() -> String) {}

    fn signature(&mut self, _: Algorithm, _: bool) {}
}

/// The steps, in the order of judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Where the token is.
    Credentials,
    /// Size and shape.
    Shape,
    /// What the header says of itself.
    Header,
    /// `iss`.
    Issuer,
    /// The credential of a consumer, where the token is of no issuer.
    Consumer,
    /// `alg`, for this issuer.
    Algorithm,
    /// `typ`, for this issuer.
    Type,
    /// `kid`.
    Key,
    /// The signature.
    Signature,
    /// `exp`, `nbf`, `iat`.
    Time,
    /// `aud`.
    Audience,
    /// Everything else about the claims.
    Claims,
    /// The rule, and what the caller asked for beyond the configuration.
    Rule,
}

impl Step {
    /// Its name in `TraceStep.step`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Shape => "shape",
            Self::Header => "header",
            Self::Issuer => "issuer",
            Self::Consumer => "consumer",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Time => "time",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Rule => "rule",
        }
    }
}
