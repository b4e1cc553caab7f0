//! `POST /token`: the OAuth 2.0 token endpoint (RFC 6749 3.2), for the client's own tokens and for
//! exchange (RFC 8693).

use std::error::Error;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use serde_json::json;
use url::form_urlencoded;

use super::auth;
use super::body::{self, Unread};
use super::fault::{Fault, json_response};
use crate::gate::Gate;
use crate::grpc::proto::jotgate::v1::{Verdict, VerifyRequest};
use crate::grpc::verifier;
use crate::issue::{Client, Desk, Grant, GrantRequest, InForce};
use crate::limits::{CLAIMS_DEPTH_MAX, FORM_BYTES, FORM_PARAMETERS};
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
    let mut profile = String::new();
    let answered = answer(counter, in_force, asking, body, &mut profile).await;
    answered.unwrap_or_else(|fault| {
        in_force.refused(&profile);
        fault.into_response()
    })
}

/// `profile` becomes what the token should be like, as soon as that is known.
async fn answer<B>(
    counter: &Counter<'_>,
    in_force: &InForce,
    asking: &Parts,
    body: B,
    profile: &mut String,
) -> Result<Response<Full<Bytes>>, Fault>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let form = Form::read(counter.gate, asking, body).await?;
    form.get("profile").unwrap_or_default().clone_into(profile);
    let client = client(counter, in_force, asking).await?;
    if let Ok(known) = client.profile(form.get("profile")) {
        (*known.name).clone_into(profile);
    }
    form.check_client(&client)?;
    let exchange = match form.required("grant_type")? {
        "client_credentials" => None,
        EXCHANGE => Some(Exchange::read(&form)?),
        _ => {
            let detail = "only client_credentials and token exchange are offered";
            return Err(Fault::bad("unsupported_grant_type", detail));
        }
    };
    let claims = match &exchange {
        Some(exchange) => Some(exchange.subject(counter.gate, asking)?),
        None => None,
    };
    let unreadable = |_| Fault::unavailable("the subject token cannot be read");
    let subject = claims
        .as_deref()
        .map(|it| scan_object(it, CLAIMS_DEPTH_MAX, |_| ()));
    let request = GrantRequest {
        profile: form.get("profile"),
        scope: form.get("scope"),
        targets: &form.targets(),
        subject: subject.transpose().map_err(unreadable)?,
    };
    let grant = counter.desk.grant(in_force, &client, &request)?;
    Ok(granted(&grant, exchange.as_ref()))
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

/// What is asked of an exchange (RFC 8693 2.1).
struct Exchange<'f> {
    token: &'f str,
    /// What the answer calls the token that it brings.
    kind: &'static str,
}

impl<'f> Exchange<'f> {
    fn read(form: &'f Form) -> Result<Self, Fault> {
        let token = form.required("subject_token")?;
        let kind = form.required("subject_token_type")?;
        if !TOKEN_TYPES.contains(&kind) {
            let detail = "subject_token_type must be a JWT, an access token or an ID token";
            return Err(Fault::bad("invalid_request", detail));
        }
        let wanted = form.get("requested_token_type").unwrap_or(TOKEN_TYPES[0]);
        let mut kinds = TOKEN_TYPES[..2].iter();
        let kind = kinds.find(|kind| **kind == wanted).ok_or_else(|| {
            let detail = "only a JWT or an access token can be requested";
            Fault::bad("invalid_request", detail)
        })?;
        if form
            .get("actor_token")
            .or(form.get("actor_token_type"))
            .is_some()
        {
            let detail = "actor_token is not supported";
            return Err(Fault::bad("invalid_request", detail));
        }
        Ok(Self { token, kind })
    }

    /// The claims of the token that is exchanged, byte for byte.
    fn subject(&self, gate: &Gate, asking: &Parts) -> Result<Bytes, Fault> {
        let question = VerifyRequest {
            token: self.token.to_owned(),
            ..VerifyRequest::default()
        };
        let verdict = verifier::answer(gate, &auth::within(gate, asking), &question);
        match verdict.verdict() {
            Verdict::Allow if !verdict.consumer.is_empty() => {
                // Whoever has a credential writes what the token says; no issuer stands for it.
                let detail =
                    "the subject token is a consumer's: only those of issuers are exchanged";
                Err(Fault::bad("invalid_request", detail))
            }
            Verdict::Allow => Ok(verdict.claims_json),
            Verdict::Unavailable => {
                Err(Fault::unavailable("the subject token cannot be judged now"))
            }
            Verdict::Deny | Verdict::Unspecified => {
                let detail = format!("the subject token is refused: {}", verdict.reason);
                Err(Fault::bad("invalid_request", detail))
            }
        }
    }
}

/// RFC 6749 5.1, RFC 8693 2.2.1.
fn granted(grant: &Grant, exchange: Option<&Exchange<'_>>) -> Response<Full<Bytes>> {
    let mut answer = json!({
        "access_token": grant.issued.token,
        "token_type": "Bearer",
        "expires_in": grant.expires_in,
    });
    if !grant.scope.is_empty() {
        answer["scope"] = grant.scope.as_str().into();
    }
    if let Some(exchange) = exchange {
        answer["issued_token_type"] = exchange.kind.into();
    }
    json_response(StatusCode::OK, &answer)
}

/// What was sent as `application/x-www-form-urlencoded`.
struct Form(Vec<(String, String)>);

impl Form {
    async fn read<B>(gate: &Gate, asking: &Parts, body: B) -> Result<Self, Fault>
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
        let body = read(gate, asking, body, FORM_BYTES).await?;
        let pairs = form_urlencoded::parse(&body).into_owned();
        // An empty parameter counts as none (RFC 6749 3.2).
        let form = Self(pairs.filter(|(_, value)| !value.is_empty()).collect());
        for (index, (name, _)) in form.0.iter().enumerate() {
            let is_sent_before = || form.0[..index].iter().any(|(other, _)| other == name);
            if !TARGETS.contains(&&**name) && is_sent_before() {
                return Err(Fault::bad("invalid_request", "a parameter is sent twice"));
            }
            if index >= FORM_PARAMETERS {
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

    /// For whom the token is to be (RFC 8693 2.1, RFC 8707 2).
    fn targets(&self) -> Vec<&str> {
        let pairs = self.0.iter();
        let targets = pairs.filter(|(name, _)| TARGETS.contains(&&**name));
        targets.map(|(_, value)| value.as_str()).collect()
    }

    /// Whoever is known by HTTP Basic must not say otherwise in the form (RFC 6749 2.3).
    fn check_client(&self, client: &Client) -> Result<(), Fault> {
        let other = self.get("client_id").is_some_and(|id| *id != *client.name);
        let ways = ["client_secret", "client_assertion"];
        if other || ways.iter().any(|name| self.get(name).is_some()) {
            let detail = "the client is known by HTTP Basic, and by nothing in the form";
            return Err(Fault::bad("invalid_request", detail));
        }
        Ok(())
    }

    fn required(&self, name: &str) -> Result<&str, Fault> {
        let missing = || Fault::bad("invalid_request", format!("{name} is missing"));
        self.get(name).ok_or_else(missing)
    }
}

/// The whole body, if it is not too long.
pub(super) async fn read<B>(
    gate: &Gate,
    asking: &Parts,
    body: B,
    bytes_max: usize,
) -> Result<Bytes, Fault>
where
    B: Body,
{
    body::read(gate, &asking.headers, body, bytes_max)
        .await
        .map_err(|unread| match unread {
            Unread::TooLong => {
                let detail = format!("at most {bytes_max} bytes");
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Fault::status(status, "invalid_request", &detail)
            }
            Unread::Incomplete => Fault::bad("invalid_request", "the body is incomplete"),
            Unread::Overloaded => Fault::unavailable("too many requests at the same time"),
        })
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What may be exchanged; the first two may be asked for.
const TOKEN_TYPES: [&str; 3] = [
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
];
/// Parameters that may be repeated.
const TARGETS: [&str; 2] = ["audience", "resource"];
