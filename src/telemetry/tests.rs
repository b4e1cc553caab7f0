use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tracing::subscriber::with_default;

use super::{Decision, DecisionLog, Decisions, Level, LogFormat, LogSettings, Telemetry, build};
use crate::metrics::Transport;
use crate::reason::Reason;
use crate::signature::FingerprintKey;
use crate::time::UnixMillis;

const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.c2VjcmV0";

#[test]
fn json_lines_carry_level_target_message_and_fields() {
    let lines = logged(settings(Level::Info), None, |_| {
        tracing::info!(target: "jotgate::app", address = "127.0.0.1:1", "listening");
        tracing::debug!(target: "jotgate::app", "not this one");
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["target"], "jotgate::app");
    assert_eq!(line["message"], "listening");
    assert_eq!(line["address"], "127.0.0.1:1");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn level_and_format_change_while_running() {
    let lines = logged(settings(Level::Warn), None, |telemetry| {
        let say = || tracing::info!(target: "jotgate::app", "hello");
        say();
        telemetry.apply(&settings(Level::Info));
        say();
        telemetry.apply(&LogSettings {
            format: LogFormat::Text,
            ..settings(Level::Info)
        });
        say();
        assert_eq!(telemetry.dropped_lines(), 0);
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with('{'));
    assert!(lines[1].ends_with("INFO jotgate::app: hello"), "{lines:?}");
}

#[test]
fn code_that_is_not_ours_says_nothing_below_warn_whatever_is_asked_for() {
    for overriding in [
        None,
        Some("trace"),
        Some("hyper=trace,h2=debug,trace"),
        Some("warn,j=trace,jotgate=trace"),
    ] {
        let lines = logged(settings(Level::Trace), overriding, |_| {
            tracing::trace!(target: "h2::codec", headers = TOKEN, "send");
            tracing::debug!(target: "hyper::proto", headers = TOKEN, "received");
            tracing::info!(target: "reqwest::connect", headers = TOKEN, "connecting");
            tracing::info!(target: "jwt", headers = TOKEN, "not us");
            tracing::warn!(target: "hyper", "shown");
            tracing::trace!(target: "jotgate::grpc", "shown too");
        });
        assert_eq!(lines.len(), 2, "{overriding:?}: {lines:?}");
        assert!(!lines.concat().contains("planted"));
        assert!(!lines.concat().contains(TOKEN));
    }
}

#[test]
fn the_environment_overrides_the_level_for_our_parts() {
    let lines = logged(
        settings(Level::Trace),
        Some("error,jotgate::refresh=debug"),
        |_| {
            tracing::info!(target: "jotgate::app", "no");
            tracing::debug!(target: "jotgate::refresh", "yes");
            tracing::warn!(target: "hyper", "no");
        },
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("yes"));
}

#[test]
fn each_mode_writes_its_decisions() {
    let reasons = [Reason::Ok, Reason::TokenExpired, Reason::KeysUnavailable];
    for (mode, expected) in [
        (Decisions::Off, vec![]),
        (Decisions::Denied, vec!["token_expired", "keys_unavailable"]),
        (
            Decisions::Sampled,
            vec!["ok", "token_expired", "keys_unavailable"],
        ),
        (
            Decisions::All,
            vec!["ok", "token_expired", "keys_unavailable"],
        ),
    ] {
        let lines = logged(settings(Level::Info), None, |_| {
            let log = DecisionLog::new(mode, FingerprintKey::new(&[7; 32]));
            for reason in reasons {
                log.record(&decision(reason), UnixMillis(0));
            }
        });
        let written: Vec<_> = lines.iter().map(|line| field(line, "reason")).collect();
        assert_eq!(written, expected, "{mode:?}");
    }
}

#[test]
fn the_mode_of_a_running_log_changes() {
    let lines = logged(settings(Level::Info), None, |_| {
        let log = DecisionLog::new(Decisions::Off, FingerprintKey::new(&[7; 32]));
        log.record(&decision(Reason::Ok), UnixMillis(0));
        log.apply(Decisions::All, None);
        log.record(&decision(Reason::OkPublic), UnixMillis(0));
        log.apply(Decisions::Denied, None);
        log.record(&decision(Reason::Ok), UnixMillis(0));
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(field(&lines[0], "reason"), "ok_public");
}

/// The real libraries, both sides of HTTP/2, with a token in a header.
#[test]
fn a_token_that_passes_through_our_http_libraries_is_in_no_line_at_any_level() {
    // Another test may have chosen the provider before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let lines = logged(settings(Level::Trace), Some("trace"), |_| {
        let status = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let server = async {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service_fn(async |_| {
                    tracing::trace!(target: "jotgate::test", "asked");
                    Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
                });
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await
                    .unwrap();
            };
            let client = async {
                let client = reqwest::Client::builder()
                    .http2_prior_knowledge()
                    .no_proxy()
                    .build()
                    .unwrap();
                let request = client.get(url).bearer_auth(TOKEN).header("cookie", TOKEN);
                request.send().await.unwrap().status()
            };
            let (status, ()) = tokio::join!(client, server);
            status
        });
        assert_eq!(status, 200);
    });
    assert_eq!(lines.len(), 1, "only our own line: {lines:?}");
    assert_eq!(field(&lines[0], "message"), "asked");
    assert!(!lines[0].contains(TOKEN));
}

#[test]
fn a_decision_is_told_by_codes_configured_names_and_fingerprints_alone() {
    let lines = logged(settings(Level::Trace), None, |_| {
        DecisionLog::new(Decisions::All, FingerprintKey::new(&[7; 32]))
            .record(&decision(Reason::TokenExpired), UnixMillis(0));
    });
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let mut names: Vec<_> = line.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "issuer",
            "level",
            "message",
            "reason",
            "rule",
            "subject",
            "target",
            "timestamp",
            "token",
            "transport",
            "verdict"
        ]
    );
    assert_eq!(line["verdict"], "deny");
    assert_eq!(line["transport"], "check");
    assert_eq!(line["issuer"], "corp");
    assert_eq!(line["rule"], "orders");
    let key = FingerprintKey::new(&[7; 32]);
    assert_eq!(line["subject"], key.of(&[b"alice"]).to_string());
    assert_eq!(
        line["token"],
        key.of(&[b"{}.{\"sub\":\"alice\"}"]).to_string()
    );
    assert!(!lines[0].contains("alice"));
}

#[test]
fn a_flood_of_refusals_is_sampled_and_does_not_hide_what_passes() {
    let lines = logged(settings(Level::Info), None, |_| {
        let log = DecisionLog::new(Decisions::Sampled, FingerprintKey::new(&[7; 32]));
        for _ in 0..1000 {
            log.record(&decision(Reason::TokenMalformed), UnixMillis(0));
        }
        log.record(&decision(Reason::Ok), UnixMillis(0));
        log.record(&decision(Reason::TokenMalformed), UnixMillis(1000));
    });
    assert_eq!(
        lines.len(),
        12,
        "ten, the one that passes, one of the next second"
    );
    assert_eq!(field(&lines[10], "reason"), "ok");
    let last: serde_json::Value = serde_json::from_str(&lines[11]).unwrap();
    assert_eq!(last["skipped"], 990);
}

fn decision(reason: Reason) -> Decision<'static> {
    Decision {
        transport: Transport::Check,
        reason,
        issuer: Some("corp"),
        rule: Some("orders"),
        subject: Some("alice"),
        token: Some([b"{}", b"{\"sub\":\"alice\"}"]),
    }
}

fn settings(level: Level) -> LogSettings {
    LogSettings {
        level,
        ..LogSettings::default()
    }
}

fn field(line: &str, name: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line[name].as_str().unwrap().to_owned()
}

/// The lines that `work` logs, on this thread.
fn logged(
    settings: LogSettings,
    overriding: Option<&str>,
    work: impl FnOnce(&Telemetry),
) -> Vec<String> {
    let buffer = Buffer::default();
    let overriding = overriding.map(|text| text.parse().unwrap());
    let (subscriber, telemetry) = build(&settings, overriding, buffer.clone());
    with_default(subscriber, || work(&telemetry));
    // Waits until the queue is written.
    drop(telemetry);
    let bytes = buffer.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
