//! Very many connections.

use std::net::TcpStream;

use jotgate::listen::Address;
use serde_json::json;

use super::{CHECK, Stage};
use crate::support::h2::{END_HEADERS, HEADERS, RST_STREAM, Raw, SETTINGS, frame, head};
use crate::support::http::{Connection, Request};
use crate::support::wait;

/// Here and in jotgate each takes a file descriptor: `scripts/test` allows as many as the system does.
#[test]
fn ten_thousand_idle_connections_take_little_memory_and_hinder_nobody() {
    let stage = Stage::start();
    let before = stage.jotgate.memory_peak_kib();
    let request = Request::get("/auth").bearer(&stage.token);
    let http1: Vec<Connection> = (0..CROWD)
        .map(|_| {
            let connection = Connection::open(stage.jotgate.http());
            let mut connection = connection.expect("there is room");
            let answer = connection.exchange(&request).expect("it is answered");
            assert_eq!(answer.status, 200);
            connection
        })
        .collect();
    let http2: Vec<Raw> = (0..CROWD)
        .map(|_| {
            let mut raw = Raw::greeted(stage.jotgate.grpc(), b"");
            let answer = raw.read_until(|frame| frame.kind == SETTINGS);
            answer.expect("it is greeted");
            raw
        })
        .collect();
    stage.assert_good("with all of them");
    let grown = stage.jotgate.memory_peak_kib() - before;
    let each = grown * 1024 / (2 * u64::try_from(CROWD).expect("few"));
    assert!(each < CONNECTION_BYTES, "{each} bytes for each");
    drop((http1, http2));
    stage.assert_good("after them");
}

#[test]
fn a_listener_has_no_more_connections_than_it_is_allowed() {
    let stage = Stage::start_with(&json!({ "limits": { "connections": 3 } }));
    let request = Request::get("/auth").bearer(&stage.token);
    let ask = || {
        let mut connection = Connection::open(stage.jotgate.http()).ok()?;
        let answer = connection.exchange(&request).ok()?;
        (answer.status == 200).then_some(connection)
    };
    // Those of the start may still be on their way out.
    let mut held: Vec<Connection> = Vec::new();
    while held.len() < 3 {
        held.extend(ask());
    }
    assert!(ask().is_none(), "a fourth");
    held.pop();
    wait::until("there is room", ask);
}

#[test]
fn a_connection_has_no_more_streams_than_it_is_allowed() {
    let stage = Stage::start();
    let mut raw = Raw::greeted(stage.jotgate.grpc(), b"");
    let answer = raw.read_until(|frame| frame.kind == SETTINGS && !frame.payload.is_empty());
    let settings = answer.expect("it is greeted").payload;
    let max = settings.chunks(6).find(|setting| setting[..2] == [0, 3]);
    let max = max.expect("it says how many")[2..].try_into();
    let max = u32::from_be_bytes(max.expect("four bytes"));
    assert_eq!(max, jotgate::limits::STREAMS_PER_CONNECTION);
    let request = head(CHECK, &[]);
    for number in 0..=max {
        let started = frame(HEADERS, END_HEADERS, 2 * number + 1, &request);
        raw.send(&started).expect("it reads");
    }
    let last = 2 * max + 1;
    let refused = raw.read_until(|frame| frame.kind == RST_STREAM);
    assert_eq!(refused.expect("it is refused").stream, last);
    stage.assert_good("afterwards");
}

#[test]
fn a_connection_that_says_nothing_is_not_kept() {
    let stage = Stage::start();
    for listener in [stage.jotgate.grpc(), stage.jotgate.http()] {
        let Address::Tcp(address) = listener else {
            panic!("listens on a port");
        };
        let silent = TcpStream::connect(address).expect("it listens");
        let ended = std::io::copy(&mut &silent, &mut std::io::sink());
        assert!(ended.is_ok_and(|bytes| bytes == 0));
    }
}

/// On each listener.
const CROWD: usize = 5_000;
/// Debug builds take more than others.
const CONNECTION_BYTES: u64 = 64 * 1024;
