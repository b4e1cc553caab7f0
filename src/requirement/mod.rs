//! What a rule asks of a verified token: scopes, roles, claims and conditions, line by line.
//!
//! Every test is a total function of the claims, which whoever the issuer serves may have chosen:
//! a claim of another type fails a test, it is never an error.

mod claim;
mod condition;
mod evidence;
mod facts;
mod lines;
mod number;
mod pattern;
mod value;

pub use claim::{ClaimTest, Names};
pub use condition::{Allowance, ClaimExpression, Condition, ConditionError, Undecided};
pub use evidence::LineEvidence;
pub use facts::{EachHeader, Facts, RequestFacts, TokenFacts};
pub use lines::{Lines, Verdict};
pub use number::Number;
pub use pattern::{Pattern, PatternError};
pub use value::Value;

use crate::reason::Reason;
use crate::token::ClaimPath;
use crate::verify::check_scopes;

/// One thing asked of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Requirement {
    /// Scopes from `scope`, `scp` or `scopes`: a string, split at spaces, or an array.
    Scope(Names),
    /// Roles in a claim: a string, which is one role, or an array.
    Role {
        /// Where the roles stand.
        claim: ClaimPath,
        /// Which are needed.
        names: Names,
    },
    /// A test of one claim.
    Claim {
        /// Which claim.
        path: ClaimPath,
        /// What it must be like.
        test: ClaimTest,
    },
    /// A CEL expression.
    Cel(Condition),
    /// Every one of these.
    All(Box<[Self]>),
    /// At least one of these.
    Any(Box<[Self]>),
    /// Not this.
    Not(Box<Self>),
}

/// What came of a requirement. A condition that could not be evaluated is neither true nor false:
/// its opposite must not let anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Holds,
    Fails(Reason),
    Undecided(Reason),
}

impl Outcome {
    fn of(holds: bool, reason: Reason) -> Self {
        if holds {
            Self::Holds
        } else {
            Self::Fails(reason)
        }
    }

    const fn into_result(self) -> Result<(), Reason> {
        match self {
            Self::Holds => Ok(()),
            Self::Fails(reason) | Self::Undecided(reason) => Err(reason),
        }
    }
}

impl Requirement {
    /// Whether it reads the request and so has to be asked again for each.
    #[must_use]
    pub fn reads_request(&self) -> bool {
        match self {
            Self::Scope(_) | Self::Role { .. } | Self::Claim { .. } => false,
            Self::Cel(condition) => condition.reads_request(),
            Self::All(inner) | Self::Any(inner) => inner.iter().any(Self::reads_request),
            Self::Not(inner) => inner.reads_request(),
        }
    }

    fn judge(&self, facts: &Facts<'_>) -> Outcome {
        let claims = facts.token.claims;
        match self {
            Self::Scope(names) => {
                let has = |scope: &str| check_scopes(claims, [scope]).is_ok();
                Outcome::of(names.are_met(has), Reason::ScopeInsufficient)
            }
            Self::Role { claim, names } => {
                let roles = claim.find(claims);
                let has = |role: &str| roles.is_some_and(|roles| claim::names_role(roles, role));
                Outcome::of(names.are_met(has), Reason::RoleInsufficient)
            }
            Self::Claim { path, test } => {
                Outcome::of(test.holds(path.find(claims)), Reason::ClaimMismatch)
            }
            Self::Cel(condition) => match condition.evaluate(facts) {
                Ok(holds) => Outcome::of(holds, Reason::ConditionFalse),
                Err(_) => Outcome::Undecided(Reason::ConditionFalse),
            },
            Self::All(inner) => all(inner, facts),
            Self::Any(inner) => any(inner, facts),
            Self::Not(inner) => match inner.judge(facts) {
                Outcome::Holds => Outcome::Fails(inner.reason_of_opposite()),
                Outcome::Fails(_) => Outcome::Holds,
                Outcome::Undecided(_) => Outcome::Undecided(inner.reason_of_opposite()),
            },
        }
    }

    /// Why a token is refused for which this holds but must not.
    const fn reason_of_opposite(&self) -> Reason {
        match self {
            Self::Claim { .. } => Reason::ClaimMismatch,
            Self::Scope(_)
            | Self::Role { .. }
            | Self::Cel(_)
            | Self::All(_)
            | Self::Any(_)
            | Self::Not(_) => Reason::ConditionFalse,
        }
    }
}

/// The reason is the first failing one's. One that fails makes the whole fail for certain,
/// whatever else could not be decided.
fn all(inner: &[Requirement], facts: &Facts<'_>) -> Outcome {
    let mut undecided = None;
    for requirement in inner {
        match requirement.judge(facts) {
            Outcome::Holds => {}
            Outcome::Fails(reason) => return Outcome::Fails(undecided.unwrap_or(reason)),
            Outcome::Undecided(reason) => undecided = undecided.or(Some(reason)),
        }
    }
    undecided.map_or(Outcome::Holds, Outcome::Undecided)
}

/// The reason is the first alternative's.
fn any(inner: &[Requirement], facts: &Facts<'_>) -> Outcome {
    let mut first = None;
    let mut is_undecided = false;
    for requirement in inner {
        let reason = match requirement.judge(facts) {
            Outcome::Holds => return Outcome::Holds,
            Outcome::Fails(reason) => reason,
            Outcome::Undecided(reason) => {
                is_undecided = true;
                reason
            }
        };
        first = first.or(Some(reason));
    }
    let reason = first.unwrap_or(Reason::ConditionFalse);
    if is_undecided {
        Outcome::Undecided(reason)
    } else {
        Outcome::Fails(reason)
    }
}

#[cfg(test)]
mod tests;
