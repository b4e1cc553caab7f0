//! One refusal for each reason, built once.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::challenge::{self, Challenge};
use super::{BodyFormat, DenyPolicy, OnUnavailable, Redirect};
use crate::prepared::Prepared;
use crate::reason::{Class, Reason};
use crate::request::RequestView;

/// The whole answer for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The HTTP status: 401, 403 or 503.
    pub status: u16,
    /// The headers of the answer. Each name stands here once.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty if there is none.
    pub body: Bytes,
    /// The sentence for the client.
    pub sentence: Box<str>,
    /// The answer to a `Check`.
    pub prepared: Prepared,
    /// The same for a gRPC client, who gets the body as `grpc-message`.
    pub prepared_for_grpc: Prepared,
}

impl Refusal {
    /// Its headers where the sender is sent elsewhere instead: no challenge, and no body to describe.
    pub fn headers_of_redirect(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        let stays =
            |name: &HeaderName| *name != header::WWW_AUTHENTICATE && *name != header::CONTENT_TYPE;
        self.headers.iter().filter(move |(name, _)| stays(name))
    }

    /// The same with the scopes that would do in its challenge (RFC 6750 3). Names that have no
    /// place there are left out, and a refusal without a challenge stays as it is.
    #[must_use]
    pub fn with_scopes<'s>(&self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let scopes: Vec<&str> = scopes
            .into_iter()
            .filter(|scope| challenge::is_scope(scope))
            .collect();
        let mut refusal = self.clone();
        if scopes.is_empty() {
            return refusal;
        }
        let parameter = format!(", scope=\"{}\"", scopes.join(" "));
        for (name, value) in &mut refusal.headers {
            if *name == header::WWW_AUTHENTICATE {
                let text = [value.as_bytes(), parameter.as_bytes()].concat();
                *value = HeaderValue::from_bytes(&text).expect("scopes are printable ASCII");
            }
        }
        refusal
    }
}

/// The refusal for every reason there is.
#[derive(Clone, Debug)]
pub struct Refusals {
    /// By [`Reason::index`].
    by_reason: Box<[Refusal]>,
    on_unavailable: OnUnavailable,
    redirect: Option<Redirect>,
}

impl Refusals {
    /// The refusal for `reason`. A reason that allows has none; whoever asks for it has made a
    /// mistake, which is answered as [`Reason::Internal`] and so never lets a request pass.
    #[must_use]
    pub fn get(&self, reason: Reason) -> &Refusal {
        &self.by_reason[reason.index()]
    }

    /// Whether the asker's filter is told of an error and decides itself. A fault of ours may be
    /// what an attacker brought about: it is never left to a filter that might allow. That keys
    /// are away or that we are full is the operator's to judge.
    #[must_use]
    pub fn defers(&self, reason: Reason) -> bool {
        self.on_unavailable == OnUnavailable::Defer
            && reason.class() == Class::Unavailable
            && reason != Reason::Internal
    }

    /// Where the sender of `request` is to go instead: to log in, if it is a browser without a
    /// token and there is a place for that.
    #[must_use]
    pub fn redirect<'r>(&self, reason: Reason, request: &impl RequestView<'r>) -> Option<String> {
        if reason != Reason::TokenMissing {
            return None;
        }
        self.redirect.as_ref()?.location(request)
    }
}

impl DenyPolicy {
    /// Builds every refusal.
    #[must_use]
    pub fn prepare(&self) -> Refusals {
        let by_reason = Reason::ALL
            .into_iter()
            .map(|reason| match reason.class() {
                Class::Allowed => self.refusal(Reason::Internal),
                Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => {
                    self.refusal(reason)
                }
            })
            .collect();
        Refusals {
            by_reason,
            on_unavailable: self.on_unavailable,
            redirect: self.redirect.clone(),
        }
    }

    fn refusal(&self, reason: Reason) -> Refusal {
        let status = self.status(reason);
        let mut headers = vec![(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        if let Some(challenge) = self.challenge(reason, status) {
            headers.push((header::WWW_AUTHENTICATE, challenge.into_value()));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.push((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER)));
        }
        if self.expose_reason {
            headers.push((REASON, HeaderValue::from_static(reason.code())));
        }
        let (content_type, body) = self.body(reason, status);
        if let Some(content_type) = content_type {
            headers.push((header::CONTENT_TYPE, HeaderValue::from_static(content_type)));
        }
        Refusal {
            reason,
            status: status.as_u16(),
            headers,
            body,
            sentence: self.sentence(reason).into(),
            prepared: Prepared::new(),
            prepared_for_grpc: Prepared::new(),
        }
    }

    fn status(&self, reason: Reason) -> StatusCode {
        let status = match reason.class() {
            Class::Unavailable => self.unavailable_status,
            class @ (Class::Allowed | Class::Missing | Class::Invalid | Class::Forbidden) => {
                class.http_status()
            }
        };
        // The configuration admits 503, 403 and 401; nothing else may become an answer.
        match status {
            401 => StatusCode::UNAUTHORIZED,
            403 => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Every 401 has a challenge (RFC 9110 15.5.2); a 403 only where other scopes would help.
    fn challenge(&self, reason: Reason, status: StatusCode) -> Option<Challenge> {
        let plain = Challenge::new(&self.realm);
        let error = match reason.class() {
            Class::Invalid => "invalid_token",
            Class::Forbidden if reason == Reason::ScopeInsufficient => "insufficient_scope",
            Class::Allowed | Class::Missing | Class::Forbidden | Class::Unavailable => {
                return (status == StatusCode::UNAUTHORIZED).then_some(plain);
            }
        };
        let sentence = self.sentence(reason);
        let description = if challenge::is_description(sentence) {
            sentence
        } else {
            generic_sentence(reason.class())
        };
        Some(plain.with_error(error, description))
    }

    /// What the client is told: the operator's sentence, the exact reason if it may be known, or
    /// what all reasons of a class have in common.
    fn sentence(&self, reason: Reason) -> &str {
        let message = match reason.class() {
            // The operator's sentence speaks of the token, and here it is not the token's fault.
            Class::Allowed | Class::Unavailable => None,
            Class::Missing | Class::Invalid | Class::Forbidden => self.message.as_deref(),
        };
        match message {
            Some(message) => message,
            None if self.expose_reason => reason.message(),
            None => generic_sentence(reason.class()),
        }
    }

    fn body(&self, reason: Reason, status: StatusCode) -> (Option<&'static str>, Bytes) {
        let detail = self.sentence(reason);
        let exposed = self.expose_reason.then(|| reason.code());
        match self.format {
            BodyFormat::Empty => (None, Bytes::new()),
            BodyFormat::Text => {
                let text = match exposed {
                    Some(code) => format!("{detail} ({code})\n"),
                    None => format!("{detail}\n"),
                };
                (Some("text/plain; charset=utf-8"), text.into())
            }
            BodyFormat::Problem => {
                let problem = Problem {
                    kind: "about:blank",
                    title: status.canonical_reason().unwrap_or_default(),
                    status: status.as_u16(),
                    detail,
                    reason: exposed,
                };
                let body = serde_json::to_vec(&problem).expect("text and a number become JSON");
                (Some("application/problem+json"), body.into())
            }
        }
    }
}

/// A problem document (RFC 9457 3.1). `about:blank`: the status says what it is.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

const fn generic_sentence(class: Class) -> &'static str {
    match class {
        Class::Missing => "a token is needed",
        Class::Invalid => "the token is not valid or has expired",
        Class::Forbidden => "this request is not allowed",
        Class::Allowed | Class::Unavailable => "no decision can be made at the moment",
    }
}

/// Says the reason's code to clients, if the operator wants that.
const REASON: HeaderName = HeaderName::from_static("x-jotgate-reason");
/// Seconds after which keys may have been had, or the rush be over.
const RETRY_AFTER: &str = "5";
