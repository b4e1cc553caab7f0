//! jotgate with issuers of every kind, and every way of asking it.

use serde_json::json;
use tokio_stream as stream;

use super::corpus::Case;
use crate::support::http::Request;
use crate::support::idp::AUDIENCE;
use crate::support::jotgate::Jotgate;
use crate::support::keys::{ALGORITHMS, SigningKey};
use crate::support::rpc::{Rpc, check_request, check_verdict, set_header};
use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use jotgate::grpc::proto::jotgate::v1::{
    Verdict, VerifyBatchRequest, VerifyRequest, VerifyResponse,
};

/// A running jotgate and every way to ask it.
pub struct Court {
    jotgate: Jotgate,
    rpc: Rpc,
    /// A key of every algorithm, of the issuer without further demands.
    pub keys: Vec<SigningKey>,
    pub strict: SigningKey,
    pub twin: SigningKey,
}

/// A way of asking and its verdicts, one a token.
pub type Verdicts = Vec<(&'static str, Vec<String>)>;

impl Court {
    pub fn open() -> Self {
        let keys: Vec<_> = ALGORITHMS
            .iter()
            .map(|algorithm| SigningKey::generate(algorithm, algorithm))
            .collect();
        let strict = SigningKey::generate("ES256", "strict");
        let twin = SigningKey::generate("ES256", "twin");
        let sources: Vec<_> = keys.iter().map(SigningKey::source).collect();
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
            // Nobody listens on port 1.
            "down": {
                "issuer": DOWN_ISSUER, "audiences": [AUDIENCE],
                "keys": [{ "jwks_url": "http://127.0.0.1:1/jwks.json" }],
            },
        });
        let config = json!({ "issuers": issuers, "deny": { "expose_reason": true } });
        let jotgate = Jotgate::start(config);
        let rpc = Rpc::connect(jotgate.grpc());
        Self {
            jotgate,
            rpc,
            keys,
            strict,
            twin,
        }
    }

    pub fn key(&self, algorithm: &str) -> &SigningKey {
        let mut keys = self.keys.iter();
        keys.find(|key| key.algorithm() == algorithm)
            .expect("there is one of each")
    }

    pub fn judge(&self, corpus: Vec<Case>) {
        let tokens: Vec<_> = corpus.iter().map(|case| case.token.as_str()).collect();
        for (way, verdicts) in self.ask(&tokens) {
            assert_eq!(verdicts.len(), corpus.len(), "{way}");
            for (case, verdict) in corpus.iter().zip(verdicts) {
                assert_eq!(verdict, case.reason, "{way} about {}", case.name);
            }
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

    fn check(&self, token: &str) -> String {
        let authorization = format!("Bearer {token}");
        let request = check_request(&[("authorization", &authorization)]);
        let answer = self.rpc.check(request).expect("a bad token is a verdict");
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

    fn http(&self, request: &Request) -> String {
        let answer = request.send(self.jotgate.http());
        let reason = answer.header("x-jotgate-reason");
        assert_eq!(answer.status == 200, reason.is_none(), "{answer:?}");
        reason.unwrap_or("ok").to_owned()
    }

    fn verify_json(&self, token: &str) -> String {
        let request = Request::new("POST", "/v1/verify").json(&json!({ "token": token }));
        let answer = request.send(self.jotgate.http());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let reason = answer["reason"].as_str().expect("a reason");
        let verdict = answer["verdict"].as_str().expect("a verdict");
        assert_eq!(verdict == "ALLOW", reason == "ok", "{answer}");
        reason.to_owned()
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
pub const DOWN_ISSUER: &str = "https://down.example.com/";
