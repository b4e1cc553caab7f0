//! What requirements look at, gathered from where it lies.

use std::borrow::Cow;

use memchr::memchr;

use crate::cache::VerifiedToken;
use crate::limits::CLAIMS_DEPTH_MAX;
use crate::matching::bare_host;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::requirement::{Facts, RequestFacts, TokenFacts};
use crate::token::json::{Json, scan_object};

/// The facts about a token that was verified before.
///
/// # Errors
/// [`Reason::Internal`]: it was read before within the limits, so that it cannot be read again
/// would be a fault of ours.
pub(super) fn of_token(token: &VerifiedToken) -> Result<TokenFacts<'_>, Reason> {
    Ok(TokenFacts {
        claims: object(&token.payload)?,
        header: object(&token.header)?,
        consumer: token.signer.consumer().map(AsRef::as_ref),
    })
}

/// Hands the facts about a token and the request it came with to `judge`.
pub(super) fn with_request<'r, R: RequestView<'r>, T>(
    token: TokenFacts<'_>,
    request: Option<&R>,
    path: &[u8],
    judge: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let Some(request) = request else {
        let request = RequestFacts::NONE;
        return judge(&Facts { token, request });
    };
    let target = request.target();
    let query = memchr(b'?', target).map_or(&b""[..], |at| &target[at + 1..]);
    let method = text(request.method());
    let host = text(bare_host(request.host()).unwrap_or_default()).to_ascii_lowercase();
    let path = text(path);
    let query = text(query);
    judge(&Facts {
        token,
        request: RequestFacts {
            method: &method,
            host: &host,
            path: &path,
            query: &query,
            headers: Some(&|visit| request.for_each_header(&mut |name, value| visit(name, value))),
        },
    })
}

/// What is no text shows it: the replacement character equals nothing that anybody expects.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn object(bytes: &[u8]) -> Result<Json<'_>, Reason> {
    scan_object(bytes, CLAIMS_DEPTH_MAX, |_| ()).map_err(|_| Reason::Internal)
}
