//! Issuing from outside: published keys, `/token`, and what becomes of its tokens.

mod failures;
mod gateways;
mod readers;
mod rollover;

use ::jotgate::grpc::proto::jotgate::v1::signer_client::SignerClient;
use ::jotgate::grpc::proto::jotgate::v1::{SignRequest, SignResponse};
use ::jotgate::issue::SecretHash;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tonic::Code;

use crate::support::http::{Request, Response};
use crate::support::jotgate::{self, Jotgate};
use crate::support::rpc::Rpc;

/// Who issues, who may ask, and who accepts it.
fn start() -> Jotgate {
    let hash = SecretHash::make(b"hunter2").expect("made");
    Jotgate::start_ready(json!({
        "issue": {
            "issuer": ISSUER,
            "keys": [{ "generate": {} }],
            "profiles": {
                "internal": {
                    "audiences": ["orders-api"], "ttl": "60s", "type": "at+jwt",
                    "claims": {
                        "sub": { "from": "sub" }, "tenant": { "value": "acme" },
                    },
                },
                "other": { "audiences": ["other-api"] },
            },
            "documents": {
                "login": { "profile": "internal", "keys_to_sign": ["access_token", "refresh_token"] },
                "full": { "profile": "internal", "keys_to_sign": ["access_token"], "full": true },
                "forbidden": { "profile": "other", "keys_to_sign": ["access_token"] },
            },
            "clients": {
                "admin": {
                    "secret_hash": { "value": hash }, "profiles": ["internal"],
                    "scopes": ["orders:read", "orders:write"],
                },
                // It has tokens of its own, and speaks for nobody else.
                "app": {
                    "secret_hash": { "value": hash }, "profiles": ["internal"], "sign": false,
                },
            },
        },
        "forward": { "internal_token": { "profile": "internal", "header": "x-internal-token" } },
        "issuers": {
            "ours": { "issuer": ISSUER, "audiences": ["orders-api"], "keys": [{ "own": {} }] },
        },
    }))
}

fn ask(jotgate: &Jotgate, credentials: &str, form: &str) -> Response {
    let mut request = Request::new("POST", "/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", &basic(credentials));
    request.body = form.as_bytes().to_vec();
    request.send(jotgate.http())
}

fn basic(credentials: &str) -> String {
    let encoded = base64_simd::STANDARD.encode_to_string(credentials);
    format!("Basic {encoded}")
}

fn body(response: &Response) -> Value {
    serde_json::from_str(&response.text()).expect("JSON")
}

fn token(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    let token = &body(response)["access_token"];
    token.as_str().expect("a token").to_owned()
}

/// What another library makes of it, with the published keys.
fn verified(jotgate: &Jotgate, token: &str) -> Value {
    let set = Request::get("/.well-known/jwks.json").send(jotgate.http());
    let set: JwkSet = serde_json::from_str(&set.text()).expect("a key set");
    decoded(&set, token)
}

/// The same with the keys of `set`.
fn decoded(set: &JwkSet, token: &str) -> Value {
    let header = decode_header(token).expect("a header");
    let key = set.find(&header.kid.expect("a kid")).expect("published");
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&["orders-api"]);
    validation.set_issuer(&[ISSUER]);
    let key = DecodingKey::from_jwk(key).expect("a key");
    let decoded = decode::<Value>(token, &key, &validation);
    decoded.expect("valid").claims
}

#[test]
fn a_client_gets_a_token_that_passes_here_and_elsewhere_and_can_be_renewed() {
    let jotgate = start();
    let response = ask(&jotgate, "admin:hunter2", "grant_type=client_credentials");
    let answer = body(&response);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("pragma"), Some("no-cache"));
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(
        (&answer["expires_in"], &answer["scope"]),
        (&json!(60), &json!("orders:read orders:write"))
    );
    let first = token(&response);
    let claims = verified(&jotgate, &first);
    for (name, value) in [
        ("sub", "admin"),
        ("client_id", "admin"),
        ("tenant", "acme"),
        ("scope", "orders:read orders:write"),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let allowed = Request::get("/auth").bearer(&first).send(jotgate.http());
    assert_eq!(allowed.status, 200);
    let internal = allowed.header("x-internal-token").expect("a token");
    assert_eq!(verified(&jotgate, internal)["sub"], "admin");
    let again = Request::get("/auth").bearer(&first).send(jotgate.http());
    assert_eq!(again.header("x-internal-token"), Some(internal));

    let form = format!(
        "{EXCHANGE}&subject_token={first}&scope=orders:read&audience=orders-api\
         &requested_token_type=urn:ietf:params:oauth:token-type:jwt"
    );
    let response = ask(&jotgate, "admin:hunter2", &form);
    let issued = &body(&response)["issued_token_type"];
    assert_eq!(issued, "urn:ietf:params:oauth:token-type:jwt");
    let second = token(&response);
    let claims = verified(&jotgate, &second);
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&json!("admin"), &json!("orders:read"))
    );

    let form = format!("{EXCHANGE}&subject_token={second}&scope=orders:write");
    let response = ask(&jotgate, "admin:hunter2", &form);
    assert_eq!(
        body(&response)["error"],
        "invalid_scope",
        "no more than the subject has"
    );
}

#[test]
fn whoever_may_not_have_a_token_is_told_why_as_rfc_6749_says() {
    let jotgate = start();
    let good = "grant_type=client_credentials";
    let foreign = format!("{EXCHANGE}&subject_token=a.b.c");
    for (credentials, form, status, error) in [
        ("admin:hunter3", good, 401, "invalid_client"),
        ("nobody:hunter2", good, 401, "invalid_client"),
        ("admin:hunter2", "", 400, "invalid_request"),
        (
            "admin:hunter2",
            "grant_type=password",
            400,
            "unsupported_grant_type",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&grant_type=x",
            400,
            "invalid_request",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&scope=admin",
            400,
            "invalid_scope",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&profile=other",
            400,
            "unauthorized_client",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&profile=x",
            400,
            "unauthorized_client",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&audience=elsewhere",
            400,
            "invalid_target",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&resource=https://elsewhere",
            400,
            "invalid_target",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&client_id=app",
            400,
            "invalid_request",
        ),
        (
            "admin:hunter2",
            "grant_type=client_credentials&client_secret=hunter2",
            400,
            "invalid_request",
        ),
        ("admin:hunter2", EXCHANGE, 400, "invalid_request"),
        ("admin:hunter2", &foreign, 400, "invalid_request"),
    ] {
        let response = ask(&jotgate, credentials, form);
        let found = (response.status, body(&response)["error"].clone());
        assert_eq!(found, (status, json!(error)), "{credentials} {form}");
        let challenge = response.header("www-authenticate");
        assert_eq!(
            challenge.is_some_and(|it| it.starts_with("Basic ")),
            status == 401
        );
    }
    let long = format!("{good}&x={}", "x".repeat(70_000));
    let response = ask(&jotgate, "admin:hunter2", &long);
    assert_eq!(
        (response.status, &body(&response)["error"]),
        (413, &json!("invalid_request"))
    );
    let metrics = Request::get("/metrics").send(jotgate.admin()).text();
    let line = "jotgate_tokens_issued_total{profile=\"internal\",outcome=\"refused\"} 9";
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn what_is_published_says_how_long_it_may_be_kept_and_is_known_again() {
    let jotgate = start();
    let metadata = Request::get("/.well-known/openid-configuration").send(jotgate.http());
    let document = body(&metadata);
    assert_eq!(
        document["jwks_uri"],
        format!("{ISSUER}/.well-known/jwks.json")
    );
    assert_eq!(document["token_endpoint"], format!("{ISSUER}/token"));
    let other = Request::get("/.well-known/oauth-authorization-server").send(jotgate.http());
    assert_eq!(body(&other), document);

    let keys = Request::get("/.well-known/jwks.json").send(jotgate.http());
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(body(&keys)["keys"].as_array().expect("keys").len(), 2);
    let tag = keys.header("etag").expect("a tag");
    let again = Request::get("/.well-known/jwks.json").header("if-none-match", tag);
    let again = again.send(jotgate.http());
    assert_eq!((again.status, again.text().len()), (304, 0));
    let changed = Request::new("POST", "/.well-known/jwks.json").send(jotgate.http());
    assert_eq!(changed.status, 405);
    let nothing = Request::get("/.well-known/nothing").send(jotgate.http());
    assert_eq!(nothing.status, 404);
}

fn sign(jotgate: &Jotgate, document: &str, text: &str) -> Response {
    let mut request = Request::new("POST", &format!("/v1/sign/{document}"))
        .header("authorization", &basic("admin:hunter2"));
    request.body = text.as_bytes().to_vec();
    request.send(jotgate.http())
}

#[test]
fn fields_of_a_document_become_tokens_and_the_rest_stays() {
    let jotgate = start();
    let text =
        r#"{"access_token": {"sub": "bob", "tenant": "evil", "aud": "x"}, "expires_in": 60}"#;
    let signed = sign(&jotgate, "login", text);
    assert_eq!(
        (signed.status, &body(&signed)["expires_in"]),
        (200, &json!(60))
    );
    let token = body(&signed)["access_token"].clone();
    let claims = verified(&jotgate, token.as_str().expect("compact"));
    assert_eq!(
        (&claims["sub"], &claims["tenant"]),
        (&json!("bob"), &json!("acme"))
    );

    let full = body(&sign(&jotgate, "full", text))["access_token"].clone();
    let part = |name: &str| full[name].as_str().expect("a part").to_owned();
    let compact = [part("protected"), part("payload"), part("signature")].join(".");
    assert_eq!(verified(&jotgate, &compact)["sub"], "bob");

    let huge = format!(r#"{{"x": "{}"}}"#, "x".repeat(5 << 20));
    let long = format!(r#"{{"access_token": {{"x": "{}"}}}}"#, "x".repeat(20_000));
    for (document, text, status) in [
        ("login", r#"{"access_token": "text"}"#, 400),
        ("login", "[]", 400),
        ("login", r#"{"access_token": {"scope": "root"}}"#, 403),
        ("login", &long, 400),
        ("login", &huge, 413),
        ("forbidden", text, 403),
        ("nothing", text, 404),
    ] {
        let answer = sign(&jotgate, document, text);
        assert_eq!(answer.status, status, "{document}: {}", answer.text());
    }
    let anonymous = Request::new("POST", "/v1/sign/login").send(jotgate.http());
    assert_eq!(anonymous.status, 401);
}

fn sign_by_rpc(
    rpc: &Rpc,
    credentials: &str,
    profile: &str,
    claims: &str,
) -> Result<SignResponse, tonic::Status> {
    let mut request = tonic::Request::new(SignRequest {
        profile: profile.to_owned(),
        claims_json: claims.into(),
    });
    let authorization = basic(credentials).parse().expect("ASCII");
    let metadata = request.metadata_mut();
    metadata.insert("authorization", authorization);
    let signed = rpc.run(|channel| async { SignerClient::new(channel).sign(request).await });
    signed.map(tonic::Response::into_inner)
}

#[test]
fn the_rpc_signs_for_those_who_may() {
    let jotgate = start();
    let rpc = Rpc::connect(jotgate.grpc());
    let sign = |credentials: &str, profile: &str, claims: &str| {
        sign_by_rpc(&rpc, credentials, profile, claims)
    };
    let signed = sign("admin:hunter2", "", r#"{"sub": "carol"}"#).expect("signed");
    assert_eq!(verified(&jotgate, &signed.token)["sub"], "carol");
    assert!(signed.expires_at.is_some() && !signed.key_id.is_empty());
    for (credentials, profile, claims, code) in [
        ("admin:wrong", "", "{}", Code::Unauthenticated),
        ("admin:hunter2", "other", "{}", Code::PermissionDenied),
        ("admin:hunter2", "", "[]", Code::InvalidArgument),
        ("app:hunter2", "", "{}", Code::PermissionDenied),
        (
            "admin:hunter2",
            "",
            r#"{"scope": "root"}"#,
            Code::PermissionDenied,
        ),
    ] {
        let status = sign(credentials, profile, claims).expect_err("refused");
        assert_eq!(status.code(), code, "{credentials} {profile} {claims}");
    }
}

#[test]
fn the_command_to_rotate_says_why_it_is_too_soon() {
    let jotgate = start();
    let output = jotgate::command()
        .args(["keys", "rotate", "--admin", &jotgate.admin().to_string()])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("others may not know it yet"), "{message}");
    let looked = Request::get("/keys/rotate").send(jotgate.admin());
    assert_eq!(looked.status, 405);
}

const ISSUER: &str = "https://jotgate.internal";
const EXCHANGE: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
    &subject_token_type=urn:ietf:params:oauth:token-type:access_token";
