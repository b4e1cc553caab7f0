//! jotgate with issuers of every kind, and every way of asking it.

use std::cell::RefCell;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio_stream as stream;

use super::corpus::Case;
use crate::support::http::{Connection, Request, Response};
use crate::support::idp::{AUDIENCE, merged};
use crate::support::jotgate::Jotgate;
use crate::support::keys::{ALGORITHMS, SigningKey};
use crate::support::rpc::{Rpc, check_request_for, check_verdict, set_header};
use jotgate::grpc::proto::envoy::service::auth::v3::CheckResponse;
use jotgate::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use jotgate::grpc::proto::jotgate::v1::{
    Verdict, VerifyBatchRequest, VerifyRequest, VerifyResponse,
};

/// A running jotgate and every way to ask it.
pub struct Court {
    jotgate: Jotgate,
    rpc: Rpc,
    connection: RefCell<Option<Connection>>,
    /// A key of every algorithm, of the issuer without further demands.
    pub keys: Vec<SigningKey>,
    pub strict: SigningKey,
    pub twin: SigningKey,
    pub patient: SigningKey,
    /// Whether tokens of no issuer may be a consumer's.
    has_consumers: bool,
}

/// What `/v1/verify` says. The claims beside it may hold numbers that nobody can read.
#[derive(Deserialize)]
struct Spoken {
    verdict: String,
    reason: String,
}

/// A way of asking and its verdicts, one a token.
pub type Verdicts = Vec<(&'static str, Vec<String>)>;

impl Court {
    pub fn open() -> Self {
        Self::open_with(&[], &json!({}))
    }

    /// The same with more keys of the usual issuer, and `changes` beside the issuers.
    pub fn open_with(more_keys: &[Value], changes: &Value) -> Self {
        let keys: Vec<_> = ALGORITHMS
            .iter()
            .map(|algorithm| SigningKey::generate(algorithm, algorithm))
            .collect();
        let strict = SigningKey::generate("ES256", "strict");
        let twin = SigningKey::generate("ES256", "twin");
        let patient = SigningKey::generate("ES256", "patient");
        let mut sources: Vec<_> = keys.iter().map(SigningKey::source).collect();
        sources.extend_from_slice(more_keys);
        let issuers = json!({
            "corp": {
                "issuer": ISSUER, "audiences": [AUDIENCE], "algorithms": ALGORITHMS,
                "keys": sources,
            },
            "strict": {
                "issuer": STRICT_ISSUER, "audiences": [AUDIENCE], "algorithms": ["ES256"],
                "max_age": "1h", "max_lifetime": "1h", "required_claims": ["sub"],
                "keys": [strict.source()],
            },
            "twins": {
                "issuer": TWIN_ISSUER, "audiences": [AUDIENCE],
                "keys": [twin.source(), SigningKey::generate("ES256", "other").source()],
            },
            "patient": {
                "issuer": PATIENT_ISSUER, "audiences": [AUDIENCE], "leeway": "1h",
                "max_age": "1h", "max_lifetime": "1h", "keys": [patient.source()],
            },
            // Nobody listens on port 1.
            "down": {
                "issuer": DOWN_ISSUER, "audiences": [AUDIENCE],
                "keys": [{ "jwks_url": "http://127.0.0.1:1/jwks.json" }],
            },
        });
        let config = json!({ "issuers": issuers, "deny": { "expose_reason": true } });
        let jotgate = Jotgate::start(merged(config, changes));
        let rpc = Rpc::connect(jotgate.grpc());
        Self {
            jotgate,
            rpc,
            connection: RefCell::default(),
            keys,
            strict,
            twin,
            patient,
            has_consumers: changes.get("consumers").is_some(),
        }
    }

    pub fn key(&self, algorithm: &str) -> &SigningKey {
        let mut keys = self.keys.iter();
        keys.find(|key| key.algorithm() == algorithm)
            .expect("there is one of each")
    }

    pub fn judge(&self, corpus: &[Case]) {
        let tokens: Vec<_> = corpus.iter().map(|case| case.token.as_str()).collect();
        // All of them at once: one wrong row says little about the table.
        let mut wrong = Vec::new();
        for (way, verdicts) in self.ask(&tokens) {
            assert_eq!(verdicts.len(), corpus.len(), "{way}");
            let is_in_a_field = FIELDS.contains(&way);
            for (case, verdict) in corpus.iter().zip(verdicts) {
                let reason = if is_in_a_field {
                    case.reason_in_a_field
                } else {
                    case.reason
                };
                let reason = self.reason_here(reason);
                if verdict != reason {
                    wrong.push(format!(
                        "{way} about {}: {verdict} and not {reason}: {}",
                        case.name, case.token
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Whoever is no issuer may be a consumer, where there are any.
    pub fn reason_here(&self, reason: &'static str) -> &'static str {
        match reason {
            "issuer_missing" | "issuer_unknown" if self.has_consumers => "consumer_unknown",
            reason => reason,
        }
    }

    /// The reason for each token, from every way of asking.
    pub fn ask(&self, tokens: &[&str]) -> Verdicts {
        let each = |ask: &dyn Fn(&str) -> String| tokens.iter().map(|token| ask(token)).collect();
        vec![
            ("Check", each(&|token| self.check(token))),
            (
                "Verify",
                each(&|token| reason(self.rpc.verify(verify_request(token)))),
            ),
            ("VerifyBatch", self.verify_batch(tokens)),
            ("VerifyStream", self.verify_stream(tokens)),
            ("/auth", each(&|token| self.http(&auth_request(token)))),
            (
                "/envoy",
                each(&|token| self.http(&Request::get("/envoy/orders").bearer(token))),
            ),
            ("/v1/verify", each(&|token| self.verify_json(token))),
        ]
    }

    /// What is said of a token that may be too long for a header: the reason of every way that gives
    /// one, and the status of those that refuse the whole request.
    pub fn outsize(&self, token: &str) -> (String, Option<u16>) {
        let reasons = [
            ("Check", self.check(token)),
            ("Verify", reason(self.rpc.verify(verify_request(token)))),
            ("VerifyBatch", self.verify_batch(&[token]).remove(0)),
            ("VerifyStream", self.verify_stream(&[token]).remove(0)),
            ("/v1/verify", self.verify_json(token)),
        ];
        let (_, first) = &reasons[0];
        for (way, reason) in &reasons {
            assert_eq!(reason, first, "{way}");
        }
        let mut statuses = Vec::new();
        for request in [
            auth_request(token),
            Request::get("/envoy/orders").bearer(token),
        ] {
            let mut connection = Connection::open(self.jotgate.http()).expect("jotgate listens");
            // It may hang up before all of it is written, and then its answer may be lost.
            let Ok(answer) = connection.exchange(&request) else {
                statuses.push(Some(431));
                continue;
            };
            let spoken = answer.header("x-jotgate-reason");
            assert!(spoken.is_none_or(|spoken| spoken == first), "{answer:?}");
            statuses.push(spoken.is_none().then_some(answer.status));
        }
        assert_eq!(statuses[0], statuses[1], "/auth and /envoy");
        (first.clone(), statuses[0])
    }

    /// What a gateway is told about a request for `path`: a refusal, or who the request is from.
    pub fn identity(&self, path: &str, token: &str) -> Result<Option<String>, String> {
        let answer = self.check_at(path, token);
        let (code, headers) = check_verdict(&answer);
        if code != tonic::Code::Ok {
            let reason = set_header(headers, "x-jotgate-reason");
            return Err(reason.expect("a refusal has a reason").to_owned());
        }
        let identity = set_header(headers, IDENTITY).map(str::to_owned);
        let Some(HttpResponse::OkResponse(ok)) = &answer.http_response else {
            panic!("a permission without what to remove: {answer:?}");
        };
        let is_removed = ok.headers_to_remove.iter().any(|name| name == IDENTITY);
        assert_eq!(identity.is_none(), is_removed, "{answer:?}");
        Ok(identity)
    }

    fn check_at(&self, path: &str, token: &str) -> CheckResponse {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", &*authorization), (IDENTITY, "forged")];
        let request = check_request_for(path, &headers);
        self.rpc.check(request).expect("a bad token is a verdict")
    }

    fn check(&self, token: &str) -> String {
        let answer = self.check_at("/orders", token);
        let (code, headers) = check_verdict(&answer);
        let reason = set_header(headers, "x-jotgate-reason");
        assert_eq!(code == tonic::Code::Ok, reason.is_none(), "{answer:?}");
        reason.unwrap_or("ok").to_owned()
    }

    fn verify_batch(&self, tokens: &[&str]) -> Vec<String> {
        let requests = tokens.iter().map(|token| verify_request(token)).collect();
        let request = VerifyBatchRequest { requests };
        let answer = self.rpc.run(|channel| async {
            let mut client = VerifierClient::new(channel);
            client.verify_batch(request).await
        });
        let responses = answer
            .expect("bad tokens are verdicts")
            .into_inner()
            .responses;
        responses.into_iter().map(reason).collect()
    }

    fn verify_stream(&self, tokens: &[&str]) -> Vec<String> {
        let requests: Vec<_> = tokens.iter().map(|token| verify_request(token)).collect();
        self.rpc.run(|channel| async {
            let mut client = VerifierClient::new(channel);
            let answer = client.verify_stream(stream::iter(requests)).await;
            let mut responses = answer.expect("the stream opens").into_inner();
            let mut reasons = Vec::new();
            while let Some(response) = responses.message().await.expect("the stream goes on") {
                reasons.push(reason(response));
            }
            reasons
        })
    }

    /// One connection for as many questions as it lasts: most of them are refusals of a token,
    /// which is no reason to hang up.
    fn exchange(&self, request: &Request) -> Response {
        let mut kept = self.connection.borrow_mut();
        if let Some(answer) = kept.as_mut().and_then(|it| it.exchange(request).ok()) {
            return answer;
        }
        let mut connection = Connection::open(self.jotgate.http()).expect("jotgate listens");
        let answer = connection.exchange(request).expect("the server answers");
        *kept = Some(connection);
        answer
    }

    fn http(&self, request: &Request) -> String {
        let answer = self.exchange(request);
        let reason = answer.header("x-jotgate-reason");
        assert_eq!(answer.status == 200, reason.is_none(), "{answer:?}");
        reason.unwrap_or("ok").to_owned()
    }

    fn verify_json(&self, token: &str) -> String {
        let request = Request::new("POST", "/v1/verify").json(&json!({ "token": token }));
        let answer = self.exchange(&request);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let Spoken { verdict, reason } = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{error} in {}", answer.text()));
        assert_eq!(verdict == "ALLOW", reason == "ok", "{}", answer.text());
        reason
    }
}

/// As nginx asks.
fn auth_request(token: &str) -> Request {
    Request::get("/auth")
        .bearer(token)
        .header("x-original-method", "GET")
        .header("x-original-uri", "/orders")
}

fn verify_request(token: &str) -> VerifyRequest {
    let token = token.to_owned();
    VerifyRequest {
        token,
        ..VerifyRequest::default()
    }
}

fn reason(response: VerifyResponse) -> String {
    let allowed = response.verdict() == Verdict::Allow;
    assert_eq!(allowed, response.reason == "ok", "{response:?}");
    response.reason
}

pub const ISSUER: &str = "https://idp.example.com/";
pub const STRICT_ISSUER: &str = "https://strict.example.com/";
pub const TWIN_ISSUER: &str = "https://twins.example.com/";
/// Its clock may be an hour off, and its tokens an hour old and live for an hour.
pub const PATIENT_ISSUER: &str = "https://patient.example.com/";
pub const DOWN_ISSUER: &str = "https://down.example.com/";
/// The header that rules make of `sub`.
pub const IDENTITY: &str = "x-user-id";

/// Ways of asking where the token stands in a field of a request.
const FIELDS: [&str; 3] = ["Check", "/auth", "/envoy"];
