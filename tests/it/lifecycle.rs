//! How the process starts and ends.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ::jotgate::listen::Address;
use serde_json::json;

use crate::support::http::{Connection, Request, Response};
use crate::support::idp::Idp;
use crate::support::jotgate::{self, Jotgate};
use crate::support::rpc::{Rpc, check_request, check_verdict};
use crate::support::wait;

#[test]
fn a_bad_configuration_shows_every_error_and_binds_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("grpc.sock");
    let file = directory.path().join("config.yaml");
    let config = json!({
        "server": { "grpc": { "listen": format!("unix://{}", socket.display()) } },
        "issuers": { "corp": {
            "issuer": "https://idp.example.com/",
            "audiences": [],
            "leeway": "soon",
            "keys": [{ "jwks_url": "http://idp.example.com/keys" }],
            "algoritms": ["RS256"],
        }},
        "cache": { "max_bytes": "much" },
    });
    fs::write(&file, config.to_string()).expect("the directory can be written to");
    for name in ["serve", "check"] {
        let output = jotgate::command()
            .args([name, "--config"])
            .arg(&file)
            .output();
        let output = output.expect("the binary under test runs");
        assert_eq!(output.status.code(), Some(64), "{name}");
        let text = String::from_utf8_lossy(&output.stderr);
        for place in [
            "issuers.corp.audiences",
            "issuers.corp.leeway",
            "issuers.corp.keys[0].jwks_url",
            "algoritms",
            "cache.max_bytes",
        ] {
            assert!(
                text.contains(place),
                "{name} says nothing of {place}:\n{text}"
            );
        }
        assert!(!socket.exists(), "{name}");
    }
}

#[test]
fn ending_loses_no_request_that_was_sent_before() {
    let idp = Idp::start();
    let mut jotgate = Jotgate::start_ready(json!({ "issuers": idp.issuers() }));
    let token = idp.token(&json!({}));
    let traffic = Traffic::default();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| traffic.over_one_connection(jotgate.http(), &token));
            scope.spawn(|| traffic.over_many_connections(jotgate.http(), &token));
            scope.spawn(|| traffic.over_grpc(jotgate.grpc(), &token));
        }
        wait::until("there is traffic", || traffic.is_flowing().then_some(()));
        traffic.ending.store(true, Ordering::SeqCst);
        jotgate.terminate();
    });
    assert_eq!(jotgate.wait().code(), Some(0), "{}", jotgate.log());
    assert_eq!(traffic.lost.load(Ordering::SeqCst), 0);
}

/// Clients that ask again as soon as they are answered, until jotgate is gone.
#[derive(Default)]
struct Traffic {
    ending: AtomicBool,
    answered: AtomicUsize,
    lost: AtomicUsize,
}

impl Traffic {
    fn is_flowing(&self) -> bool {
        self.answered.load(Ordering::SeqCst) > 50 * CLIENTS
    }

    fn over_one_connection(&self, to: &Address, token: &str) {
        let request = request(token);
        let mut connection = Connection::open(to).expect("jotgate listens");
        let mut open = true;
        self.repeat(|| {
            if !open {
                return Outcome::Refused;
            }
            match connection.exchange(&request) {
                Ok(response) => {
                    // What is sent after this word is not jotgate's business.
                    open = response.header("connection") != Some("close");
                    Outcome::of(&response)
                }
                Err(_) => Outcome::Failed,
            }
        });
    }

    fn over_many_connections(&self, to: &Address, token: &str) {
        let request = request(token);
        self.repeat(|| match request.try_send(to) {
            Ok(response) => Outcome::of(&response),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Outcome::Refused,
            Err(_) => Outcome::Failed,
        });
    }

    fn over_grpc(&self, to: &Address, token: &str) {
        let authorization = format!("Bearer {token}");
        let request = check_request(&[("authorization", &authorization)]);
        let rpc = Rpc::connect(to);
        self.repeat(|| match rpc.check(request.clone()) {
            Ok(answer) if check_verdict(&answer).0 == tonic::Code::Ok => Outcome::Answered,
            Ok(answer) => panic!("a wrong verdict: {answer:?}"),
            Err(_) => Outcome::Failed,
        });
    }

    /// A request that was on its way before the end was asked for must be answered.
    fn repeat(&self, mut exchange: impl FnMut() -> Outcome) {
        loop {
            let ending = self.ending.load(Ordering::SeqCst);
            match exchange() {
                Outcome::Answered => self.answered.fetch_add(1, Ordering::SeqCst),
                Outcome::Refused => return,
                Outcome::Failed if ending => return,
                Outcome::Failed => self.lost.fetch_add(1, Ordering::SeqCst),
            };
        }
    }
}

enum Outcome {
    Answered,
    /// jotgate does not take it any more, and says so.
    Refused,
    Failed,
}

impl Outcome {
    fn of(response: &Response) -> Self {
        assert_eq!(response.status, 200, "a wrong verdict");
        Self::Answered
    }
}

fn request(token: &str) -> Request {
    Request::get("/auth").bearer(token)
}

/// Of each kind.
const CLIENTS: usize = 3;
