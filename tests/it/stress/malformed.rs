//! What is no HTTP/2 ends its own connection.

use super::{CHECK, Stage};
use crate::support::h2::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, PING, PREFACE, PUSH_PROMISE, RST_STREAM, Raw,
    SETTINGS, WINDOW_UPDATE, frame, head,
};
use crate::support::http::{Connection, Request};

#[test]
fn malformed_http2_ends_its_own_connection_and_no_other() {
    let stage = Stage::start();
    let settings = frame(SETTINGS, 0, 0, b"");
    let request = head(CHECK, &[]);
    let most = [0x7f, 0xff, 0xff, 0xff];
    for (name, bytes) in [
        ("data on the connection", frame(DATA, 0, 0, b"x")),
        ("data before the head", frame(DATA, 0, 1, b"x")),
        ("a stream of ours", frame(HEADERS, END_HEADERS, 2, &request)),
        ("settings of five bytes", frame(SETTINGS, 0, 0, b"12345")),
        ("a ping of seven bytes", frame(PING, 0, 0, &[0; 7])),
        ("a promise", frame(PUSH_PROMISE, END_HEADERS, 1, &request)),
        ("a reset of nothing", frame(RST_STREAM, 0, 1, &[0; 4])),
        ("a continuation of nothing", frame(CONTINUATION, 0, 1, b"")),
        ("a frame too long", frame(DATA, 0, 1, &[0; 20_000])),
        (
            "headers that are no HPACK",
            frame(HEADERS, END_HEADERS, 1, &[0xff; 64]),
        ),
        (
            "a window beyond its end",
            frame(WINDOW_UPDATE, 0, 0, &most).repeat(2),
        ),
        (
            "another frame within headers",
            [frame(HEADERS, 0, 1, &request), frame(PING, 0, 0, &[0; 8])].concat(),
        ),
    ] {
        for mut raw in stage.each(Raw::open) {
            // It may have ended before all was sent.
            let _ = raw.send(&[PREFACE, &settings, &bytes].concat());
            assert!(raw.is_ended_upon(), "{name}");
        }
        stage.assert_good(name);
    }
}

#[test]
fn bytes_that_are_nothing_at_all_are_hung_up_on() {
    let stage = Stage::start();
    for (name, bytes) in [
        (
            "a preface that goes wrong",
            &b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"[..],
        ),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ),
        ("zeros", &[0; 64]),
    ] {
        for mut raw in stage.each(Raw::open) {
            let _ = raw.send(bytes);
            assert!(raw.is_ended_upon(), "{name}");
        }
        stage.assert_good(name);
    }
}

#[test]
fn headers_beyond_the_limit_are_refused() {
    let stage = Stage::start();
    let long = "x".repeat(200_000);
    let request = Request::get("/auth").header("x-long", &long);
    let connection = Connection::open(stage.jotgate.http());
    let answer = connection.expect("it listens").exchange(&request);
    // It may hang up before we have written everything, and then the answer is lost.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 431));
    stage.assert_good("HTTP/1.1");

    let block = head(CHECK, &[("x-long", &long)]);
    for mut raw in stage.each(|to| Raw::greeted(to, b"")) {
        let mut chunks = block.chunks(16_000).peekable();
        let mut kind = HEADERS;
        while let Some(chunk) = chunks.next() {
            let flags = if chunks.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            if raw.send(&frame(kind, flags, 1, chunk)).is_err() {
                break;
            }
            kind = CONTINUATION;
        }
        let answer = raw.read_until(|frame| frame.stream == 1 || frame.kind == 7);
        // 431 as a head that ends the stream, or the end of the connection; no verdict.
        assert!(answer.is_err() || answer.is_ok_and(|frame| frame.kind != DATA));
    }
    stage.assert_good("HTTP/2");
}
