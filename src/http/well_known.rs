//! `/.well-known/…`: the public keys and the metadata of what is issued here.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::problem;
use crate::issue::{Desk, Document, InForce};

/// Answers a request below `/.well-known/`, if there is something.
pub(super) fn respond(desk: Option<&Desk>, asking: &Parts, name: &str) -> Response<Full<Bytes>> {
    let document: fn(&InForce) -> &Document = match name {
        "jwks.json" => InForce::key_set,
        "openid-configuration" | "oauth-authorization-server" => InForce::metadata,
        _ => return super::nothing_here(),
    };
    let Some(in_force) = desk.and_then(Desk::in_force) else {
        return super::nothing_here();
    };
    if asking.method == Method::GET || asking.method == Method::HEAD {
        return send(document(&in_force), asking);
    }
    let detail = "the document is read with GET";
    let mut response = problem::response(StatusCode::METHOD_NOT_ALLOWED, detail);
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// The document, or 304 to those who have it (RFC 9110 15.4.5).
fn send(document: &Document, asking: &Parts) -> Response<Full<Bytes>> {
    let known = asking.headers.get_all(IF_NONE_MATCH).iter();
    let is_known = known
        .filter_map(|value| value.to_str().ok())
        .any(|tags| document.is_matched_by(tags));
    let mut response = if is_known {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(Full::new(document.body.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    };
    for (name, value) in [
        (ETAG, &document.etag),
        (CACHE_CONTROL, &document.cache_control),
    ] {
        let value = HeaderValue::from_str(value).expect("both are made of printable ASCII");
        response.headers_mut().insert(name, value);
    }
    response
}
