//! One request, one answer.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use super::{Admin, State, Version};

/// What is sent: all of it is at hand before the first byte goes out.
pub(super) type Answer = Response<Full<Bytes>>;

/// Whether it is the one endpoint that does something, and may take its time.
pub(super) fn does_something(path: &str) -> bool {
    path == "/keys/rotate"
}

/// Answers `method` on `path`. The body of an answer to HEAD is left out by the server.
pub(super) fn respond(admin: &Admin, method: &Method, path: &str) -> Answer {
    if does_something(path) {
        return rotate_keys(admin, method);
    }
    let endpoint = match path {
        "/metrics" => metrics,
        "/livez" => livez,
        "/readyz" => readyz,
        "/status" => status,
        "/version" => version,
        _ => {
            return problem(
                StatusCode::NOT_FOUND,
                "there are /metrics, /livez, /readyz, /status, /version and /keys/rotate",
            );
        }
    };
    if method == Method::GET || method == Method::HEAD {
        return endpoint(admin);
    }
    wrong_method("GET, HEAD")
}

fn wrong_method(allowed: &'static str) -> Answer {
    let mut answer = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("only {}", allowed.replace(", ", " and ")),
    );
    let allowed = HeaderValue::from_static(allowed);
    answer.headers_mut().insert(ALLOW, allowed);
    answer
}

/// The one endpoint that does something.
fn rotate_keys(admin: &Admin, method: &Method) -> Answer {
    if method != Method::POST {
        return wrong_method("POST");
    }
    // Each that waits for another process takes a thread.
    let Ok(_turn) = admin.rotating.try_acquire() else {
        return problem(StatusCode::CONFLICT, "a rotation is under way: wait for it");
    };
    match admin.source.rotate_keys() {
        Ok(keys) => json(&serde_json::json!({ "keys": keys })),
        Err(detail) => problem(StatusCode::CONFLICT, &detail),
    }
}

fn metrics(admin: &Admin) -> Answer {
    let cache = admin.source.cache();
    admin.metrics.cache_size(cache.entries, cache.bytes);
    answer(StatusCode::OK, PROMETHEUS, admin.metrics.render())
}

/// Looks at nothing: whoever can answer is alive. A liveness that looked at an issuer would turn
/// its outage into a restart of every instance.
fn livez(_: &Admin) -> Answer {
    answer(StatusCode::OK, TEXT, "ok\n")
}

fn readyz(admin: &Admin) -> Answer {
    match state(admin) {
        (State::Ready, _) => answer(StatusCode::OK, TEXT, "ready\n"),
        (State::Draining, _) => answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n"),
        (State::Starting, awaited) => {
            let text = format!("starting: no keys yet of {}\n", awaited.join(", "));
            answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
        }
    }
}

fn status(admin: &Admin) -> Answer {
    let mut status = admin.source.status();
    status.version = Version::running();
    let (state, _) = state(admin);
    status.state = match state {
        State::Starting => "starting",
        State::Ready => "ready",
        State::Draining => "draining",
    }
    .to_owned();
    json(&status)
}

fn version(_: &Admin) -> Answer {
    json(&Version::running())
}

/// Where the instance is, and which issuers it waits for while it starts. Sets the latch as soon
/// as there is none left.
fn state(admin: &Admin) -> (State, Vec<String>) {
    let mut awaited = Vec::new();
    if admin.readiness.state() == State::Starting {
        awaited = admin.source.awaited_issuers();
        if awaited.is_empty() {
            admin.readiness.ready();
        }
    }
    (admin.readiness.state(), awaited)
}

fn json(document: &impl Serialize) -> Answer {
    let mut text = serde_json::to_vec_pretty(document)
        .expect("the documents are structs of texts and numbers, which JSON can hold");
    text.push(b'\n');
    answer(StatusCode::OK, JSON, text)
}

/// RFC 9457.
pub(super) fn problem(status: StatusCode, detail: &str) -> Answer {
    let body = serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    answer(status, PROBLEM, body.to_string())
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
