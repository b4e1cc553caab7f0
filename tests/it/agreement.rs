//! Every way of asking gives the same answer about the same token, and the one the contract says.

use serde_json::{Value, json};
use tokio_stream as stream;

use crate::support::http::Request;
use crate::support::idp::{AUDIENCE, merged, now, usual_claims};
use crate::support::jotgate::Jotgate;
use crate::support::keys::{ALGORITHMS, SigningKey, base64url};
use crate::support::proto::jotgate::v1::verifier_client::VerifierClient;
use crate::support::proto::jotgate::v1::{
    Verdict, VerifyBatchRequest, VerifyRequest, VerifyResponse,
};
use crate::support::rpc::{Rpc, check_request, check_verdict, set_header};

#[test]
fn good_tokens_of_every_algorithm_pass_however_one_asks() {
    let court = Court::open();
    let corpus = court.keys.iter().map(|key| {
        let token = key.sign(&key.header(), &usual_claims(ISSUER));
        Case::new(key.algorithm(), token, "ok")
    });
    court.judge(corpus.collect());
}

#[test]
fn every_cause_has_the_same_reason_however_one_asks() {
    let court = Court::open();
    court.judge(refusals(&court));
}

#[test]
fn changed_tokens_of_every_algorithm_are_refused_however_one_asks() {
    let court = Court::open();
    for key in &court.keys {
        let good = key.sign(&key.header(), &usual_claims(ISSUER));
        for token in mutations(&good) {
            let verdicts = court.ask(&[token.as_str()]);
            let (_, first) = &verdicts[0];
            assert_ne!(first[0], "ok", "{token}");
            for (way, verdict) in &verdicts {
                assert_eq!(verdict, first, "{way} about {token}");
            }
        }
    }
}

/// One token for every reason that a token alone can cause.
fn refusals(court: &Court) -> Vec<Case> {
    let [key, other] = [court.key("ES256"), court.key("RS256")];
    let changed = |header: Value, claims: Value| {
        let header = merged(key.header(), &header);
        key.sign(&header, &merged(usual_claims(ISSUER), &claims))
    };
    let claims = |claims| changed(json!({}), claims);
    let header = |header| changed(header, json!({}));
    let strict = |claims| {
        let claims = merged(usual_claims(STRICT_ISSUER), &claims);
        court.strict.sign(&court.strict.header(), &claims)
    };
    let good = claims(json!({}));
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let none = json!({ "alg": "none" }).to_string();
    let now = now();
    let rows = [
        ("two parts", message.to_owned(), "token_malformed"),
        ("four parts", format!("{good}.e30"), "token_malformed"),
        ("padding", format!("{good}="), "token_malformed"),
        ("no signature", format!("{message}."), "signature_invalid"),
        (
            "claims are no object",
            key.sign_text(&key.header().to_string(), "[]"),
            "token_malformed",
        ),
        (
            "a header member twice",
            key.sign_text(r#"{"alg":"ES256","alg":"ES256"}"#, "{}"),
            "token_malformed",
        ),
        (
            "kid is a number",
            header(json!({ "kid": 1 })),
            "token_malformed",
        ),
        (
            "longer than the limit",
            claims(json!({ "long": "x".repeat(20_000) })),
            "token_too_large",
        ),
        (
            "alg none",
            format!("{}.{}.", base64url(none), base64url("{}")),
            "alg_not_allowed",
        ),
        (
            "alg unknown",
            header(json!({ "alg": "ES256K" })),
            "alg_not_allowed",
        ),
        (
            "alg missing",
            header(json!({ "alg": null })),
            "alg_not_allowed",
        ),
        (
            "alg not the issuer's",
            strict_with(court, json!({ "alg": "RS256" })),
            "alg_not_allowed",
        ),
        (
            "crit",
            header(json!({ "crit": ["exp"] })),
            "crit_unsupported",
        ),
        ("b64", header(json!({ "b64": true })), "crit_unsupported"),
        (
            "typ",
            header(json!({ "typ": "logout+jwt" })),
            "type_not_allowed",
        ),
        ("cty", header(json!({ "cty": "JWT" })), "type_not_allowed"),
        (
            "no issuer",
            claims(json!({ "iss": null })),
            "issuer_missing",
        ),
        (
            "a stranger's",
            claims(json!({ "iss": "https://stranger.example" })),
            "issuer_unknown",
        ),
        (
            "unknown key",
            header(json!({ "kid": "nobody" })),
            "key_unknown",
        ),
        ("no kid, many keys", twin(court), "key_ambiguous"),
        (
            "a key of another algorithm",
            header(json!({ "alg": "RS256" })),
            "key_unsuitable",
        ),
        (
            "another key's signature",
            other.sign(&key.header(), &usual_claims(ISSUER)),
            "signature_invalid",
        ),
        (
            "another issuer's key",
            court
                .strict
                .sign(&court.strict.header(), &usual_claims(ISSUER)),
            "key_unknown",
        ),
        (
            "the signature of another token",
            format!(
                "{}.{signature}",
                claims(json!({ "sub": "u2" }))
                    .rsplit_once('.')
                    .expect("three parts")
                    .0
            ),
            "signature_invalid",
        ),
        (
            "expired",
            claims(json!({ "exp": now - 60 })),
            "token_expired",
        ),
        (
            "not yet valid",
            claims(json!({ "nbf": now + 120 })),
            "token_not_yet_valid",
        ),
        (
            "issued tomorrow",
            claims(json!({ "iat": now + 86_400 })),
            "token_not_yet_valid",
        ),
        (
            "too old",
            strict(json!({ "iat": now - 7_200 })),
            "token_too_old",
        ),
        (
            "valid for too long",
            strict(json!({ "exp": now + 86_400 })),
            "lifetime_too_long",
        ),
        (
            "another audience",
            claims(json!({ "aud": "billing-api" })),
            "audience_mismatch",
        ),
        (
            "no audience",
            claims(json!({ "aud": null })),
            "audience_mismatch",
        ),
        ("no expiry", claims(json!({ "exp": null })), "claim_missing"),
        (
            "no subject",
            strict(json!({ "sub": null })),
            "claim_missing",
        ),
        (
            "exp is text",
            claims(json!({ "exp": "tomorrow" })),
            "claim_invalid",
        ),
        (
            "sub is a number",
            claims(json!({ "sub": 7 })),
            "claim_invalid",
        ),
        (
            "aud is a number",
            claims(json!({ "aud": 7 })),
            "claim_invalid",
        ),
        (
            "bound to a key",
            claims(json!({ "cnf": { "jkt": "x" } })),
            "binding_unsupported",
        ),
        (
            "keys not to be had",
            claims(json!({ "iss": DOWN_ISSUER })),
            "keys_unavailable",
        ),
    ];
    rows.map(|(name, token, reason)| Case::new(name, token, reason))
        .into()
}

/// A token of the strict issuer with another header.
fn strict_with(court: &Court, header: Value) -> String {
    let header = merged(court.strict.header(), &header);
    court.strict.sign(&header, &usual_claims(STRICT_ISSUER))
}

/// A token without kid of the issuer that has two keys for it.
fn twin(court: &Court) -> String {
    let header = json!({ "alg": "ES256" });
    court.twin.sign(&header, &usual_claims(TWIN_ISSUER))
}

/// Tokens that differ from `good` in one place, spread over all three parts.
fn mutations(good: &str) -> impl Iterator<Item = String> {
    let step = good.len() / 16;
    (0..good.len())
        .step_by(step)
        .chain([good.len() - 1])
        .map(|at| {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] = match bytes[at] {
                b'A' => b'B',
                b'.' => b'A',
                _ => b'A',
            };
            String::from_utf8(bytes).expect("ASCII for ASCII")
        })
}

/// A token and what is to be said about it.
struct Case {
    name: String,
    token: String,
    reason: &'static str,
}

impl Case {
    fn new(name: &str, token: String, reason: &'static str) -> Self {
        let name = name.to_owned();
        Self {
            name,
            token,
            reason,
        }
    }
}

/// A running jotgate and every way to ask it.
struct Court {
    jotgate: Jotgate,
    rpc: Rpc,
    /// A key of every algorithm, of the issuer without further demands.
    keys: Vec<SigningKey>,
    strict: SigningKey,
    twin: SigningKey,
}

/// A way of asking and its verdicts, one a token.
type Verdicts = Vec<(&'static str, Vec<String>)>;

impl Court {
    fn open() -> Self {
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

    fn key(&self, algorithm: &str) -> &SigningKey {
        let mut keys = self.keys.iter();
        keys.find(|key| key.algorithm() == algorithm)
            .expect("there is one of each")
    }

    fn judge(&self, corpus: Vec<Case>) {
        let tokens: Vec<_> = corpus.iter().map(|case| case.token.as_str()).collect();
        for (way, verdicts) in self.ask(&tokens) {
            assert_eq!(verdicts.len(), corpus.len(), "{way}");
            for (case, verdict) in corpus.iter().zip(verdicts) {
                assert_eq!(verdict, case.reason, "{way} about {}", case.name);
            }
        }
    }

    /// The reason for each token, from every way of asking.
    fn ask(&self, tokens: &[&str]) -> Verdicts {
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

const ISSUER: &str = "https://idp.example.com/";
const STRICT_ISSUER: &str = "https://strict.example.com/";
const TWIN_ISSUER: &str = "https://twins.example.com/";
const DOWN_ISSUER: &str = "https://down.example.com/";
