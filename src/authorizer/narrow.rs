//! What the caller asks for beyond the configuration, and what passes before it.

use super::Question;
use crate::issuers::Audiences;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::token::json::Json;
use crate::verify::{Observer, Step, check_audience, check_scopes};

/// What the caller asks for beyond the configuration. It can only narrow.
pub(super) fn narrow(
    claims: Json<'_>,
    question: &Question<'_>,
    observer: &mut impl Observer,
) -> Result<(), Reason> {
    if !question.audiences.is_empty() {
        let accepted = question
            .audiences
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        let outcome = check_audience(claims.get("aud"), &Audiences::OneOf(accepted));
        observer.judged(Step::Rule, outcome, || {
            format!("expected, by the caller, aud {:?}", question.audiences)
        })?;
    }
    if question.scopes.is_empty() {
        return Ok(());
    }
    let outcome = check_scopes(claims, question.scopes.iter().map(String::as_str));
    observer.judged(Step::Rule, outcome, || {
        format!("expected, by the caller, the scopes {:?}", question.scopes)
    })
}

/// An `OPTIONS` request with the two headers that make it a preflight (Fetch, 3.2.2).
pub(super) fn is_cors_preflight<'r>(request: &impl RequestView<'r>) -> bool {
    if request.method() != b"OPTIONS" {
        return false;
    }
    let (mut has_origin, mut has_method) = (false, false);
    request.for_each_header(&mut |name, _| {
        has_origin |= name.eq_ignore_ascii_case(b"origin");
        has_method |= name.eq_ignore_ascii_case(b"access-control-request-method");
    });
    has_origin && has_method
}
