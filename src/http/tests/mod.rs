mod panics;
mod redirect;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use super::{HttpService, Original};
use crate::credentials::{CredentialSource, Credentials};
use crate::deny::DenyPolicy;
use crate::fixture::{Fixture, NOW};
use crate::forward::{Format, ForwardPolicy, HeaderClaim, TokenHandling};
use crate::limits::MESSAGE_BYTES;
use crate::reason::Reason;
use crate::token::ClaimPath;

/// An answer, whole.
struct Answer(Response<Bytes>);

impl Answer {
    fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// The value of a header; `-` if it is not there.
    fn header(&self, name: &str) -> &str {
        let value = self.0.headers().get(name).map(HeaderValue::as_bytes);
        std::str::from_utf8(value.unwrap_or(b"-")).expect("our headers are UTF-8")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).expect("a JSON body")
    }
}

async fn send(fixture: &Fixture, original: Original, request: Request<Full<Bytes>>) -> Answer {
    let service = HttpService::new(fixture.gate.clone(), original);
    let (head, body) = service.respond(request).await.into_parts();
    let body = body.collect().await.expect("the body is there").to_bytes();
    Answer(Response::from_parts(head, body))
}

async fn get(fixture: &Fixture, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(target).header("host", "gate");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::default()).expect("a valid request");
    send(fixture, Original::Auto, request).await
}

async fn post(fixture: &Fixture, body: impl Into<Bytes>) -> Answer {
    let request = Request::post("/v1/verify")
        .body(Full::new(body.into()))
        .expect("a valid request");
    send(fixture, Original::Auto, request).await
}

/// A gate that forwards two claims and the payload, and takes tokens from everywhere.
fn forwarding(token: TokenHandling) -> Fixture {
    let header = |name, claim| HeaderClaim {
        name: HeaderName::from_static(name),
        claim: ClaimPath::dotted(claim).expect("a path"),
        format: Format::Csv,
    };
    Fixture::with(|setup| {
        setup.beside.forward = ForwardPolicy {
            token,
            headers: vec![header("x-user-id", "sub"), header("x-email", "email")],
            ..ForwardPolicy::default()
        };
        let bearer = Credentials::default().sources[0].clone();
        let cookie = CredentialSource::Cookie("access_token".into());
        let query = CredentialSource::Query("access_token".into());
        setup.beside.credentials.sources = Box::new([bearer, cookie, query]);
        setup.bypass_cors_preflight = true;
        setup.beside.deny = DenyPolicy {
            expose_reason: true,
            ..DenyPolicy::default()
        };
    })
}

#[tokio::test]
async fn a_good_token_passes_and_its_claims_go_upstream() {
    let fixture = forwarding(TokenHandling::Keep);
    let bearer = format!("Bearer {}", fixture.token(json!({})));
    for target in ["/auth", "/auth?x=1", "/envoy/orders/1"] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-user-id", "admin"),
            ("X_User_Id", "admin"),
        ];
        let answer = get(&fixture, target, &headers).await;
        assert_eq!(answer.status(), 200, "{target}");
        assert_eq!(answer.header("x-user-id"), "alice");
        assert_eq!(
            answer.header("x-email"),
            "",
            "absent claims empty the header"
        );
        assert_eq!(
            answer.header("x-envoy-auth-headers-to-remove"),
            "x-email,x_user_id"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("authorization"), "-");
    }
}

#[tokio::test]
async fn a_refusal_has_its_status_challenge_and_reason() {
    let fixture = forwarding(TokenHandling::Keep);
    let expired = format!("Bearer {}", fixture.token(json!({ "exp": NOW - 60 })));
    let away = format!(
        "Bearer {}",
        fixture.token(json!({ "iss": "https://away/" }))
    );
    let (expired, away) = (("authorization", &*expired), ("authorization", &*away));
    let path = |value| ("x-original-uri", value);
    for (target, headers, status, reason, challenge) in [
        (
            "/auth",
            &[][..],
            401,
            Reason::TokenMissing,
            "Bearer realm=\"jotgate\"",
        ),
        (
            "/auth",
            &[expired],
            401,
            Reason::TokenExpired,
            "Bearer realm=\"jotgate\", error=\"invalid_token\", \
             error_description=\"the token has expired\"",
        ),
        ("/auth", &[away], 503, Reason::KeysUnavailable, "-"),
        ("/auth/orders", &[], 403, Reason::RuleUnknown, "-"),
        ("/auth/", &[], 403, Reason::RuleUnknown, "-"),
        ("/auth/%ff", &[], 403, Reason::RuleUnknown, "-"),
        (
            "/auth",
            &[path("/a"), path("/b")],
            403,
            Reason::PathAmbiguous,
            "-",
        ),
        (
            "/envoy/a",
            &[],
            401,
            Reason::TokenMissing,
            "Bearer realm=\"jotgate\"",
        ),
        (
            "/envoy/a",
            &[("host", "other")],
            403,
            Reason::PathAmbiguous,
            "-",
        ),
    ] {
        let answer = get(&fixture, target, headers).await;
        assert_eq!(answer.status(), status, "{target} {headers:?}");
        assert_eq!(answer.header("x-jotgate-reason"), reason.code());
        assert_eq!(answer.header("www-authenticate"), challenge);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["reason"], reason.code());
    }
}

#[tokio::test]
async fn the_token_is_looked_for_in_the_request_that_is_judged() {
    let fixture = forwarding(TokenHandling::Keep);
    let target = format!("/a?access_token={}", fixture.token(json!({})));
    let envoy = format!("/envoy{target}");
    let auth = format!("/auth?access_token={}", fixture.token(json!({})));
    let original = [("x-original-uri", target.as_str())];
    for (path, headers, expected) in [
        ("/auth", &original[..], 200),
        (&envoy, &[], 200),
        (&auth, &[], 401),
        ("/envoy/a", &original, 401),
    ] {
        assert_eq!(
            get(&fixture, path, headers).await.status(),
            expected,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_token_is_stripped_from_wherever_it_was() {
    let fixture = forwarding(TokenHandling::Strip);
    let token = fixture.token(json!({}));
    let bearer = format!("Bearer {token}");
    let cookie = format!("a=1; access_token={token}; b=2");
    let headers = [("authorization", bearer.as_str()), ("cookie", &cookie)];
    let answer = get(&fixture, "/auth", &headers).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("authorization"), "");
    assert_eq!(answer.header("cookie"), "a=1; b=2");
    assert_eq!(
        answer.header("x-envoy-auth-headers-to-remove"),
        "x-email,authorization"
    );

    let only = format!("access_token={token}");
    let answer = get(&fixture, "/auth", &[("cookie", &only)]).await;
    assert_eq!((answer.status(), answer.header("cookie")), (200, ""));
}

#[tokio::test]
async fn without_a_token_every_configured_header_is_emptied() {
    let fixture = forwarding(TokenHandling::Keep);
    let headers = [
        ("x-original-method", "OPTIONS"),
        ("x-original-uri", "/a"),
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "PUT"),
    ];
    let answer = get(&fixture, "/auth", &headers).await;
    assert_eq!(answer.status(), 200, "a preflight");
    assert_eq!(
        (answer.header("x-user-id"), answer.header("x-email")),
        ("", "")
    );
    assert_eq!(
        answer.header("x-envoy-auth-headers-to-remove"),
        "x-user-id,x-email"
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let fixture = Fixture::new();
    for (target, status) in [
        ("/", 404),
        ("/authx", 404),
        ("/envoy", 404),
        ("/v1/verify/", 404),
        ("/v1/verify", 405),
    ] {
        let answer = get(&fixture, target, &[]).await;
        assert_eq!(answer.status(), status, "{target}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["status"], status);
        let allow = if status == 405 { "POST" } else { "-" };
        assert_eq!(answer.header("allow"), allow);
    }
}

#[tokio::test]
async fn a_pinned_family_must_be_there() {
    let fixture = forwarding(TokenHandling::Keep);
    let request = Request::get("/auth").body(Full::default()).expect("valid");
    let answer = send(&fixture, Original::XOriginal, request).await;
    assert_eq!(answer.header("x-jotgate-reason"), "path_ambiguous");
}

#[tokio::test]
async fn a_question_in_json_gets_its_verdict_in_json() {
    let fixture = Fixture::new();
    let token = fixture.token(json!({ "n": 1 }));
    let answer = post(
        &fixture,
        json!({ "token": token, "rule": null }).to_string(),
    )
    .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.json(),
        json!({
            "verdict": "ALLOW",
            "reason": "ok",
            "message": Reason::Ok.message(),
            "issuer": "corp",
            "subject": "alice",
            "expiresAt": "2023-11-14T22:14:20Z",
            "claims": { "iss": "https://idp/", "aud": "api", "sub": "alice", "exp": NOW + 60, "n": 1 },
            "keyId": "k1",
        })
    );
    let denied = post(&fixture, json!({ "token": "x" }).to_string()).await;
    assert_eq!(denied.status(), 200, "a bad token is a verdict");
    assert_eq!(
        denied.json(),
        json!({
            "verdict": "DENY",
            "reason": "token_malformed",
            "message": Reason::TokenMalformed.message(),
        })
    );
}

#[tokio::test]
async fn every_field_of_a_question_counts() {
    let fixture = Fixture::new();
    let token = fixture.token(json!({ "scope": "a b" }));
    let bearer = json!({ "headers": { "authorization": format!("Bearer {token}") } });
    for (question, reason) in [
        (json!({ "request": bearer }), "ok"),
        (
            json!({ "token": token, "scopes": ["a"], "audiences": ["api"] }),
            "ok",
        ),
        (
            json!({ "token": token, "scopes": ["c"] }),
            "scope_insufficient",
        ),
        (
            json!({ "token": token, "audiences": ["x"] }),
            "audience_mismatch",
        ),
        (json!({ "token": token, "rule": "x" }), "rule_unknown"),
        (
            json!({ "token": "other", "request": bearer }),
            "token_ambiguous",
        ),
        (json!({}), "token_missing"),
    ] {
        let answer = post(&fixture, question.to_string()).await;
        assert_eq!(answer.json()["reason"], reason, "{question}");
    }
    let explained = post(
        &fixture,
        json!({ "token": token, "explain": true }).to_string(),
    )
    .await;
    let trace = explained.json()["trace"].clone();
    assert_eq!(trace[0]["step"], "credentials");
    assert_eq!(trace[0]["ok"], true);
}

#[tokio::test]
async fn what_is_no_question_is_a_problem_without_its_content() {
    let fixture = Fixture::new();
    for body in [
        "",
        "[]",
        "null x",
        "{\"token\": \"secret\"} x",
        "{\"token\": \"secret\"",
        "{\"token\": [\"secret\"]}",
        "{\"explain\": \"secret\"}",
        "{\"scope\": [\"secret\"]}",
        "{\"token\": \"a\", \"token\": \"secret\"}",
        "{\"request\": {\"uri\": \"secret\"}}",
        "{\"request\": {\"headers\": {\"a\": \"secret\", \"a\": \"b\"}}}",
        "{\"request\": {\"headers\": {\"a\": [\"secret\"]}}}",
    ] {
        let answer = post(&fixture, body).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(!answer.json().to_string().contains("secret"), "{body}");
    }
    let answer = post(&fixture, vec![b' '; MESSAGE_BYTES + 1]).await;
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn an_expiry_that_has_no_date_is_left_out() {
    let fixture = Fixture::new();
    let token = fixture.token(json!({ "exp": 9_007_199_254_740_992_i64 }));
    let answer = post(&fixture, json!({ "token": token }).to_string()).await;
    assert_eq!(answer.json()["verdict"], "ALLOW");
    assert_eq!(answer.json().get("expiresAt"), None);
}

#[tokio::test]
async fn a_draining_server_closes_its_connections() {
    let fixture = Fixture::new();
    assert_eq!(get(&fixture, "/auth", &[]).await.header("connection"), "-");
    fixture.gate.drain();
    assert_eq!(
        get(&fixture, "/auth", &[]).await.header("connection"),
        "close"
    );
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused() {
    use crate::metrics::Transport;

    let fixture = forwarding(TokenHandling::Keep);
    let entered: Vec<_> = std::iter::from_fn(|| fixture.gate.enter(Transport::Http)).collect();
    let answer = get(&fixture, "/auth", &[]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("x-jotgate-reason"), "overloaded");
    drop(entered);
    assert_eq!(get(&fixture, "/auth", &[]).await.status(), 401);
}
