//! Clients that hold up a handshake harm nobody.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use jotgate::listen::Address;
use serde_json::Value;

use super::{Stage, outcome};

#[test]
fn a_handshake_that_is_not_gone_on_with_ends_and_hinders_nobody() {
    let stage = Stage::start(&Value::Null);
    let stalled: Vec<TcpStream> = [stage.jotgate.http(), stage.jotgate.grpc()]
        .iter()
        .flat_map(|listener| (0..STALLED).map(move |number| stall(listener, number)))
        .collect();
    let output = stage.curl(stage.jotgate.http(), "/auth", &[]);
    assert_eq!(outcome(&output), Ok("200 2".to_owned()));
    for mut stream in stalled {
        // Until it is closed, with an alert or without; a reset is as good.
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        let ended = std::io::copy(&mut stream, &mut std::io::sink());
        let timed_out = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!timed_out, "it is still open");
    }
    let output = stage.curl(stage.jotgate.http(), "/auth", &[]);
    assert_eq!(outcome(&output), Ok("200 2".to_owned()));
}

#[test]
fn who_speaks_no_tls_is_closed_upon() {
    let stage = Stage::start(&Value::Null);
    let Address::Tcp(address) = stage.jotgate.http() else {
        panic!("listens on a port");
    };
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .write_all(b"GET /auth HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("it reads");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    let mut answer = Vec::new();
    // A reset after the alert is as good as an end.
    let _ = stream.read_to_end(&mut answer);
    const ALERT: u8 = 21;
    assert!(
        answer.first().is_none_or(|first| *first == ALERT),
        "{answer:?}"
    );
}

/// A connection that goes as far as a client may without any effort, and stops there.
fn stall(listener: &Address, number: usize) -> TcpStream {
    let Address::Tcp(address) = listener else {
        panic!("listens on a port: {listener}");
    };
    let mut stream = TcpStream::connect(address).expect("it listens");
    // Nothing, the first bytes of a record, or a record that is announced and does not come.
    let beginnings: [&[u8]; 3] = [b"", b"\x16\x03", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"];
    let beginning = beginnings[number % beginnings.len()];
    stream.write_all(beginning).expect("it is open");
    stream
}

/// On each listener.
const STALLED: usize = 200;
const PATIENCE: Duration = Duration::from_secs(60);
