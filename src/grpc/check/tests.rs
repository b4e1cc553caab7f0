use std::collections::HashMap;
use std::time::Duration;

use http::HeaderName;
use prost::Message;
use serde_json::json;

use super::{answer, redirection, refuse};
use crate::credentials::{CredentialSource, Credentials};
use crate::deny::{DenyPolicy, OnUnavailable, Redirect};
use crate::fixture::Fixture;
use crate::forward::{
    Format, ForwardPolicy, HeaderClaim, InternalToken, Minted, Minter, TokenHandling,
};
use crate::gate::Gate;
use crate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use crate::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use crate::grpc::proto::envoy::service::auth::v3::{
    AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use crate::keys::{Completeness, KeySet};
use crate::reason::{Class, Reason};
use crate::rules::Access;
use crate::telemetry::TraceContext;
use crate::time::UnixMillis;
use crate::token::ClaimPath;
use crate::token::json::Json;

fn ask(gate: &Gate, path: &str, headers: &[(&str, &str)]) -> CheckResponse {
    let headers: HashMap<_, _> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let http = HttpRequest {
        method: "GET".into(),
        path: path.into(),
        headers,
        ..HttpRequest::default()
    };
    ask_about(gate, http)
}

fn ask_about(gate: &Gate, http: HttpRequest) -> CheckResponse {
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http) }),
        ..AttributeContext::default()
    };
    let request = CheckRequest {
        attributes: Some(attributes),
    };
    CheckResponse::decode(answer(gate, &request.encode_to_vec()).message())
        .expect("a CheckResponse")
}

fn bearer(gate: &Gate, token: &str) -> CheckResponse {
    ask(gate, "/", &[("authorization", &format!("Bearer {token}"))])
}

fn code(response: &CheckResponse) -> i32 {
    response.status.as_ref().expect("always set").code
}

fn ok(response: CheckResponse) -> OkHttpResponse {
    match response.http_response {
        Some(HttpResponse::OkResponse(ok)) => ok,
        other => panic!("expected an allowance, found {other:?}"),
    }
}

fn refused(response: CheckResponse) -> DeniedHttpResponse {
    match response.http_response {
        Some(HttpResponse::DeniedResponse(denied)) => denied,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn with_headers(token: TokenHandling) -> ForwardPolicy {
    let header = |name: &'static str, claim| HeaderClaim {
        name: HeaderName::from_static(name),
        claim: ClaimPath::dotted(claim).expect("path"),
        format: Format::Csv,
    };
    ForwardPolicy {
        token,
        headers: vec![header("x-user-id", "sub"), header("x-email", "email")],
        payload_header: None,
        internal_token: None,
        metadata: true,
    }
}

#[test]
fn no_refusal_has_the_status_zero_for_any_reason() {
    for on_unavailable in [OnUnavailable::Deny, OnUnavailable::Defer] {
        let fixture = Fixture::with(|setup| setup.beside.deny.on_unavailable = on_unavailable);
        for reason in Reason::ALL {
            if reason.class() == Class::Allowed {
                continue;
            }
            for _ in 0..2 {
                let encoded = refuse(&fixture.gate, &TraceContext::default(), reason);
                let response = CheckResponse::decode(encoded.message()).expect("decodes");
                assert_ne!(code(&response), 0, "{}", reason.code());
                let authorizer = fixture.gate.authorizer();
                let refusal = authorizer.rule_beside().refusal(reason);
                assert_ne!(code(&redirection(refusal, "/".to_owned())), 0);
            }
        }
    }
}

#[test]
fn allows_a_good_token_with_its_headers_and_removes_what_it_does_not_provide() {
    let fixture = Fixture::with(|setup| {
        setup.beside.forward = with_headers(TokenHandling::Keep);
    });
    let token = fixture.token(json!({ "level": 3 }));
    for _ in 0..2 {
        let response = bearer(&fixture.gate, &token);
        assert_eq!(code(&response), 0);
        let metadata = format!("{:?}", response.dynamic_metadata.clone().expect("metadata"));
        assert!(
            metadata.contains("corp") && metadata.contains("NumberValue(3.0)"),
            "{metadata}"
        );
        let ok = ok(response);
        let [header] = &ok.headers[..] else {
            panic!("one header: {ok:?}")
        };
        let value = header.header.clone().expect("header");
        assert_eq!((&*value.key, &*value.value), ("x-user-id", "alice"));
        assert_eq!((header.append, header.append_action), (Some(false), 2));
        assert_eq!(ok.headers_to_remove, ["x-email"]);
    }
}

#[test]
fn removes_twins_of_configured_headers_that_the_request_carries() {
    let fixture = Fixture::with(|setup| {
        setup.beside.forward = with_headers(TokenHandling::Keep);
    });
    let authorization = format!("Bearer {}", fixture.token(json!({})));
    let headers = [
        ("authorization", &*authorization),
        ("x_user_id", "root"),
        ("x-other", "1"),
    ];
    let mut removed = ok(ask(&fixture.gate, "/", &headers)).headers_to_remove;
    removed.sort();
    assert_eq!(removed, ["x-email", "x_user_id"]);
}

#[test]
fn strips_the_token_from_wherever_it_was() {
    let fixture = Fixture::with(|setup| {
        setup.beside.forward = ForwardPolicy {
            token: TokenHandling::Strip,
            ..Default::default()
        };
        setup.beside.credentials = Credentials {
            sources: Box::new([
                Credentials::default().sources[0].clone(),
                CredentialSource::Cookie("session".into()),
                CredentialSource::Query("access_token".into()),
            ]),
            ..Credentials::default()
        };
    });
    let token = fixture.token(json!({}));
    let answer = ok(bearer(&fixture.gate, &token));
    assert_eq!(answer.headers_to_remove, ["authorization"]);

    let cookies = format!("a=1; session={token}; b=\"2\"");
    let answer = ok(ask(&fixture.gate, "/", &[("cookie", &cookies)]));
    let header = answer.headers[0].header.clone().expect("header");
    assert_eq!((&*header.key, &*header.value), ("cookie", "a=1; b=\"2\""));

    let answer = ok(ask(
        &fixture.gate,
        &format!("/x?q=1&access_token={token}"),
        &[],
    ));
    assert_eq!(answer.query_parameters_to_remove, ["access_token"]);
}

#[test]
fn challenges_as_rfc_6750_says() {
    let fixture = Fixture::new();
    let challenge = |response: CheckResponse| {
        let denied = refused(response);
        let challenge = denied
            .headers
            .into_iter()
            .filter_map(|option| option.header);
        let challenge: Vec<_> = challenge.filter(|h| h.key == "www-authenticate").collect();
        (
            denied.status.expect("status").code,
            challenge[0].value.clone(),
        )
    };
    let missing = ask(&fixture.gate, "/", &[]);
    assert_eq!(code(&missing), 16);
    assert_eq!(
        challenge(missing),
        (401, "Bearer realm=\"jotgate\"".to_owned())
    );
    let invalid = bearer(&fixture.gate, "a.b.c");
    assert_eq!(code(&invalid), 16);
    let (status, challenge) = challenge(invalid);
    assert_eq!(status, 401);
    assert!(
        challenge.starts_with("Bearer realm=\"jotgate\", error=\"invalid_token\""),
        "{challenge}"
    );
}

#[test]
fn keys_that_could_not_be_had_are_a_503_or_left_to_the_filter() {
    let fixture = Fixture::new();
    let away = fixture.token(json!({ "iss": "https://away/" }));
    let response = bearer(&fixture.gate, &away);
    assert_eq!(code(&response), 14);
    assert_eq!(refused(response).status.expect("status").code, 503);

    let fixture = Fixture::with(|setup| setup.beside.deny.on_unavailable = OnUnavailable::Defer);
    let away = fixture.token(json!({ "iss": "https://away/" }));
    let response = bearer(&fixture.gate, &away);
    assert_eq!(code(&response), 14);
    assert!(matches!(
        response.http_response,
        Some(HttpResponse::ErrorResponse(_))
    ));

    let policy = DenyPolicy {
        unavailable_status: 403,
        ..DenyPolicy::default()
    };
    let fixture = Fixture::with(|setup| setup.beside.deny = policy);
    let away = fixture.token(json!({ "iss": "https://away/" }));
    assert_eq!(code(&bearer(&fixture.gate, &away)), 7);
}

#[test]
fn a_message_that_cannot_be_read_is_a_refusal_and_not_an_error() {
    let fixture = Fixture::new();
    let response =
        CheckResponse::decode(answer(&fixture.gate, b"\xff").message()).expect("decodes");
    assert_eq!(code(&response), 14);
}

#[test]
fn a_cached_token_is_judged_again_by_time_and_dies_with_its_keys() {
    let fixture = Fixture::new();
    let token = fixture.token(json!({}));
    assert_eq!(code(&bearer(&fixture.gate, &token)), 0);
    fixture.clock.advance(Duration::from_secs(69));
    assert_eq!(code(&bearer(&fixture.gate, &token)), 0);
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&bearer(&fixture.gate, &token)), 16);

    let fixture = Fixture::new();
    let token = fixture.token(json!({}));
    assert_eq!(code(&bearer(&fixture.gate, &token)), 0);
    fixture
        .store
        .publish(KeySet::new(Vec::new(), Completeness::Complete));
    let response = bearer(&fixture.gate, &token);
    assert_eq!(response.status.expect("status").message, "key_unknown");
}

#[test]
fn a_browser_without_a_token_is_sent_to_log_in_and_nobody_else_is() {
    let fixture = Fixture::with(|setup| {
        let url = "https://login.example.com/?return_to={url}";
        setup.beside.deny.redirect = Some(Redirect::new(url).expect("a URL"));
        setup.beside.deny.expose_reason = true;
    });
    let page = ("accept", "text/html");
    let http = HttpRequest {
        method: "GET".into(),
        scheme: "https".into(),
        host: "shop.example.com".into(),
        path: "/cart?x=1".into(),
        headers: HashMap::from([(page.0.into(), page.1.into())]),
        ..HttpRequest::default()
    };
    let answer = refused(ask_about(&fixture.gate, http));
    assert_eq!(answer.status.expect("set").code, 302);
    let location = answer.headers[0].header.as_ref().expect("set");
    assert_eq!(
        (&*location.key, &*location.value),
        (
            "location",
            "https://login.example.com/?return_to=https%3A%2F%2Fshop.example.com%2Fcart%3Fx%3D1"
        )
    );
    let others = answer.headers[1..].iter().map(|option| {
        let header = option.header.as_ref().expect("set");
        (&*header.key, &*header.value)
    });
    let expected = [
        ("cache-control", "no-store"),
        ("x-jotgate-reason", "token_missing"),
    ];
    assert_eq!(others.collect::<Vec<_>>(), expected);
    for headers in [vec![], vec![page, ("authorization", "Bearer x.y.z")]] {
        let response = ask(&fixture.gate, "/", &headers);
        assert_eq!(refused(response).status.expect("set").code, 401);
    }
}

#[test]
fn a_grpc_client_gets_the_sentence_and_no_document() {
    let fixture = Fixture::new();
    let grpc = ("content-type", "application/grpc+proto");
    for (headers, body) in [
        (vec![grpc], "a token is needed"),
        (
            vec![("content-type", "application/json")],
            r#"{"type":"about:blank","#,
        ),
    ] {
        for _ in 0..2 {
            let answer = refused(ask(&fixture.gate, "/a.B/C", &headers));
            assert!(answer.body.starts_with(body), "{}", answer.body);
        }
    }
}

/// A panic must not become an error of the call, which `failure_mode_allow` would let pass.
#[test]
fn a_panic_is_a_refusal_and_the_next_request_is_judged() {
    #[derive(Debug)]
    struct Faulty;

    impl Minter for Faulty {
        fn mint(&self, _: &str, claims: Json<'_>, now: UnixMillis) -> Result<Minted, Reason> {
            assert!(claims.get("is_bad").is_none(), "a fault of ours");
            Ok(Minted {
                token: "made".into(),
                fresh_until: now.saturating_add(Duration::from_secs(60)),
            })
        }
    }

    let fixture = Fixture::with(|setup| {
        setup.minter = Some(std::sync::Arc::new(Faulty));
        setup.beside.access = Access::Permissive;
        setup.beside.forward.internal_token = Some(InternalToken {
            profile: "internal".into(),
            header: HeaderName::from_static("x-internal-token"),
        });
    });
    let bad = fixture.token(json!({ "is_bad": true }));
    let good = fixture.token(json!({}));
    for _ in 0..2 {
        let refusal = bearer(&fixture.gate, &bad);
        assert_eq!(code(&refusal), 14);
        let status = refused(refusal).status.expect("always set");
        assert_eq!(status.code, 503);
        let passed = bearer(&fixture.gate, &good);
        assert_eq!(code(&passed), 0);
        assert_eq!(
            ok(passed).headers[0].header.as_ref().expect("set").value,
            "made"
        );
    }
}
