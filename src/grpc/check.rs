//! The answer to a `Check`: this file is the only one that makes a `CheckResponse`.
//!
//! Its zero value means ALLOW (only `status.code` decides, and unset is 0), so an answer is made
//! by one of two functions, and `denied` cannot be called with a reason that allows.

use std::iter;

use http::{HeaderName, HeaderValue as HeaderText};

use super::frame::{Framed, frame};
use super::metadata;
use super::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use super::proto::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use super::proto::envoy::service::auth::v3::check_response::HttpResponse;
use super::proto::envoy::service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse};
use super::proto::envoy::r#type::v3::HttpStatus;
use super::proto::google::rpc::Status;
use super::wire::CheckView;
use crate::authorizer::{Authorizer, Decision};
use crate::deny::Refusal;
use crate::gate::Gate;
use crate::metrics::Transport;
use crate::reason::{Class, Reason, grpc_code};
use crate::request::RequestView;
use crate::rules::Rule;
use crate::telemetry::TraceContext;

/// Answers the `CheckRequest` in `message` with a `CheckResponse`, ready to be sent. Whatever is wrong with
/// the message or with us, the answer is a refusal and not an error: errors obey
/// `failure_mode_allow`.
#[must_use]
pub fn answer(gate: &Gate, message: &[u8]) -> Framed {
    answer_within(gate, gate.trace_context(|_| None), message)
}

/// The same for a call that belongs to a trace. Where the call says nothing of one, the request that it
/// is about may.
pub(super) fn answer_within(gate: &Gate, within: TraceContext, message: &[u8]) -> Framed {
    let Ok(request) = CheckView::parse(message) else {
        return refuse(gate, &within, Reason::Internal);
    };
    let within = within.or_else(|| TraceContext::read(|name| header(&request, name)));
    gate.judge(
        Transport::Check,
        &within,
        |bench| {
            let decision = bench.decide(&request, request.rule());
            let answer = encode(bench.authorizer, &decision, &request);
            (decision, answer)
        },
        denied_anyhow,
    )
}

/// Answers with a refusal, without having read anything.
#[must_use]
pub(super) fn refuse(gate: &Gate, within: &TraceContext, reason: Reason) -> Framed {
    gate.refuse(Transport::Check, within, reason, denied_anyhow)
}

fn header<'r>(request: &CheckView<'r>, wanted: &str) -> Option<&'r str> {
    let mut found = None;
    request.for_each_header(&mut |name, value| {
        if name.eq_ignore_ascii_case(wanted.as_bytes()) {
            found = found.or(Some(value));
        }
    });
    std::str::from_utf8(found?).ok()
}

fn encode(authorizer: &Authorizer, decision: &Decision, request: &CheckView<'_>) -> Framed {
    if decision.reason.class() != Class::Allowed {
        return denied(authorizer.rule(decision), decision.reason, request);
    }
    let additions = Additions::of(authorizer, decision, request);
    let judgement = decision.judgement(authorizer);
    let allowed = |additions| frame(&allowed(authorizer, decision, additions));
    if additions.is_empty() {
        // The usual case: what the answer was the last time.
        Framed(judgement.prepared.get_or_make(|| allowed(additions)))
    } else {
        Framed(allowed(additions).into())
    }
}

/// What an answer needs beyond what the token alone decides.
#[derive(Debug, Default)]
struct Additions {
    headers: Vec<HeaderValueOption>,
    headers_to_remove: Vec<String>,
    query_parameters_to_remove: Vec<String>,
}

impl Additions {
    fn of(authorizer: &Authorizer, decision: &Decision, request: &CheckView<'_>) -> Self {
        let mut additions = Self::default();
        let protected = authorizer.protected();
        request.for_each_header(&mut |name, _| {
            if protected.is_twin(name) {
                additions
                    .headers_to_remove
                    .push(String::from_utf8_lossy(name).into_owned());
            }
        });
        if let Some(stripped) = authorizer.stripped(decision, request) {
            additions
                .headers_to_remove
                .extend(stripped.headers.iter().map(ToString::to_string));
            additions.query_parameters_to_remove =
                stripped.query.into_iter().map(Into::into).collect();
            additions.headers.extend(stripped.cookie.map(|cookies| {
                let cookies = String::from_utf8_lossy(cookies.as_bytes()).into_owned();
                overwrite("cookie".to_owned(), cookies)
            }));
        }
        additions
    }

    fn is_empty(&self) -> bool {
        self.headers.is_empty()
            && self.headers_to_remove.is_empty()
            && self.query_parameters_to_remove.is_empty()
    }
}

/// The one allowing answer.
fn allowed(authorizer: &Authorizer, decision: &Decision, additions: Additions) -> CheckResponse {
    let Additions {
        mut headers,
        mut headers_to_remove,
        query_parameters_to_remove,
    } = additions;
    let rule = authorizer.rule(decision);
    let forwarded = &decision.judgement(authorizer).forwarded;
    let set = forwarded.set.iter();
    headers.extend(set.map(|(name, value)| overwrite(name.to_string(), value.to_string())));
    headers_to_remove.extend(forwarded.absent.iter().map(ToString::to_string));
    CheckResponse {
        status: Some(Status {
            code: 0,
            message: String::new(),
        }),
        dynamic_metadata: decision
            .token
            .as_ref()
            .filter(|_| rule.settings.forward.metadata)
            .map(|token| metadata::of(token, rule)),
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers,
            headers_to_remove,
            response_headers_to_add: Vec::new(),
            query_parameters_to_remove,
        })),
    }
}

/// The refusing answer for `reason`, made once for a rule and sent again as it is.
fn denied(rule: &Rule, reason: Reason, request: &CheckView<'_>) -> Framed {
    if let Some(location) = rule.redirect(reason, request) {
        return Framed(frame(&redirection(rule.refusal(reason), location)).into());
    }
    let refusal = rule.refusal(reason);
    let defers = rule.defers(reason);
    Framed(if request.is_grpc() {
        // Envoy answers in the protocol, and its `grpc-message` is the body.
        let body = &refusal.sentence;
        let make = || frame(&denial(refusal, body.to_string(), defers));
        refusal.prepared_for_grpc.get_or_make(make)
    } else {
        let body = || String::from_utf8_lossy(&refusal.body).into_owned();
        let make = || frame(&denial(refusal, body(), defers));
        refusal.prepared.get_or_make(make)
    })
}

/// The refusing answer for `reason` where nothing is known of the request.
fn denied_anyhow(authorizer: &Authorizer, reason: Reason) -> Framed {
    denied(authorizer.rule_beside(), reason, &CheckView::default())
}

/// The one refusing answer: the status is never zero.
fn denial(refusal: &Refusal, body: String, defers: bool) -> CheckResponse {
    let headers = refusal.headers.iter().map(copied);
    let response = DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(refusal.status),
        }),
        headers: headers.collect(),
        body,
    };
    let http_response = if defers {
        HttpResponse::ErrorResponse(response)
    } else {
        HttpResponse::DeniedResponse(response)
    };
    refusing(refusal.reason, refusal.status, http_response)
}

/// The refusing answer that sends a browser to log in (RFC 9110 15.4.3).
fn redirection(refusal: &Refusal, location: String) -> CheckResponse {
    const FOUND: i32 = 302;
    let location = overwrite("location".to_owned(), location);
    let others = refusal.headers_of_redirect().map(copied);
    let response = DeniedHttpResponse {
        status: Some(HttpStatus { code: FOUND }),
        headers: iter::once(location).chain(others).collect(),
        body: String::new(),
    };
    let status = refusal.reason.class().http_status();
    let response = HttpResponse::DeniedResponse(response);
    refusing(refusal.reason, status, response)
}

fn copied((name, value): &(HeaderName, HeaderText)) -> HeaderValueOption {
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    overwrite(name.to_string(), value)
}

fn refusing(reason: Reason, http_status: u16, http_response: HttpResponse) -> CheckResponse {
    let code = match grpc_code(http_status) {
        // No refusal has the status of an allowance, but if one had, it would be a refusal still.
        0 => grpc_code(Class::Unavailable.http_status()),
        code => code,
    };
    CheckResponse {
        status: Some(Status {
            code,
            message: reason.code().to_owned(),
        }),
        dynamic_metadata: None,
        http_response: Some(http_response),
    }
}

/// A header that replaces whatever the client sent. Both ways of saying so, because Envoy has
/// read an unset `append` in either way.
fn overwrite(key: String, value: String) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key,
            value,
            raw_value: Vec::new(),
        }),
        append: Some(false),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        keep_empty_value: false,
    }
}

#[cfg(test)]
mod tests;
