//! `POST /v1/sign/DOCUMENT`: fields of a JSON document become tokens.

use std::error::Error;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;

use super::token::{Counter, Fault, client, read};
use crate::issue::{InForce, SignError};
use crate::limits::MESSAGE_BYTES;

/// Answers one request for the document called `name`.
pub(super) async fn respond<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    name: &str,
    body: B,
) -> Response<Full<Bytes>>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    match answer(counter, in_force, asking, name, body).await {
        Ok(signed) => {
            let mut response = Response::new(Full::from(signed));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(fault) => fault.into_response(),
    }
}

async fn answer<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    name: &str,
    body: B,
) -> Result<String, Fault>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let document = in_force.document(name);
    let profile = document.map_or("", |document| &document.profile.name);
    let client = client(counter, in_force, asking)
        .await
        .inspect_err(|_| in_force.refused(profile))?;
    let missing = || Fault::status(StatusCode::NOT_FOUND, "invalid_request", "no such document");
    let document = document.ok_or_else(missing)?;
    client.profile(Some(profile)).map_err(|_| {
        in_force.refused(profile);
        let detail = "the client may not have tokens of this document";
        Fault::status(StatusCode::FORBIDDEN, "unauthorized_client", detail)
    })?;
    let body = read(body, MESSAGE_BYTES)
        .await
        .inspect_err(|_| in_force.refused(profile))?;
    let signed = in_force.sign_document(document, &body, counter.desk.now());
    signed.map_err(|error| match error {
        SignError::Malformed | SignError::NoClaims(_) => {
            Fault::bad("invalid_request", error.to_string())
        }
        SignError::Mint(error) => error.into(),
    })
}
