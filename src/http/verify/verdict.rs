//! A `VerifyResponse` as JSON.

use prost_types::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::grpc::proto::jotgate::v1::{TraceStep, VerifyResponse};

/// Writes one verdict: names in lowerCamelCase, nothing that has its default value.
pub(crate) fn to_json(response: &VerifyResponse) -> Vec<u8> {
    let trace = response.trace.iter();
    let verdict = Verdict {
        verdict: response.verdict().as_str_name(),
        reason: &response.reason,
        message: &response.message,
        issuer: &response.issuer,
        subject: &response.subject,
        expires_at: response.expires_at.and_then(rfc3339),
        claims: claims(&response.claims_json),
        rule: &response.rule,
        key_id: &response.key_id,
        consumer: &response.consumer,
        trace: trace.map(Step::from).collect(),
    };
    serde_json::to_vec(&verdict).expect("text, numbers and valid JSON become JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict<'a> {
    verdict: &'static str,
    reason: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    issuer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    consumer: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    step: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
}

impl<'a> From<&'a TraceStep> for Step<'a> {
    fn from(step: &'a TraceStep) -> Self {
        Self {
            step: &step.step,
            ok: step.ok,
            detail: &step.detail,
        }
    }
}

/// The verified payload as it is: a number with many digits keeps them all.
fn claims(payload: &[u8]) -> Option<&RawValue> {
    // Empty without a token; otherwise it was verified to be JSON.
    serde_json::from_slice(payload).ok()
}

/// RFC 3339, for the years that it has; `exp` may lie far beyond.
fn rfc3339(time: Timestamp) -> Option<String> {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_9999_END: i64 = 253_402_300_799;
    (YEAR_1..=YEAR_9999_END)
        .contains(&time.seconds)
        .then(|| time.to_string())
}
