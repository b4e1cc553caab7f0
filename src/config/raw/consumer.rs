//! `consumers.*`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::signature::Algorithm;

use super::issuer::AudienceList;
use super::scalar::{Line, Written};
use super::secret::Secret;

/// An application with credentials of its own.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Consumer {
    /// What upstreams know it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) id: Option<Written<Line>>,
    /// What another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) custom_id: Option<Written<Line>>,
    /// The groups that it is in.
    pub(in crate::config) groups: Vec<Written<Line>>,
    /// For whom its tokens must be; without the key `aud` is not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) audiences: Option<AudienceList>,
    /// What its tokens are signed with. One without can only be the anonymous consumer.
    pub(in crate::config) credentials: Vec<ConsumerCredential>,
}

/// What tokens of a consumer are signed with.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend(
    "required" = ["key", "algorithm"],
    "oneOf" = [{ "required": ["secret"] }, { "required": ["public_key"] }],
))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct ConsumerCredential {
    /// What tokens name it by, in the claim that `consumer_key_claim` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) key: Option<Written<Line>>,
    /// The one algorithm that its tokens are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) algorithm: Option<Written<Algorithm>>,
    /// The shared secret, for HS256, HS384 and HS512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) secret: Option<Secret>,
    /// Whether the secret is written in base64, of either alphabet, with padding or without.
    pub(in crate::config) secret_is_base64: bool,
    /// The public key or a certificate, PEM, for all other algorithms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) public_key: Option<Secret>,
}
