//! `rules[].require[]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::literal::{Literal, PlainNumber};
use super::scalar::{Line, ScopeName, Written};
use super::secret::ClaimName;

/// One thing asked of a token: exactly one of `scope`, `role`, `claim` (with one test of it),
/// `cel`, `any`, `all` and `not`.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [
    {"required": ["scope"]},
    {"required": ["role"]},
    {"required": ["claim"], "oneOf": [
        {"required": ["equals"]}, {"required": ["one_of"]}, {"required": ["contains"]},
        {"required": ["prefix"]}, {"required": ["matches"]}, {"required": ["exists"]},
        {"required": ["at_least"]}, {"required": ["at_most"]},
    ]},
    {"required": ["cel"]},
    {"required": ["any"]},
    {"required": ["all"]},
    {"required": ["not"]},
]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Requirement {
    /// Scopes, from the claims `scope`, `scp` or `scopes`: a text, split at spaces, or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) scope: Option<Scopes>,
    /// Roles, from a claim that is a text or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) role: Option<Roles>,
    /// A claim that one of the tests below is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) claim: Option<ClaimName>,
    /// The claim is this, as JSON: 3 equals 3.0 and not "3".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) equals: Option<Literal>,
    /// The claim is one of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) one_of: Option<Vec<Literal>>,
    /// The claim is a list with this member, or is itself this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) contains: Option<Literal>,
    /// The claim is a text that starts so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) prefix: Option<Written<Line>>,
    /// The claim is a text that this regular expression matches from end to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) matches: Option<String>,
    /// Whether the claim is there and not null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) exists: Option<bool>,
    /// The claim is a number that is this or larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) at_least: Option<PlainNumber>,
    /// The claim is a number that is this or smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) at_most: Option<PlainNumber>,
    /// A condition in CEL over `claims`, `header`, `request` and `consumer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) cel: Option<String>,
    /// At least one of these holds.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) any: Option<Vec<Self>>,
    /// Every one of these holds.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) all: Option<Vec<Self>>,
    /// This does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) not: Option<Box<Self>>,
}

/// Which scopes: exactly one of `all` and `any`.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [{"required": ["all"]}, {"required": ["any"]}]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Scopes {
    /// Every one of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) all: Option<Vec<Written<ScopeName>>>,
    /// At least one of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) any: Option<Vec<Written<ScopeName>>>,
}

/// Which roles: exactly one of `all` and `any`, and the claim they are in.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [{"required": ["all"]}, {"required": ["any"]}]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Roles {
    /// Every one of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) all: Option<Vec<Written<Line>>>,
    /// At least one of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) any: Option<Vec<Written<Line>>>,
    /// Where the roles are; `roles` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) claim: Option<ClaimName>,
}
