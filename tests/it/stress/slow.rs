//! Clients that take their time ("slow loris").

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{CHECK, Stage};
use crate::support::h2::{DATA, END_HEADERS, HEADERS, PREFACE, Raw, frame, head};
use crate::support::rpc::{check_request, check_verdict};
use crate::support::wait;

/// The first bytes, or the body, that never come to an end: both are bounded in time. A head that
/// does not end is, too, but by more than a minute: it only hinders nobody here.
#[test]
fn who_sends_a_byte_at_a_time_hinders_nobody_and_is_closed_upon() {
    let stage = Stage::start();
    let preface: &[u8] = &PREFACE[..20];
    let check = frame(HEADERS, END_HEADERS, 1, &head(CHECK, &[]));
    let check = [PREFACE, &frame(4, 0, 0, b""), &check].concat();
    let post = b"POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{";
    let get = b"GET /auth HTTP/1.1\r\nhost: x\r\nx-slow: ";
    let (grpc, http) = (stage.jotgate.grpc(), stage.jotgate.http());
    let slow = [
        (grpc, preface, &b"\r"[..]),
        (http, preface, b"\r"),
        (grpc, b"", b""),
        (http, b"", b""),
        (http, post, b" "),
    ];
    thread::scope(|scope| {
        for (listener, beginning, more) in slow {
            for _ in 0..CLIENTS {
                scope.spawn(move || {
                    let mut raw = Raw::open(listener);
                    raw.send(beginning).expect("it listens");
                    wait::until("it is closed upon", || {
                        let is_open = trickle(&mut raw, more);
                        (!is_open).then_some(())
                    });
                });
            }
        }
        let mut heads: Vec<Raw> = (0..CLIENTS).map(|_| Raw::open(http)).collect();
        for raw in &mut heads {
            raw.send(get).expect("it listens");
        }
        scope.spawn(move || {
            let mut raw = Raw::open(grpc);
            raw.send(&check).expect("it listens");
            let data = frame(DATA, 0, 1, b"\0");
            raw.send(&data).expect("it reads");
            // A refusal, and not an end of the connection: it may have other calls.
            let answer = raw.read_until(|frame| frame.kind == DATA && frame.stream == 1);
            assert!(!answer.expect("it is given up").payload.is_empty());
        });
        stage.assert_good("while they trickle");
        for raw in &mut heads {
            raw.send(b"x").expect("it is still open");
        }
    });
    stage.assert_good("afterwards");
}

/// Sends a little, and looks whether anybody is there to take it.
fn trickle(raw: &mut Raw, more: &[u8]) -> bool {
    raw.send(more).is_ok() && !raw.is_closed_within(Duration::from_millis(500))
}

#[test]
fn beyond_the_limit_requests_are_refused_at_once_and_slow_ones_make_room() {
    let stage = Stage::start_with(&json!({ "limits": { "concurrent_requests": 4 } }));
    let mut raw = Raw::greeted(stage.jotgate.grpc(), b"");
    for stream in [1, 3, 5, 7] {
        let started = frame(HEADERS, END_HEADERS, stream, &head(CHECK, &[]));
        raw.send(&started).expect("it reads");
    }
    let ask = || {
        let authorization = format!("Bearer {}", stage.token);
        let request = check_request(&[("authorization", &authorization)]);
        let answer = stage.good.check(request).expect("a verdict");
        check_verdict(&answer).0
    };
    wait::until("there are too many", || {
        (ask() == tonic::Code::Unavailable).then_some(())
    });
    let overloaded =
        r#"jotgate_decisions_total{transport="check",verdict="unavailable",reason="overloaded"}"#;
    assert!(stage.jotgate.metric(overloaded) > 0);
    wait::until("those that wait are given up", || {
        (ask() == tonic::Code::Ok).then_some(())
    });
}

/// Of each kind.
const CLIENTS: usize = 20;
