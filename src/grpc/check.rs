//! The answer to a `Check`: this file is the only one that makes a `CheckResponse`.
//!
//! Its zero value means ALLOW (only `status.code` decides, and unset is 0), so an answer is made
//! by one of two functions, and `denied` cannot be called with a reason that allows.

use bytes::Bytes;
use prost::Message;

use super::metadata;
use super::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use super::proto::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use super::proto::envoy::service::auth::v3::check_response::HttpResponse;
use super::proto::envoy::service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse};
use super::proto::envoy::r#type::v3::HttpStatus;
use super::proto::google::rpc::Status;
use super::wire::CheckView;
use crate::authorizer::{Authorizer, Decision};
use crate::cache::VerifiedToken;
use crate::deny::OnUnavailable;
use crate::forward::TokenHandling;
use crate::gate::{Bench, Gate};
use crate::metrics::Transport;
use crate::reason::{Class, Reason, grpc_code};
use crate::request::RequestView;

/// Answers the `CheckRequest` in `message` with an encoded `CheckResponse`. Whatever is wrong with
/// the message or with us, the answer is a refusal and not an error: errors obey
/// `failure_mode_allow`.
#[must_use]
pub fn answer(gate: &Gate, message: &[u8]) -> Bytes {
    let Ok(request) = CheckView::parse(message) else {
        return refuse(gate, Reason::Internal);
    };
    gate.judge(
        Transport::Check,
        |bench| {
            let Bench {
                authorizer,
                now,
                scratch,
                meter,
            } = bench;
            let decision = authorizer.decide(&request, request.rule(), *now, scratch, *meter);
            let answer = encode(authorizer, &decision, &request);
            (decision, answer)
        },
        denied,
    )
}

/// Answers with a refusal, without having read anything.
#[must_use]
pub fn refuse(gate: &Gate, reason: Reason) -> Bytes {
    gate.refuse(Transport::Check, reason, denied)
}

fn encode(authorizer: &Authorizer, decision: &Decision, request: &CheckView<'_>) -> Bytes {
    if decision.reason.class() != Class::Allowed {
        return denied(authorizer, decision.reason);
    }
    let additions = Additions::of(authorizer, decision, request);
    let Some(token) = &decision.token else {
        return allowed(authorizer, None, additions).encode_to_vec().into();
    };
    if !additions.is_empty() {
        return allowed(authorizer, Some(token), additions)
            .encode_to_vec()
            .into();
    }
    // The usual case: what this token's answer was the last time.
    if let Some(prepared) = token.prepared.get() {
        return prepared.clone();
    }
    let prepared = Bytes::from(allowed(authorizer, Some(token), additions).encode_to_vec());
    // Two workers may both have made it; either will do, and neither waits.
    let _ = token.prepared.set(prepared.clone());
    prepared
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
        let forward = &authorizer.forward;
        request.for_each_header(&mut |name, _| {
            if forward.is_twin(name) {
                additions
                    .headers_to_remove
                    .push(String::from_utf8_lossy(name).into_owned());
            }
        });
        if forward.token == TokenHandling::Strip && decision.token.is_some() {
            let stripped = authorizer.credentials.strip(request);
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
fn allowed(
    authorizer: &Authorizer,
    token: Option<&VerifiedToken>,
    additions: Additions,
) -> CheckResponse {
    let Additions {
        mut headers,
        mut headers_to_remove,
        query_parameters_to_remove,
    } = additions;
    match token {
        Some(token) => {
            headers.extend(
                token
                    .forwarded
                    .set
                    .iter()
                    .map(|(name, value)| overwrite(name.to_string(), value.to_string())),
            );
            headers_to_remove.extend(token.forwarded.absent.iter().map(ToString::to_string));
        }
        // Without a token every configured header is somebody else's invention.
        None => headers_to_remove.extend(authorizer.forward.names().map(ToString::to_string)),
    }
    CheckResponse {
        status: Some(Status {
            code: 0,
            message: String::new(),
        }),
        dynamic_metadata: token
            .filter(|_| authorizer.forward.metadata)
            .map(metadata::of),
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers,
            headers_to_remove,
            response_headers_to_add: Vec::new(),
            query_parameters_to_remove,
        })),
    }
}

/// The refusing answer for `reason`, made once and sent again as it is.
fn denied(authorizer: &Authorizer, reason: Reason) -> Bytes {
    let prepared = &authorizer.prepared_refusals[reason.index()];
    if let Some(prepared) = prepared.get() {
        return prepared.clone();
    }
    let answer = Bytes::from(denial(authorizer, reason).encode_to_vec());
    // Two workers may both have made it; either will do, and neither waits.
    let _ = prepared.set(answer.clone());
    answer
}

/// The one refusing answer: the status is never zero.
fn denial(authorizer: &Authorizer, reason: Reason) -> CheckResponse {
    let refusal = authorizer.refusals.get(reason);
    let code = match grpc_code(refusal.status) {
        // No refusal has the status of an allowance, but if one had, it would be a refusal still.
        0 => grpc_code(Class::Unavailable.http_status()),
        code => code,
    };
    let headers = refusal.headers.iter().map(|(name, value)| {
        overwrite(
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let response = DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(refusal.status),
        }),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&refusal.body).into_owned(),
    };
    // A fault of ours may be what an attacker brought about: it is never left to a filter that
    // might allow. That keys are away or that we are full is the operator's to judge.
    let defers = authorizer.on_unavailable == OnUnavailable::Defer
        && reason.class() == Class::Unavailable
        && reason != Reason::Internal;
    let http_response = if defers {
        HttpResponse::ErrorResponse(response)
    } else {
        HttpResponse::DeniedResponse(response)
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
