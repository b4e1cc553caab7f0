//! `server.http`: the decision for reverse proxies, and the JSON twin of `Verify`.
//!
//! No decision is taken here: a request becomes a view of the one to be judged, and the decision
//! becomes an answer in the proxy's language. Beside them: what is issued here, and its keys.

mod auth;
mod body;
mod fault;
mod original;
mod problem;
mod sign;
mod token;
mod verify;
mod well_known;

use std::convert::Infallible;
use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use crate::gate::Gate;
use crate::issue::Desk;

pub use original::{Original, OriginalRequest};
pub(crate) use verify::verdict_json;

/// Everything that `server.http` answers.
#[derive(Clone)]
pub struct HttpService {
    gate: Arc<Gate>,
    original: Original,
    desk: Option<Arc<Desk>>,
    address: Option<IpAddr>,
}

impl HttpService {
    /// A service that judges by `gate` and reads the original request as `original` says.
    #[must_use]
    pub const fn new(gate: Arc<Gate>, original: Original) -> Self {
        Self {
            gate,
            original,
            desk: None,
            address: None,
        }
    }

    /// The same service, which also issues what is in force at `desk`.
    #[must_use]
    pub fn issuing(self, desk: Arc<Desk>) -> Self {
        Self {
            desk: Some(desk),
            ..self
        }
    }

    /// The same service for a connection from `address`; none is known of a Unix socket.
    #[must_use]
    pub fn for_client(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// Answers one request. Only what is sent with POST waits, for its body and for hashed
    /// secrets; the bodies of all others are never read.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let version = request.version();
        let (asking, body) = request.into_parts();
        let gate = &*self.gate;
        let path = asking.uri.path();
        let mut response = if path == AUTH {
            auth::original(gate, self.original, &asking, None)
        } else if let Some(rule) = path.strip_prefix(AUTH_RULE) {
            // A name that is no text is no rule's name, and neither is one with this character.
            let rule = percent_decode_str(rule).decode_utf8_lossy();
            auth::original(gate, self.original, &asking, Some(&rule))
        } else if let Some(request) = OriginalRequest::itself(&asking, ENVOY) {
            auth::itself(gate, &asking, request)
        } else if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            well_known::respond(self.desk.as_deref(), &asking, name)
        } else if let Some(place) = Issuing::at(path) {
            self.issue(place, &asking, body).await
        } else if path != VERIFY {
            nothing_here()
        } else if asking.method != Method::POST {
            only_post("questions are sent with POST")
        } else {
            verify::answer(gate, &asking, body).await
        };
        if gate.is_draining() && version <= Version::HTTP_11 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }
}

impl HttpService {
    /// Answers a request for tokens.
    async fn issue<B>(&self, place: Issuing<'_>, asking: &Parts, body: B) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let Some(desk) = &self.desk else {
            return nothing_here();
        };
        let Some(in_force) = desk.in_force() else {
            return nothing_here();
        };
        if asking.method != Method::POST {
            return only_post("tokens are asked for with POST");
        }
        let counter = token::Counter {
            gate: &self.gate,
            desk,
            address: self.address,
        };
        match place {
            Issuing::Token => token::respond(&counter, &in_force, asking, body).await,
            Issuing::Document(name) => {
                let name = percent_decode_str(name).decode_utf8_lossy();
                sign::respond(&counter, &in_force, asking, &name, body).await
            }
        }
    }
}

/// Where tokens are asked for.
enum Issuing<'p> {
    Token,
    Document(&'p str),
}

impl<'p> Issuing<'p> {
    fn at(path: &'p str) -> Option<Self> {
        if path == TOKEN {
            return Some(Self::Token);
        }
        path.strip_prefix(SIGN).map(Self::Document)
    }
}

impl hyper::service::Service<Request<Incoming>> for HttpService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.respond(request).await) })
    }
}

fn only_post(detail: &str) -> Response<Full<Bytes>> {
    let mut response = problem::response(StatusCode::METHOD_NOT_ALLOWED, detail);
    let allow = HeaderValue::from_static("POST");
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn nothing_here() -> Response<Full<Bytes>> {
    problem::response(StatusCode::NOT_FOUND, "there is nothing at this path")
}

const AUTH: &str = "/auth";
const AUTH_RULE: &str = "/auth/";
const ENVOY: &str = "/envoy";
const WELL_KNOWN: &str = "/.well-known/";
const TOKEN: &str = "/token";
const SIGN: &str = "/v1/sign/";
const VERIFY: &str = "/v1/verify";

#[cfg(test)]
mod tests;
