//! `POST /token`: the OAuth 2.0 token endpoint (RFC 6749 3.2), for the client's own tokens and for
//! exchange (RFC 8693).

use std::error::Error;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::gate::Gate;
use crate::grpc::proto::jotgate::v1::{Verdict, VerifyRequest};
use crate::grpc::verifier;
use crate::issue::{Client, ClientError, Desk, Grant, GrantRefusal, GrantRequest, InForce};
use crate::limits::{CLAIMS_DEPTH_MAX, FORM_BYTES};
use crate::token::json::scan_object;

/// Where a request for tokens arrived.
pub(super) struct Counter<'a> {
    pub(super) gate: &'a Gate,
    pub(super) desk: &'a Desk,
    /// Of whoever holds the connection; nothing on a Unix socket.
    pub(super) address: Option<IpAddr>,
}

/// Answers one request, whatever it is.
pub(super) async fn respond<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    body: B,
) -> Response<Full<Bytes>>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let answered = answer(counter, in_force, asking, body).await;
    answered.unwrap_or_else(Fault::into_response)
}

async fn answer<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    body: B,
) -> Result<Response<Full<Bytes>>, Fault>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let form = Form::read(asking, body).await?;
    let client = client(counter, in_force, asking).await.inspect_err(|_| {
        // Counted where it is known what for.
        in_force.refused(form.get("profile").unwrap_or_default());
    })?;
    let exchange = match form.required("grant_type")? {
        "client_credentials" => false,
        EXCHANGE => true,
        _ => {
            let detail = "only client_credentials and token exchange are offered";
            return Err(Fault::bad("unsupported_grant_type", detail));
        }
    };
    let claims = if exchange {
        Some(subject(counter.gate, &form).inspect_err(|_| {
            let profile = client.profile(form.get("profile"));
            in_force.refused(profile.map_or("", |profile| &profile.name));
        })?)
    } else {
        None
    };
    let claims = claims.as_deref();
    let subject = claims.and_then(|it| scan_object(it, CLAIMS_DEPTH_MAX, |_| ()).ok());
    let request = GrantRequest {
        profile: form.get("profile"),
        scope: form.get("scope"),
        audience: form.get("audience").filter(|_| exchange),
        subject,
    };
    let grant = counter.desk.grant(in_force, &client, &request)?;
    Ok(granted(&grant, exchange))
}

/// Who asks.
pub(super) async fn client(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
) -> Result<std::sync::Arc<Client>, Fault> {
    let mut sent = asking.headers.get_all(AUTHORIZATION).iter();
    let authorization = match (sent.next(), sent.next()) {
        (Some(one), None) => Some(one.as_bytes()),
        (Some(_), Some(_)) | (None, _) => None,
    };
    let recognised = counter
        .desk
        .recognise(in_force, authorization, counter.address);
    Ok(recognised.await?)
}

/// The claims of the token that is exchanged (RFC 8693 2.1), byte for byte.
fn subject(gate: &Gate, form: &Form) -> Result<Bytes, Fault> {
    let token = form.required("subject_token")?;
    let kind = form.required("subject_token_type")?;
    if !TOKEN_TYPES.contains(&kind) {
        let detail = "subject_token_type must be a JWT, an access token or an ID token";
        return Err(Fault::bad("invalid_request", detail));
    }
    let wanted = form.get("requested_token_type");
    if wanted.is_some_and(|wanted| !TOKEN_TYPES[..2].contains(&wanted)) {
        let detail = "only a JWT or an access token can be requested";
        return Err(Fault::bad("invalid_request", detail));
    }
    if form.get("actor_token").is_some() {
        let detail = "actor_token is not supported";
        return Err(Fault::bad("invalid_request", detail));
    }
    let question = VerifyRequest {
        token: token.to_owned(),
        ..VerifyRequest::default()
    };
    let verdict = verifier::answer(gate, &question);
    match verdict.verdict() {
        Verdict::Allow => Ok(verdict.claims_json),
        Verdict::Unavailable => Err(Fault::unavailable("the subject token cannot be judged now")),
        Verdict::Deny | Verdict::Unspecified => {
            let detail = format!("the subject token is refused: {}", verdict.reason);
            Err(Fault::bad("invalid_request", detail))
        }
    }
}

/// RFC 6749 5.1, RFC 8693 2.2.1.
fn granted(grant: &Grant, exchange: bool) -> Response<Full<Bytes>> {
    let mut answer = json!({
        "access_token": grant.issued.token,
        "token_type": "Bearer",
        "expires_in": grant.expires_in,
    });
    if !grant.scope.is_empty() {
        answer["scope"] = grant.scope.as_str().into();
    }
    if exchange {
        answer["issued_token_type"] = TOKEN_TYPES[0].into();
    }
    json_response(StatusCode::OK, &answer)
}

/// What was sent as `application/x-www-form-urlencoded`.
struct Form(Vec<(String, String)>);

impl Form {
    async fn read<B>(asking: &Parts, body: B) -> Result<Self, Fault>
    where
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let kind = asking.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let detail = "send application/x-www-form-urlencoded";
            return Err(Fault::bad("invalid_request", detail));
        }
        let body = read(body, FORM_BYTES).await?;
        let pairs = form_urlencoded::parse(&body).into_owned();
        // An empty parameter counts as none (RFC 6749 3.2).
        let form = Self(pairs.filter(|(_, value)| !value.is_empty()).collect());
        for (index, (name, _)) in form.0.iter().enumerate() {
            if form.0[..index].iter().any(|(other, _)| other == name) {
                return Err(Fault::bad("invalid_request", "a parameter is sent twice"));
            }
            if index > PARAMETERS_MAX {
                return Err(Fault::bad(
                    "invalid_request",
                    "there are too many parameters",
                ));
            }
        }
        Ok(form)
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let found = pairs.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, Fault> {
        let missing = || Fault::bad("invalid_request", format!("{name} is missing"));
        self.get(name).ok_or_else(missing)
    }
}

/// The whole body, if it is not too long.
pub(super) async fn read<B>(body: B, bytes_max: usize) -> Result<Bytes, Fault>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Fault::bad("invalid_request", format!("at most {bytes_max} bytes"))
        }),
        Err(_) => Err(Fault::bad("invalid_request", "the body is incomplete")),
    }
}

/// What goes out instead of a token (RFC 6749 5.2).
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

    fn unavailable(detail: &str) -> Self {
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
            GrantRefusal::Mint(error) => Self::from(error),
        }
    }
}

impl From<crate::issue::MintError> for Fault {
    fn from(error: crate::issue::MintError) -> Self {
        use crate::issue::MintError;
        match error {
            MintError::TooLarge => Self::bad("invalid_request", error.to_string()),
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
    response
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What may be exchanged; the first two may be asked for.
const TOKEN_TYPES: [&str; 3] = [
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
];
const CHALLENGE: &str = "Basic realm=\"jotgate\", charset=\"UTF-8\"";
const PARAMETERS_MAX: usize = 32;
