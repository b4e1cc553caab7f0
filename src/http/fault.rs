//! What goes out instead of a token.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::issue::{ClientError, GrantRefusal, MintError};

/// An error of the token endpoint (RFC 6749 5.2).
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    detail: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Fault {
    pub(super) fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            detail: detail.into(),
            header: None,
        }
    }

    pub(super) fn status(status: StatusCode, code: &'static str, detail: &str) -> Self {
        Self {
            status,
            ..Self::bad(code, detail)
        }
    }

    pub(super) fn unavailable(detail: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            header: Some((RETRY_AFTER, HeaderValue::from_static("1"))),
            ..Self::bad("temporarily_unavailable", detail)
        }
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let body = json!({ "error": self.code, "error_description": self.detail });
        let mut response = json_response(self.status, &body);
        response.headers_mut().extend(self.header);
        response
    }
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Missing | ClientError::Wrong => Self {
                status: StatusCode::UNAUTHORIZED,
                header: Some((WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE))),
                ..Self::bad("invalid_client", "name and secret in HTTP Basic are needed")
            },
            ClientError::TooMany(wait) => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                header: Some((RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1))),
                ..Self::bad("temporarily_unavailable", "too many requests")
            },
            ClientError::Busy => Self::unavailable("too many secrets wait to be checked"),
        }
    }
}

impl From<GrantRefusal> for Fault {
    fn from(refusal: GrantRefusal) -> Self {
        match refusal {
            GrantRefusal::UnauthorizedClient => Self::bad(
                "unauthorized_client",
                "the client may not have this profile",
            ),
            GrantRefusal::InvalidScope => Self::bad(
                "invalid_scope",
                "the client may not have all of these scopes",
            ),
            GrantRefusal::InvalidTarget => Self::bad(
                "invalid_target",
                "the profile's tokens are not for this audience",
            ),
            GrantRefusal::MayNotAct => Self::bad(
                "invalid_request",
                "may_act of the subject token names somebody else",
            ),
            GrantRefusal::Mint(error) => Self::from(error),
        }
    }
}

impl From<MintError> for Fault {
    fn from(error: MintError) -> Self {
        match error {
            MintError::TooLarge | MintError::Undecided(_) => {
                Self::bad("invalid_request", error.to_string())
            }
            MintError::Scope(_) => {
                Self::status(StatusCode::FORBIDDEN, "invalid_scope", &error.to_string())
            }
            MintError::NoKey | MintError::Signing(_) => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..Self::bad("server_error", "the token cannot be signed")
            },
        }
    }
}

/// JSON that nobody may keep.
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // For caches as old as HTTP/1.0 (RFC 6749 5.1).
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

const CHALLENGE: &str = "Basic realm=\"jotgate\", charset=\"UTF-8\"";
