//! `POST /v1/sign/DOCUMENT`: fields of a JSON document become tokens.

use std::error::Error;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;

use super::fault::Fault;
use super::token::{Counter, client, read};
use crate::issue::{DocumentSettings, InForce, SignError};
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
    let document = in_force.document(name);
    let answered = match document {
        Some(document) => answer(counter, in_force, asking, document, body).await,
        // Nobody but clients is told which there are.
        None => client(counter, in_force, asking).await.and_then(|_| {
            let detail = "no such document";
            Err(Fault::status(
                StatusCode::NOT_FOUND,
                "invalid_request",
                detail,
            ))
        }),
    };
    match answered {
        Ok(signed) => {
            let mut response = Response::new(Full::from(signed));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(fault) => {
            in_force.refused(document.map_or("", |document| &document.profile.name));
            fault.into_response()
        }
    }
}

async fn answer<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    document: &DocumentSettings,
    body: B,
) -> Result<String, Fault>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let client = client(counter, in_force, asking).await?;
    let is_allowed = client.signs && client.profile(Some(&document.profile.name)).is_ok();
    if !is_allowed {
        let detail = "the client may not have this document signed";
        return Err(Fault::status(
            StatusCode::FORBIDDEN,
            "unauthorized_client",
            detail,
        ));
    }
    let body = read(counter.gate, asking, body, MESSAGE_BYTES).await?;
    let signed = in_force.sign_document(&client, document, &body, counter.desk.now());
    signed.map_err(|error| match error {
        SignError::Malformed | SignError::NoClaims(_) => {
            Fault::bad("invalid_request", error.to_string())
        }
        SignError::Mint(error) => error.into(),
    })
}
