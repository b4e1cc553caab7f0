//! Tests of one claim, where it lies in the payload.

use super::number::Number;
use super::pattern::Pattern;
use super::value::Value;
use crate::token::json::{Json, Kind};

/// What a claim must be like. A claim of another type fails every test but `exists: false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimTest {
    /// The whole value is this.
    Equals(Value),
    /// The whole value is one of these.
    OneOf(Box<[Value]>),
    /// A member of the array is this; a string counts as an array of one.
    Contains(Value),
    /// A string that starts so.
    Prefix(Box<str>),
    /// A string that the expression matches from end to end.
    Matches(Pattern),
    /// It is there and not `null`, or it is not.
    Exists(bool),
    /// A number that is this or larger.
    AtLeast(Number),
    /// A number that is this or smaller.
    AtMost(Number),
}

impl ClaimTest {
    /// Whether `claim` passes; `None` stands for a claim that is absent or `null`.
    #[must_use]
    pub fn holds(&self, claim: Option<Json<'_>>) -> bool {
        if let Self::Exists(expected) = self {
            return claim.is_some() == *expected;
        }
        claim.is_some_and(|claim| self.holds_for(claim))
    }

    fn holds_for(&self, claim: Json<'_>) -> bool {
        let number = || (claim.kind() == Kind::Number).then_some(claim.raw());
        match self {
            Self::Exists(expected) => *expected,
            Self::Equals(value) => value.equals(claim),
            Self::OneOf(values) => values.iter().any(|value| value.equals(claim)),
            Self::Contains(value) => match claim.kind() {
                Kind::Array => claim.elements().any(|element| value.equals(element)),
                Kind::String => value.equals(claim),
                Kind::Bool | Kind::Null | Kind::Number | Kind::Object => false,
            },
            Self::Prefix(prefix) => claim.as_text().is_some_and(|text| {
                let mut characters = text.chars();
                prefix
                    .chars()
                    .all(|expected| characters.next() == Some(expected))
            }),
            Self::Matches(pattern) => claim
                .as_text()
                .is_some_and(|text| pattern.matches(&text.to_cow())),
            Self::AtLeast(least) => number().is_some_and(|number| least.compare(number).is_le()),
            Self::AtMost(most) => number().is_some_and(|number| most.compare(number).is_ge()),
        }
    }
}

/// Which of a few names are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// Every one.
    All(Box<[Box<str>]>),
    /// At least one.
    Any(Box<[Box<str>]>),
}

impl Names {
    /// Whether enough of them are there.
    pub(super) fn are_met(&self, has: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::All(names) => names.iter().all(|name| has(name)),
            Self::Any(names) => names.iter().any(|name| has(name)),
        }
    }

    /// The names.
    #[must_use]
    pub const fn list(&self) -> &[Box<str>] {
        match self {
            Self::All(names) | Self::Any(names) => names,
        }
    }
}

/// Whether `roles` is this role, or an array that has it; members that are no strings are ignored.
pub(super) fn names_role(roles: Json<'_>, role: &str) -> bool {
    let is_role = |json: Json<'_>| json.as_text().is_some_and(|text| text == *role);
    is_role(roles) || roles.elements().any(is_role)
}
