//! Certificates and authorities that change while there is traffic.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use super::Stage;
use crate::support::http::{Connection, Request};
use crate::support::tls::{Authority, Client};
use crate::support::wait;

#[test]
fn certificates_and_authorities_change_under_load_and_no_good_connection_is_lost() {
    let stage = Stage::start(&json!([GATEWAY]));
    let old = stage.clients.certify(GATEWAY);
    let (new_servers, new_clients) = (Authority::new(), Authority::new());
    let new = new_clients.certify(GATEWAY);
    let trusting = |pair| Client::new(&[&stage.servers, &new_servers], pair);
    let (old, new) = (trusting(&old), trusting(&new));
    let request = Request::get("/auth").bearer(&stage.idp.token(&json!({})));
    let traffic = Traffic::default();
    let http = stage.jotgate.http();
    thread::scope(|scope| {
        // These stay connected through everything.
        for _ in 0..CLIENTS {
            scope.spawn(|| traffic.over(|| old.connect(http).expect("known before"), &request));
        }
        traffic.wait_for_more();

        // Both authorities, and a server's certificate of the new one.
        let both = stage.clients.pem() + &new_clients.pem();
        stage.replace(&new_servers, &both);
        wait::until("the new certificate is shown", || {
            Client::new(&[&new_servers], &new_clients.certify(GATEWAY))
                .exchange(http, &request)
                .ok()
        });
        for client in [&old, &new] {
            let answer = client.exchange(http, &request);
            assert_eq!(answer.expect("both are known").status, 200);
        }
        for _ in 0..CLIENTS {
            scope.spawn(|| traffic.over(|| new.connect(http).expect("known now"), &request));
        }
        traffic.wait_for_more();

        // The old authority goes. Who is connected stays connected; nobody else comes by it, not
        // even with a session of before.
        stage.replace(&new_servers, &new_clients.pem());
        wait::until("the old authority is gone", || {
            old.exchange(http, &request).is_err().then_some(())
        });
        traffic.wait_for_more();
        let answer = new.exchange(http, &request);
        assert_eq!(answer.expect("it is known").status, 200);
        traffic.ending.store(true, Ordering::SeqCst);
    });
    let lost = traffic.lost.into_inner();
    assert_eq!(lost.expect("no client panicked with it"), [""; 0]);
}

#[test]
fn a_pair_that_does_not_fit_is_refused_and_the_old_one_goes_on() {
    let stage = Stage::start(&json!([GATEWAY]));
    let client = Client::new(&[&stage.servers], &stage.clients.certify(GATEWAY));
    let request = Request::get("/auth").bearer(&stage.idp.token(&json!({})));
    let other = tempfile::tempdir().expect("a directory");
    stage
        .servers
        .certify("localhost")
        .write(other.path(), "server");
    put(&other, "server.key", stage.directory.path());

    let refused = r#"jotgate_config_reload_total{outcome="refused"}"#;
    wait::until("it is refused", || {
        (stage.jotgate.metric(refused) > 0).then_some(())
    });
    let errors = stage.jotgate.status()["configuration"]["last_reload"]["errors"].to_string();
    for place in ["server.grpc.tls.key_file", "server.http.tls.key_file"] {
        assert!(errors.contains(place), "{errors}");
    }
    let answer = client.exchange(stage.jotgate.http(), &request);
    assert_eq!(answer.expect("as before").status, 200);

    // Its certificate comes later, as with tools that write one file after the other.
    put(&other, "server.crt", stage.directory.path());
    let applied = r#"jotgate_config_reload_total{outcome="applied"}"#;
    wait::until("it is applied", || {
        (stage.jotgate.metric(applied) > 0).then_some(())
    });
    let answer = client.exchange(stage.jotgate.http(), &request);
    assert_eq!(answer.expect("it is known").status, 200);
}

impl Stage {
    /// Puts a pair of `servers` and the certificates of `clients` into the place of those before.
    fn replace(&self, servers: &Authority, clients: &str) {
        let new = tempfile::tempdir().expect("a directory");
        servers.certify("localhost").write(new.path(), "server");
        fs::write(new.path().join("clients.pem"), clients).expect("written");
        for name in ["server.key", "server.crt", "clients.pem"] {
            put(&new, name, self.directory.path());
        }
    }
}

/// Replaces a file at once.
fn put(from: &TempDir, name: &str, to: &Path) {
    let staged = to.join("staged");
    fs::copy(from.path().join(name), &staged).expect("written");
    fs::rename(staged, to.join(name)).expect("in the same directory");
}

/// Clients that ask again as soon as they are answered.
#[derive(Default)]
struct Traffic {
    ending: AtomicBool,
    answered: AtomicUsize,
    lost: Mutex<Vec<String>>,
}

impl Traffic {
    fn over(&self, connect: impl FnOnce() -> Connection, request: &Request) {
        let mut connection = connect();
        while !self.ending.load(Ordering::SeqCst) {
            match connection.exchange(request) {
                Ok(answer) if answer.status == 200 => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                }
                other => {
                    let mut lost = self.lost.lock().expect("no client panics with it");
                    return lost.push(format!("{other:?}"));
                }
            }
        }
    }

    fn wait_for_more(&self) {
        let before = self.answered.load(Ordering::SeqCst);
        wait::until("there is traffic", || {
            let lost = self.lost.lock().expect("no client panics with it");
            assert_eq!(*lost, [""; 0]);
            (self.answered.load(Ordering::SeqCst) > before + 100).then_some(())
        });
    }
}

const GATEWAY: &str = "gateway.internal";
/// Before the first change, and as many after it.
const CLIENTS: usize = 3;
