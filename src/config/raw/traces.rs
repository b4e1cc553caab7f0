//! `traces`

use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::entries::Entries;
use super::literal::PlainNumber;
use super::scalar::Written;
use super::secret::HeaderText;

/// Spans of requests, sent by OTLP over HTTP.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["endpoint"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Traces {
    /// The collector's base URL; `/v1/traces` is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) endpoint: Option<Written<Url>>,
    /// The share of requests whose callers are not traced that start a trace.
    #[schemars(range(min = 0, max = 1))]
    pub(in crate::config) ratio: PlainNumber,
    /// Headers to send to the collector: a text or a secret each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) headers: Option<Entries<HeaderName, HeaderText>>,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            endpoint: None,
            ratio: PlainNumber(0.into()),
            headers: None,
        }
    }
}
