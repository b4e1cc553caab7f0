//! What people who run jotgate see of it: metrics, health, reflection, logs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;
use tokio_stream as stream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::support::http::Request;
use crate::support::idp::{Idp, Mood};
use crate::support::jotgate::Jotgate;
use crate::support::rpc::{Rpc, check_request};
use crate::support::wait;

#[test]
fn every_metric_exists_before_the_first_request() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "issue": {
            "issuer": "https://jotgate.internal",
            "keys": [{ "generate": {} }],
            "profiles": { "internal": { "audiences": ["orders-api"] } },
        },
    }));
    let metrics = Request::get("/metrics").send(jotgate.admin());
    assert_eq!(metrics.status, 200);
    // The golden file is that of the registry's own test, which knows every series.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metrics.txt");
    let golden = fs::read_to_string(golden).expect("it is in the repository");
    assert_eq!(names(&metrics.text()), names(&golden));
}

#[test]
fn decisions_are_counted_by_transport_and_reason() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(json!({ "issuers": idp.issuers() }));
    let token = idp.token(&json!({}));
    assert_eq!(
        Request::get("/auth")
            .bearer(&token)
            .send(jotgate.http())
            .status,
        200
    );
    assert_eq!(Request::get("/auth").send(jotgate.http()).status, 401);
    let rpc = Rpc::connect(jotgate.grpc());
    rpc.check(check_request(&[]))
        .expect("no token is a verdict");
    for (transport, verdict, reason, count) in [
        ("http", "allow", "ok", 1),
        ("http", "deny", "token_missing", 1),
        ("check", "deny", "token_missing", 1),
        ("verify", "deny", "token_missing", 0),
    ] {
        let labels = format!(r#"transport="{transport}",verdict="{verdict}",reason="{reason}""#);
        let series = format!("jotgate_decisions_total{{{labels}}}");
        assert_eq!(jotgate.metric(&series), count, "{series}");
    }
}

#[test]
fn readiness_waits_for_keys_and_then_stays() {
    let idp = Idp::start();
    idp.set_mood(Mood::Broken);
    let jotgate = Jotgate::start(json!({ "issuers": idp.issuers() }));
    assert!(!jotgate.is_ready());
    assert_eq!(Request::get("/livez").send(jotgate.admin()).status, 200);
    idp.set_mood(Mood::Good);
    jotgate.wait_until_ready();
    idp.set_mood(Mood::Broken);
    assert!(jotgate.is_ready());
}

#[test]
fn status_and_version_tell_what_runs() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(json!({ "issuers": idp.issuers() }));
    let status = Request::get("/status").send(jotgate.admin());
    assert_eq!(status.status, 200);
    let text = status.text();
    assert!(
        text.contains("corp") && text.contains("k1") && text.contains("ES256"),
        "{text}"
    );
    let version = Request::get("/version").send(jotgate.admin());
    assert_eq!(version.status, 200);
    assert!(
        version.text().contains(env!("CARGO_PKG_VERSION")),
        "{}",
        version.text()
    );
}

#[test]
fn health_and_reflection_speak_for_every_service() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(json!({ "issuers": idp.issuers() }));
    let rpc = Rpc::connect(jotgate.grpc());
    for service in ["", CHECKED, "jotgate.v1.Signer", "jotgate.v1.Verifier"] {
        serves(&rpc, service);
    }
    let services = reflected_services(&rpc);
    for service in [CHECKED, "grpc.health.v1.Health", "jotgate.v1.Verifier"] {
        assert!(services.contains(service), "{services:?}");
    }
}

#[test]
fn grpc_health_waits_for_the_keys_as_readiness_does() {
    let idp = Idp::start();
    idp.set_mood(Mood::Down);
    let jotgate = Jotgate::start(json!({ "issuers": idp.issuers() }));
    let rpc = Rpc::connect(jotgate.grpc());
    // It is told once the control plane runs, which is when the admin listener answers.
    assert!(!jotgate.is_ready());
    assert_eq!(health(&rpc, CHECKED), ServingStatus::NotServing);
    idp.set_mood(Mood::Good);
    jotgate.wait_until_ready();
    serves(&rpc, CHECKED);
}

/// What Envoy asks for.
const CHECKED: &str = "envoy.service.auth.v3.Authorization";

/// A moment after `/readyz` at most.
fn serves(rpc: &Rpc, service: &str) {
    wait::until("health follows", || {
        (health(rpc, service) == ServingStatus::Serving).then_some(())
    });
}

fn health(rpc: &Rpc, service: &str) -> ServingStatus {
    let service = service.to_owned();
    let answer = rpc.run(|channel| async {
        let mut client = HealthClient::new(channel);
        client.check(HealthCheckRequest { service }).await
    });
    answer.expect("health is served").into_inner().status()
}

#[test]
fn logs_never_hold_a_token_or_a_claim() {
    let idp = Idp::start();
    let mut jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "forward": { "headers": { "x-user-id": "sub" }, "payload_header": "x-jwt-payload" },
        "log": { "level": "trace", "decisions": "all" },
    }));
    let subject = "a-subject-nobody-must-read";
    let good = idp.token(&json!({ "sub": subject }));
    let bad = idp.token(&json!({ "sub": subject, "exp": 1_000 }));
    let rpc = Rpc::connect(jotgate.grpc());
    for token in [&good, &bad] {
        let authorization = format!("Bearer {token}");
        rpc.check(check_request(&[("authorization", &authorization)]))
            .expect("a verdict");
        Request::get("/auth").bearer(token).send(jotgate.http());
        let body = json!({ "token": token, "explain": true });
        Request::new("POST", "/v1/verify")
            .json(&body)
            .send(jotgate.http());
    }
    // Whoever ends has written everything down.
    drop(rpc);
    jotgate.terminate();
    assert_eq!(jotgate.wait().code(), Some(0));
    let log = jotgate.log();
    // The log is alive, so its silence means something.
    assert!(log.contains("token_expired"), "{log}");
    let parts = good.split('.').chain(bad.split('.')).skip(1);
    for secret in parts.chain([subject]) {
        assert!(!log.contains(secret), "{secret} stands in\n{log}");
    }
}

fn reflected_services(rpc: &Rpc) -> BTreeSet<String> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answer: ServerReflectionResponse = rpc.run(|channel| async {
        let mut client = ServerReflectionClient::new(channel);
        let answer = client.server_reflection_info(stream::iter([request])).await;
        let mut answers = answer.expect("reflection is served").into_inner();
        answers.message().await.expect("it answers").expect("once")
    });
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list of services: {answer:?}");
    };
    list.service
        .into_iter()
        .map(|service| service.name)
        .collect()
}

/// The names of the metrics that a scrape has series of.
fn names(scrape: &str) -> BTreeSet<&str> {
    let series = scrape
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    series
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}
