//! `/auth` for nginx, Traefik and Caddy, `/envoy` for Envoy's HTTP service.
//!
//! Proxies copy headers of the answer into the request and keep what is not in the answer. So a
//! header that must not reach the upstream is sent with an empty value, and named in
//! `x-envoy-auth-headers-to-remove`, which Envoy obeys.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::{Original, OriginalRequest};
use crate::authorizer::{Authorizer, Decision};
use crate::deny::Refusal;
use crate::gate::{Bench, Gate};
use crate::metrics::Transport;
use crate::reason::{Class, Reason};
use crate::request::RequestView as _;
use crate::telemetry::TraceContext;

/// Judges the request that `asking` describes.
pub(super) fn original(
    gate: &Gate,
    original: Original,
    asking: &Parts,
    rule: Option<&str>,
) -> Response<Full<Bytes>> {
    answer(gate, &within(gate, asking), rule, || original.read(asking))
}

/// Judges the request itself.
pub(super) fn itself(
    gate: &Gate,
    asking: &Parts,
    request: Result<OriginalRequest<'_>, Reason>,
) -> Response<Full<Bytes>> {
    answer(gate, &within(gate, asking), None, || request)
}

/// The trace that a request belongs to.
pub(super) fn within(gate: &Gate, asking: &Parts) -> TraceContext {
    gate.trace_context(|name| asking.headers.get(name)?.to_str().ok())
}

fn answer<'r>(
    gate: &Gate,
    within: &TraceContext,
    rule: Option<&str>,
    read: impl FnOnce() -> Result<OriginalRequest<'r>, Reason>,
) -> Response<Full<Bytes>> {
    let Some(_passing) = gate.pass(Transport::Http) else {
        return gate.refuse(Transport::Http, within, Reason::Overloaded, refused);
    };
    let judge = |bench: &mut Bench<'_>| match read() {
        Ok(request) => judge(bench, rule, &request),
        Err(reason) => {
            let refusal = refused(bench.authorizer, reason);
            (Decision::refusal(reason), refusal)
        }
    };
    gate.judge(Transport::Http, within, judge, refused)
}

fn judge(
    bench: &mut Bench<'_>,
    rule: Option<&str>,
    request: &OriginalRequest<'_>,
) -> (Decision, Response<Full<Bytes>>) {
    let decision = bench.decide(request, rule);
    let authorizer = bench.authorizer;
    let response = match decision.reason.class() {
        Class::Allowed => allowed(authorizer, &decision, request),
        Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => {
            let rule = authorizer.rule(&decision);
            let refused = rule.refusal(decision.reason);
            let mut response = refusal(refused);
            if request.is_grpc() {
                in_words(&mut response, refused);
            }
            if let Some(location) = rule.redirect(decision.reason, request) {
                redirect(&mut response, &location, request.obeys_redirects());
            }
            response
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
    let forwarded = &decision.judgement(authorizer).forwarded;
    for (name, value) in &forwarded.set {
        answer.set(name, value);
    }
    for name in &forwarded.absent {
        answer.remove(name);
    }
    if let Some(stripped) = authorizer.stripped(decision, request) {
        for name in &stripped.headers {
            answer.remove(name);
        }
        if let Some(cookies) = stripped.cookie {
            answer.headers.insert(COOKIE, cookies);
        }
    }
    let protected = authorizer.protected();
    request.for_each_header(&mut |name, _| {
        if protected.is_twin(name) {
            answer.list(name);
        }
    });
    answer.into_response()
}

/// The refusal for `reason` where nothing is known of the request.
fn refused(authorizer: &Authorizer, reason: Reason) -> Response<Full<Bytes>> {
    refusal(authorizer.rule_beside().refusal(reason))
}

/// Sends a browser to log in (RFC 9110 15.4.3). nginx makes a fault of every status but 401 and
/// 403, so it gets the place with the refusal, and its configuration makes the redirect of it.
fn redirect(response: &mut Response<Full<Bytes>>, location: &str, is_obeyed: bool) {
    let Ok(location) = HeaderValue::from_str(location) else {
        return;
    };
    if is_obeyed {
        *response.status_mut() = StatusCode::FOUND;
        *response.body_mut() = Full::default();
        response.headers_mut().remove(WWW_AUTHENTICATE);
        response.headers_mut().remove(CONTENT_TYPE);
    }
    response.headers_mut().insert(LOCATION, location);
}

/// For a gRPC client: Envoy answers it in its protocol, and its `grpc-message` is the body.
fn in_words(response: &mut Response<Full<Bytes>>, refusal: &Refusal) {
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    *response.body_mut() = Full::new(Bytes::copy_from_slice(refusal.sentence.as_bytes()));
}

/// The refusal, which was built when the configuration was read.
fn refusal(refusal: &Refusal) -> Response<Full<Bytes>> {
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
