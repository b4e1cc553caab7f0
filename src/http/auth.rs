//! `/auth` for nginx, Traefik and Caddy, `/envoy` for Envoy's HTTP service.
//!
//! Proxies copy headers of the answer into the request and keep what is not in the answer. So a
//! header that must not reach the upstream is sent with an empty value, and named in
//! `x-envoy-auth-headers-to-remove`, which Envoy obeys.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::{Original, OriginalRequest};
use crate::authorizer::{Authorizer, Decision};
use crate::forward::TokenHandling;
use crate::gate::{Bench, Gate};
use crate::metrics::Transport;
use crate::reason::{Class, Reason};
use crate::request::RequestView as _;

/// Judges the request that `asking` describes.
pub(super) fn original(
    gate: &Gate,
    original: Original,
    asking: &Parts,
    rule: Option<&str>,
) -> Response<Full<Bytes>> {
    answer(gate, rule, || original.read(asking))
}

/// Judges the request itself.
pub(super) fn itself(
    gate: &Gate,
    request: Result<OriginalRequest<'_>, Reason>,
) -> Response<Full<Bytes>> {
    answer(gate, None, || request)
}

fn answer<'r>(
    gate: &Gate,
    rule: Option<&str>,
    read: impl FnOnce() -> Result<OriginalRequest<'r>, Reason>,
) -> Response<Full<Bytes>> {
    let Some(_entered) = gate.enter(Transport::Http) else {
        return gate.refuse(Transport::Http, Reason::Overloaded, refused);
    };
    let judge = |bench: &mut Bench<'_>| match read() {
        Ok(request) => judge(bench, rule, &request),
        Err(reason) => {
            let refusal = refused(bench.authorizer, reason);
            (Decision::refusal(reason), refusal)
        }
    };
    gate.judge(Transport::Http, judge, refused)
}

fn judge(
    bench: &mut Bench<'_>,
    rule: Option<&str>,
    request: &OriginalRequest<'_>,
) -> (Decision, Response<Full<Bytes>>) {
    let Bench {
        authorizer,
        now,
        scratch,
        meter,
    } = bench;
    let decision = authorizer.decide(request, rule, *now, scratch, *meter);
    let response = match decision.reason.class() {
        Class::Allowed => allowed(authorizer, &decision, request),
        Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => {
            refused(authorizer, decision.reason)
        }
    };
    (decision, response)
}

fn allowed(
    authorizer: &Authorizer,
    decision: &Decision,
    request: &OriginalRequest<'_>,
) -> Response<Full<Bytes>> {
    let mut answer = Answer::default();
    match &decision.token {
        Some(token) => {
            for (name, value) in &token.forwarded.set {
                answer.set(name, value);
            }
            for name in &token.forwarded.absent {
                answer.remove(name);
            }
            if authorizer.forward.token == TokenHandling::Strip {
                let stripped = authorizer.credentials.strip(request);
                for name in &stripped.headers {
                    answer.remove(name);
                }
                if let Some(cookies) = stripped.cookie {
                    answer.headers.insert(COOKIE, cookies);
                }
            }
        }
        // Without a token every configured header is somebody else's invention.
        None => authorizer
            .forward
            .names()
            .for_each(|name| answer.remove(name)),
    }
    request.for_each_header(&mut |name, _| {
        if authorizer.forward.is_twin(name) {
            answer.list(name);
        }
    });
    answer.into_response()
}

/// The refusal for `reason`, which was built when the configuration was read.
fn refused(authorizer: &Authorizer, reason: Reason) -> Response<Full<Bytes>> {
    let refusal = authorizer.refusals.get(reason);
    let mut response = Response::new(Full::new(refusal.body.clone()));
    // A refusal has one of three statuses; if that were not so, it would be a refusal still.
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    response
        .headers_mut()
        .extend(refusal.headers.iter().cloned());
    response
}

/// The allowing answer, header by header.
#[derive(Default)]
struct Answer {
    headers: HeaderMap,
    /// Names for `x-envoy-auth-headers-to-remove`, with commas between them.
    to_remove: Vec<u8>,
}

impl Answer {
    fn set(&mut self, name: &HeaderName, value: &str) {
        match HeaderValue::from_bytes(value.as_bytes()) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            // Rendering sees to it that this does not happen.
            Err(_) => self.remove(name),
        }
    }

    fn remove(&mut self, name: &HeaderName) {
        self.headers.insert(name, HeaderValue::from_static(""));
        self.list(name.as_str().as_bytes());
    }

    fn list(&mut self, name: &[u8]) {
        if !self.to_remove.is_empty() {
            self.to_remove.push(b',');
        }
        self.to_remove.extend_from_slice(name);
    }

    fn into_response(mut self) -> Response<Full<Bytes>> {
        let no_store = HeaderValue::from_static("no-store");
        self.headers.insert(CACHE_CONTROL, no_store);
        if !self.to_remove.is_empty() {
            let names = HeaderValue::from_maybe_shared(Bytes::from(self.to_remove))
                .expect("names of headers are printable ASCII");
            self.headers.insert(HEADERS_TO_REMOVE, names);
        }
        let mut response = Response::new(Full::default());
        *response.headers_mut() = self.headers;
        response
    }
}

const HEADERS_TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");
