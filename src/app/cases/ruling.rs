//! What came of a case, as a client and an upstream would see it.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::request::View;
use crate::authorizer::{Authorizer, Decision};
use crate::explain::Evidence;
use crate::reason::{Class, Reason};
use crate::request::RequestView as _;
use crate::rules::RuleId;

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// Why.
    pub reason: Reason,
    /// The place in the configuration of the rule that was met, from 0.
    pub rule: Option<usize>,
    /// The name of the issuer that signed the token, if it passes.
    pub issuer: Option<String>,
    /// The consumer whose token it is, or the anonymous one, if it passes.
    pub consumer: Option<String>,
    /// `sub` of the token, if it passes.
    pub subject: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// What becomes of headers: of the request's on its way upstream if it passes, else those of
    /// the refusal.
    pub headers: HashMap<HeaderName, HeaderFate>,
    /// The body of the refusal.
    pub body: String,
    /// Every step of the judgement with its evidence.
    pub steps: Vec<Evidence>,
}

/// What becomes of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderFate {
    /// It is set to this.
    Set(String),
    /// It is removed.
    Removed,
}

impl Ruling {
    /// Whether the request passes.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.reason.class() == Class::Allowed
    }

    pub(super) fn new(
        authorizer: &Authorizer,
        decision: &Decision,
        request: &View<'_>,
        rules: usize,
        steps: Vec<Evidence>,
    ) -> Self {
        let token = decision.token.as_deref();
        let signer = token.map(|token| &token.signer);
        let answer = match decision.reason.class() {
            Class::Allowed => Answer::allowing(authorizer, decision, request),
            Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => {
                Answer::refusing(authorizer, decision, request)
            }
        };
        Self {
            reason: decision.reason,
            rule: (0..rules).find(|place| RuleId::from_place(*place) == decision.rule),
            issuer: signer.and_then(|signer| Some(signer.issuer_name()?.to_owned())),
            consumer: authorizer.consumer(decision).map(str::to_owned),
            subject: token.and_then(|token| token.subject.as_deref().map(str::to_owned)),
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            steps,
        }
    }
}

/// What the asker is told, whichever language it speaks.
#[derive(Default)]
struct Answer {
    status: u16,
    headers: HashMap<HeaderName, HeaderFate>,
    body: String,
}

impl Answer {
    fn allowing(authorizer: &Authorizer, decision: &Decision, request: &View<'_>) -> Self {
        let mut answer = Self {
            status: StatusCode::OK.as_u16(),
            ..Self::default()
        };
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
            if let Some(cookies) = &stripped.cookie {
                answer.set(&header::COOKIE, &text(cookies));
            }
        }
        let protected = authorizer.protected();
        request.for_each_header(&mut |name, _| {
            if protected.is_twin(name)
                && let Ok(name) = HeaderName::from_bytes(name)
            {
                answer.remove(&name);
            }
        });
        answer
    }

    fn refusing(authorizer: &Authorizer, decision: &Decision, request: &View<'_>) -> Self {
        let rule = authorizer.rule(decision);
        let refusal = rule.refusal(decision.reason);
        let mut answer = Self::default();
        if let Some(location) = rule.redirect(decision.reason, request) {
            answer.status = StatusCode::FOUND.as_u16();
            answer.set(&header::LOCATION, &location);
            for (name, value) in refusal.headers_of_redirect() {
                answer.set(name, &text(value));
            }
            return answer;
        }
        answer.status = refusal.status;
        answer.body = String::from_utf8_lossy(&refusal.body).into_owned();
        for (name, value) in &refusal.headers {
            answer.set(name, &text(value));
        }
        answer
    }

    fn set(&mut self, name: &HeaderName, value: &str) {
        let fate = HeaderFate::Set(value.to_owned());
        self.headers.insert(name.clone(), fate);
    }

    fn remove(&mut self, name: &HeaderName) {
        self.headers.insert(name.clone(), HeaderFate::Removed);
    }
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
