//! What the caller asks for beyond the rule, and what passes before it.

use crate::reason::Reason;
use crate::request::RequestView;
use crate::token::json::Json;
use crate::verify::{Observer, Step, check_scopes};

/// The scopes that the caller asks for beyond the rule. They can only narrow.
pub(super) fn check_scopes_asked(
    claims: Json<'_>,
    scopes: &[String],
    observer: &mut impl Observer,
) -> Result<(), Reason> {
    let outcome = check_scopes(claims, scopes.iter().map(String::as_str));
    observer.judged(Step::Rule, outcome, || {
        format!("expected, by the caller, the scopes {scopes:?}")
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
