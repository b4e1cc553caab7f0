//! Key sets that change, break and come back while requests never pause.
//!
//! Nothing here judges speed. How often things happen is counted where they arrive: at the
//! identity provider.

mod edits;
mod faults;
mod flood;
mod restart;
mod rotation;
mod skipped;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::http::{Connection, Request};
use crate::support::jotgate::Jotgate;
use crate::support::rpc::{Rpc, check_request, check_verdict, set_header};
use crate::support::wait;

/// Somebody who asks over a connection of its own, which must last.
enum Client {
    Http(Connection),
    Grpc(Rpc),
}

impl Client {
    fn http(jotgate: &Jotgate) -> Self {
        Self::Http(Connection::open(jotgate.http()).expect("jotgate listens"))
    }

    fn grpc(jotgate: &Jotgate) -> Self {
        Self::Grpc(Rpc::connect(jotgate.grpc()))
    }

    /// The reason that a token is answered with; `ok` if it is good.
    fn ask(&mut self, token: &str) -> String {
        match self {
            Self::Http(connection) => {
                let request = Request::get("/auth").bearer(token);
                let response = connection.exchange(&request).expect("an answer");
                if response.status == 200 {
                    return "ok".to_owned();
                }
                let reason = response.header(REASON);
                reason.expect("refusals tell why").to_owned()
            }
            Self::Grpc(rpc) => {
                let authorization = format!("Bearer {token}");
                let answer = rpc.check(check_request(&[("authorization", &authorization)]));
                let answer = answer.expect("a bad token is a verdict");
                let (code, headers) = check_verdict(&answer);
                if code == tonic::Code::Ok {
                    return "ok".to_owned();
                }
                let reason = set_header(headers, REASON);
                reason.expect("refusals tell why").to_owned()
            }
        }
    }
}

/// Requests without pause.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    answered: AtomicUsize,
}

impl Load {
    /// Several clients of both kinds do `ask` again and again, until `story` has been told.
    fn during(jotgate: &Jotgate, ask: impl Fn(&mut Client) + Sync, story: impl FnOnce(&Self)) {
        let load = Self::default();
        let clients = [
            Client::http(jotgate),
            Client::http(jotgate),
            Client::http(jotgate),
            Client::grpc(jotgate),
        ];
        thread::scope(|scope| {
            for mut client in clients {
                let (load, ask) = (&load, &ask);
                scope.spawn(move || {
                    while !load.is_over.load(Ordering::SeqCst) {
                        ask(&mut client);
                        load.answered.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            // Also if the story fails: else the clients would never end.
            let _end = End(&load);
            story(&load);
        });
    }

    /// Waits for a number of answers from now on.
    fn go_on(&self) {
        let enough = self.answered.load(Ordering::SeqCst) + ENOUGH_ANSWERS;
        wait::until("there is load", || {
            (self.answered.load(Ordering::SeqCst) >= enough).then_some(())
        });
    }
}

struct End<'a>(&'a Load);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// A configuration that trusts these issuers and tells the reason of every refusal.
fn config(issuers: &Value) -> Value {
    json!({ "issuers": issuers, "deny": { "expose_reason": true } })
}

const REASON: &str = "x-jotgate-reason";
const ENOUGH_ANSWERS: usize = 100;
