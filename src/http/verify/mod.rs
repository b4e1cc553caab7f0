//! `POST /v1/verify`: the JSON twin of the `Verify` RPC, in the proto3 JSON mapping.
//!
//! Questions and verdicts are the RPC's own messages, so the two cannot drift apart; only
//! `claims` differs, an object here and bytes there.

mod question;
mod verdict;

use std::error::Error;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;

pub(crate) use verdict::to_json as verdict_json;

use super::body::{self, Unread};
use super::{auth, problem};
use crate::gate::Gate;
use crate::grpc::proto::jotgate::v1::VerifyResponse;
use crate::grpc::verifier;
use crate::limits::MESSAGE_BYTES;
use crate::reason::Reason;

/// Answers the question in `body`. A bad token is a verdict, with status 200; what is no question
/// is a problem, with status 400 or 413.
pub(super) async fn answer<B>(gate: &Gate, asking: &Parts, body: B) -> Response<Full<Bytes>>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let within = &auth::within(gate, asking);
    let body = match body::read(gate, &asking.headers, body, MESSAGE_BYTES).await {
        Ok(body) => body,
        Err(Unread::TooLong) => {
            let detail = format!("a question has at most {MESSAGE_BYTES} bytes");
            return problem::response(StatusCode::PAYLOAD_TOO_LARGE, &detail);
        }
        Err(Unread::Incomplete) => {
            return problem::response(StatusCode::BAD_REQUEST, "the body is incomplete");
        }
        Err(Unread::Overloaded) => {
            return told(&verifier::refuse(gate, within, Reason::Overloaded));
        }
    };
    match question::parse(&body) {
        Ok(question) => told(&verifier::answer(gate, within, &question)),
        Err(error) => problem::response(StatusCode::BAD_REQUEST, &error),
    }
}

fn told(verdict: &VerifyResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(verdict::to_json(verdict)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
