//! `rules[]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::credentials::OnMultiple;
use crate::deny::{BodyFormat, OnUnavailable};
use crate::forward::TokenHandling;
use crate::rules::Access;

use super::entries::Entries;
use super::issuer::AudienceList;
use super::matching::Match;
use super::number::UnavailableStatus;
use super::request::{Credential, ForwardedClaim, InternalToken, LoginRedirect};
use super::requirement::Requirement;
use super::scalar::{Line, Written};
use http::HeaderName;

/// What is asked of some requests, and what they get.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Rule {
    /// What the rule is called: in verdicts, metadata and logs, and by those who pick it by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) name: Option<Written<Line>>,
    /// Which requests it is for; all by default.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub(in crate::config) matching: Option<Match>,
    /// Whether a token is needed: `required`, `optional` (none is fine, a bad one is not),
    /// `permissive` (a bad one counts as none), `public` (nobody asks) or `denied`.
    pub(in crate::config) access: Written<Access>,
    /// Issuers, by their names above, whose tokens are accepted; all of them by default.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) issuers: Option<Vec<Written<Line>>>,
    /// For whom tokens must be, in place of what their issuer says; the word `any` turns the check
    /// off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) audiences: Option<AudienceList>,
    /// Where the token is looked for, in place of the places for all rules.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) credentials: Option<Vec<Credential>>,
    /// What two different tokens in one request mean, in place of what it means for all rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) on_multiple_tokens: Option<Written<OnMultiple>>,
    /// What a token must be like beside being valid: every line must hold.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) require: Option<Vec<Requirement>>,
    /// What an allowed request carries upstream: replaces the keys of `forward` that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) forward: Option<RuleForward>,
    /// What a refusal looks like: replaces the keys of `deny` that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) deny: Option<RuleDeny>,
}

/// What an allowed request carries upstream by one rule.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RuleForward {
    /// Whether the token goes along or is taken out of wherever it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) token: Option<Written<TokenHandling>>,
    /// Headers made of claims; all that `forward` names are removed unless they stand here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) headers: Option<Entries<HeaderName, ForwardedClaim>>,
    /// A header for the whole payload, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) payload_header: Option<Written<HeaderName>>,
    /// Whether Envoy gets dynamic metadata: issuer, subject, rule, claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) metadata: Option<bool>,
    /// A token that is issued here for the request, in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) internal_token: Option<InternalToken>,
}

/// What refusals of one rule look like.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RuleDeny {
    /// The protection space named in the challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) realm: Option<Written<Line>>,
    /// The body: a problem document (RFC 9457), text, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) format: Option<Written<BodyFormat>>,
    /// The sentence for the client instead of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) message: Option<Written<Line>>,
    /// Whether the client is told the reason's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) expose_reason: Option<bool>,
    /// What Envoy is told when no decision could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) on_unavailable: Option<Written<OnUnavailable>>,
    /// The status when no decision could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) unavailable_status: Option<Written<UnavailableStatus>>,
    /// Where browsers without a token are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) redirect: Option<LoginRedirect>,
}
