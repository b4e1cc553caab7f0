//! `POST /v1/verify`: the JSON twin of the `Verify` RPC, in the proto3 JSON mapping.
//!
//! Questions and verdicts are the RPC's own messages, so the two cannot drift apart; only
//! `claims` differs, an object here and bytes there.

mod question;
mod verdict;

use std::error::Error;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

pub(crate) use verdict::to_json as verdict_json;

use super::problem;
use crate::gate::Gate;
use crate::grpc::verifier;
use crate::limits::MESSAGE_BYTES;
use crate::telemetry::TraceContext;

/// Answers the question in `body`. A bad token is a verdict, with status 200; what is no question
/// is a problem, with status 400 or 413.
pub(super) async fn answer<B>(gate: &Gate, within: &TraceContext, body: B) -> Response<Full<Bytes>>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let body = match Limited::new(body, MESSAGE_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("a question has at most {MESSAGE_BYTES} bytes");
            return problem::response(StatusCode::PAYLOAD_TOO_LARGE, &detail);
        }
        Err(_) => return problem::response(StatusCode::BAD_REQUEST, "the body is incomplete"),
    };
    let question = match question::parse(&body) {
        Ok(question) => question,
        Err(error) => return problem::response(StatusCode::BAD_REQUEST, &error),
    };
    let verdict = verdict::to_json(&verifier::answer(gate, within, &question));
    let mut response = Response::new(Full::from(verdict));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
