//! Spans of requests, sent to a collector (OTLP), on their own and behind Envoy.

use std::fs;

use jotgate::grpc::proto::jotgate::v1::VerifyRequest;
use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use serde_json::{Value, json};
use tonic::metadata::MetadataValue;

use crate::support::collector::{Collector, Seen};
use crate::support::echo::{Upstream, through};
use crate::support::envoy::ExtAuthz;
use crate::support::http::Request;
use crate::support::idp::Idp;
use crate::support::jotgate::Jotgate;
use crate::support::rpc::{Rpc, check_request};
use crate::support::wait;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn each_way_of_asking_continues_the_trace_of_its_caller() {
    let (idp, collector) = (Idp::start(), Collector::start());
    let jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "traces": {
            "endpoint": format!("http://{}", collector.address()),
            "headers": { "x-api-key": { "value": "hunter2" } },
        },
    }));
    let token = idp.token(&json!({ "sub": "a-subject-nobody-must-read" }));
    let bearer = format!("Bearer {token}");
    let rpc = Rpc::connect(jotgate.grpc());

    // What the call says, and else what the request says that it is about.
    let question = check_request(&[("authorization", &bearer), ("traceparent", PARENT)]);
    rpc.check(question).expect("a verdict");
    let span = collector.wait_for("Check", |seen| seen.span.name == "jotgate.check");
    assert_eq!(trace(&span), TRACE);
    assert_eq!(hex(&span.span.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(span.service, "jotgate");
    assert_eq!(span.text("jotgate.verdict").as_deref(), Some("allow"));
    assert_eq!(span.text("jotgate.reason").as_deref(), Some("ok"));
    assert_eq!(span.text("jotgate.issuer").as_deref(), Some("corp"));

    rpc.run(|channel| async {
        let mut client = VerifierClient::new(channel);
        let mut request = tonic::Request::new(VerifyRequest {
            token: "x.y.z".to_owned(),
            ..VerifyRequest::default()
        });
        let parent = MetadataValue::from_static(PARENT);
        request.metadata_mut().insert("traceparent", parent);
        client.verify(request).await
    })
    .expect("a bad token is a verdict");
    let span = collector.wait_for("Verify", |seen| seen.span.name == "jotgate.verify");
    assert_eq!(trace(&span), TRACE);
    assert_eq!(
        span.text("jotgate.reason").as_deref(),
        Some("token_malformed")
    );

    let asked = Request::get("/auth").header("traceparent", PARENT);
    assert_eq!(asked.send(jotgate.http()).status, 401);
    let span = collector.wait_for("/auth", |seen| seen.span.name == "jotgate.http");
    assert_eq!(trace(&span), TRACE);
    assert_eq!(
        span.text("jotgate.reason").as_deref(),
        Some("token_missing")
    );

    // Nobody else is traced, and nothing of a token is told.
    Request::get("/auth").bearer(&token).send(jotgate.http());
    let spans = collector.spans();
    assert!(spans.iter().all(|span| trace(span) == TRACE));
    for request in collector.requests() {
        let key = request.headers.iter().find(|(name, _)| name == "x-api-key");
        assert_eq!(key.map(|(_, value)| value.as_str()), Some("hunter2"));
        let sent = String::from_utf8_lossy(&request.body);
        for secret in ["a-subject-nobody-must-read", &token, "hunter2"] {
            assert!(!sent.contains(secret), "{secret}");
        }
    }
}

#[test]
fn the_last_spans_are_sent_at_the_end_and_traces_begin_and_end_with_a_reload() {
    let (idp, collector) = (Idp::start(), Collector::start());
    let untraced = json!({ "issuers": idp.issuers() });
    let mut traced = untraced.clone();
    traced["traces"] = json!({
        "endpoint": format!("http://{}/", collector.address()),
        "ratio": 1,
    });
    let mut jotgate = Jotgate::start_ready(untraced.clone());
    let generation = |wanted: u64| {
        let reached = || (jotgate.metric("jotgate_config_generation") == wanted).then_some(());
        wait::until("it is reloaded", reached);
    };
    assert_eq!(Request::get("/auth/one").send(jotgate.http()).status, 403);
    jotgate.reconfigure(traced.clone());
    generation(2);
    assert_eq!(Request::get("/auth").send(jotgate.http()).status, 401);
    jotgate.reconfigure(untraced);
    generation(3);
    assert_eq!(Request::get("/auth/three").send(jotgate.http()).status, 403);
    jotgate.reconfigure(traced);
    generation(4);
    let asked = Request::get("/auth").bearer("x.y.z");
    assert_eq!(asked.send(jotgate.http()).status, 401);
    jotgate.terminate();
    assert!(jotgate.wait().success());
    let spans = collector.spans();
    let mut reasons: Vec<_> = spans
        .iter()
        .map(|span| span.text("jotgate.reason"))
        .collect();
    reasons.sort();
    let expected = ["token_malformed", "token_missing"].map(|reason| Some(reason.to_owned()));
    assert_eq!(reasons, expected);
    assert_ne!(trace(&spans[0]), trace(&spans[1]));
}

#[test]
fn a_secret_for_the_collector_is_read_anew_with_its_file() {
    let (idp, collector) = (Idp::start(), Collector::start());
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("api-key");
    fs::write(&file, "first-api-key").expect("written");
    let jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "traces": {
            "endpoint": format!("http://{}", collector.address()),
            "ratio": 1,
            "headers": { "x-api-key": { "file": file } },
        },
    }));
    for key in ["first-api-key", "second-api-key"] {
        fs::write(&file, key).expect("written");
        wait::until("spans are sent with it", || {
            Request::get("/auth").send(jotgate.http());
            let requests = collector.requests();
            let mut headers = requests.iter().flat_map(|request| &request.headers);
            let is_key = |(name, value): &(String, String)| name == "x-api-key" && value == key;
            headers.any(is_key).then_some(())
        });
    }
}

#[test]
fn a_collector_that_is_away_is_nobodys_matter_but_the_logs() {
    let idp = Idp::start();
    let mut jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "traces": { "endpoint": "http://127.0.0.1:1", "ratio": 1.0 },
    }));
    let token = idp.token(&json!({}));
    for _ in 0..100 {
        let answer = Request::get("/auth").bearer(&token).send(jotgate.http());
        assert_eq!(answer.status, 200);
    }
    wait::until("it is logged", || {
        jotgate.log().contains("ExportError").then_some(())
    });
    jotgate.terminate();
    assert!(jotgate.wait().success());
}

#[test]
fn behind_envoy_a_decision_is_a_part_of_the_trace_that_envoy_makes() {
    let (idp, collector, echo) = (Idp::start(), Collector::start(), Upstream::start());
    let jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "traces": { "endpoint": format!("http://{}", collector.address()) },
    }));
    for (mut asking, name) in [
        (ExtAuthz::grpc(jotgate.grpc()), "jotgate.check"),
        (ExtAuthz::http(jotgate.http()), "jotgate.http"),
    ] {
        asking.manager = json!({ "tracing": tracing() });
        asking.clusters = vec![("collector".to_owned(), collector.address())];
        let envoy = asking.in_front_of(&echo.address());
        let request = Request::get("/orders").bearer(&idp.token(&json!({})));
        through(&envoy.address(), &request);
        let ours = collector.wait_for("our span", |seen| seen.span.name == name);
        let parent = &ours.span.parent_span_id;
        let theirs = collector.wait_for("Envoy's", |seen| seen.span.span_id == *parent);
        assert_eq!(theirs.service, "envoy");
        assert_eq!(trace(&theirs), trace(&ours), "{name}");
    }
}

/// Envoy's own tracer, with every request sampled.
fn tracing() -> Value {
    json!({
        "random_sampling": { "value": 100 },
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": "envoy",
                "http_service": { "http_uri": {
                    "uri": "http://collector/v1/traces", "cluster": "collector", "timeout": "5s",
                }},
            },
        },
    })
}

fn trace(seen: &Seen) -> String {
    hex(&seen.span.trace_id)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
