//! How the process starts and ends.

use std::fs;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ::jotgate::listen::Address;
use serde_json::{Value, json};

use crate::support::http::{Connection, Request, Response};
use crate::support::idp::{AUDIENCE, Idp};
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
fn a_good_configuration_replaces_the_running_one_and_a_bad_one_does_not() {
    let idp = Idp::start();
    let config = |audiences: Value| {
        let mut issuers = idp.issuers();
        issuers["corp"]["audiences"] = audiences;
        json!({ "issuers": issuers })
    };
    let jotgate = Jotgate::start_ready(config(json!([AUDIENCE])));
    let request = request(&idp.token(&json!({})));
    let ask = || request.send(jotgate.http()).status;
    assert_eq!(ask(), 200);

    let refused = r#"jotgate_config_reload_total{outcome="refused"}"#;
    jotgate.reconfigure(config(json!([])));
    wait::until("it is refused", || {
        (jotgate.metric(refused) > 0).then_some(())
    });
    assert_eq!(ask(), 200);

    let applied = r#"jotgate_config_reload_total{outcome="applied"}"#;
    assert_eq!(jotgate.metric(applied), 0);
    jotgate.reconfigure(config(json!(["billing-api"])));
    wait::until("it is applied", || {
        (jotgate.metric(applied) > 0).then_some(())
    });
    // The verdict was in the cache, and the cache was of another configuration.
    assert_eq!(ask(), 401);
    assert!(jotgate.is_ready());
}

/// Before the signal nothing may fail. After it, a client that was not told to leave must still be
/// answered, while a new connection may find nobody. These clients have nobody else to ask, and
/// ask until the end.
#[test]
fn ending_loses_no_request() {
    let idp = Idp::start();
    let config = json!({ "server": { "drain": "4s" }, "issuers": idp.issuers() });
    let mut jotgate = Jotgate::start_ready(config);
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
    let lost = traffic.lost.into_inner();
    let code = jotgate.wait().code();
    let lost = lost.expect("no client panicked with it");
    assert_eq!(lost, [""; 0], "{}", jotgate.log());
    assert_eq!(code, Some(0), "{}", jotgate.log());
}

/// Clients that ask again as soon as they are answered, until jotgate is gone.
#[derive(Default)]
struct Traffic {
    ending: AtomicBool,
    answered: AtomicUsize,
    lost: Mutex<Vec<String>>,
}

impl Traffic {
    fn is_flowing(&self) -> bool {
        self.answered.load(Ordering::SeqCst) > 50 * CLIENTS
    }

    fn over_one_connection(&self, to: &Address, token: &str) {
        let request = request(token);
        let mut connection = Connection::open(to).expect("jotgate listens");
        let mut is_told_to_leave = false;
        self.repeat(|_| {
            if is_told_to_leave {
                return Outcome::Gone;
            }
            let outcome = connection.exchange(&request);
            is_told_to_leave = outcome
                .as_ref()
                .is_ok_and(|response| response.header("connection") == Some("close"));
            Outcome::of(outcome)
        });
    }

    fn over_many_connections(&self, to: &Address, token: &str) {
        let request = request(token);
        self.repeat(|is_ending| match request.try_send(to) {
            Err(_) if is_ending => Outcome::Gone,
            outcome => Outcome::of(outcome),
        });
    }

    fn over_grpc(&self, to: &Address, token: &str) {
        let authorization = format!("Bearer {token}");
        let request = check_request(&[("authorization", &authorization)]);
        let rpc = Rpc::connect(to);
        self.repeat(|is_ending| match rpc.check(request.clone()) {
            Ok(answer) if check_verdict(&answer).0 == tonic::Code::Ok => Outcome::Answered,
            Ok(answer) => Outcome::Lost(format!("a wrong verdict: {answer:?}")),
            // The client connects anew by itself, and found nobody. Any other error is a call that
            // was lost on the way.
            Err(status) if is_ending && format!("{status:?}").contains("ConnectionRefused") => {
                Outcome::Gone
            }
            Err(status) => Outcome::Lost(format!("{status:?}")),
        });
    }

    /// Asks until jotgate is gone. `exchange` is told whether it was asked to end before.
    fn repeat(&self, mut exchange: impl FnMut(bool) -> Outcome) {
        loop {
            let is_ending = self.ending.load(Ordering::SeqCst);
            match exchange(is_ending) {
                Outcome::Answered => self.answered.fetch_add(1, Ordering::SeqCst),
                Outcome::Gone => return,
                Outcome::Lost(how) => {
                    let mut lost = self.lost.lock().expect("no client panics with it");
                    return lost.push(how);
                }
            };
        }
    }
}

enum Outcome {
    Answered,
    Gone,
    /// Told how.
    Lost(String),
}

impl Outcome {
    fn of(exchange: io::Result<Response>) -> Self {
        match exchange {
            Ok(response) if response.status == 200 => Self::Answered,
            other => Self::Lost(format!("{other:?}")),
        }
    }
}

fn request(token: &str) -> Request {
    Request::get("/auth").bearer(token)
}

/// Of each kind.
const CLIENTS: usize = 3;
