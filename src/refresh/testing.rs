//! What the tests of this module share.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::issue::OwnKeys;
use crate::refresh::{Environment, Unobserved};
use crate::signature::{Algorithm, SigningKey};
use crate::time::{Clock, UnixMillis};

/// A clock that goes with tokio's time, paused or not.
#[derive(Debug)]
pub(super) struct RunningClock(Instant);

impl RunningClock {
    /// What it shows at its start.
    pub(super) const EPOCH: UnixMillis = UnixMillis(1_767_225_600_000);

    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RunningClock {
    fn now(&self) -> UnixMillis {
        Self::EPOCH.saturating_add(self.0.elapsed())
    }
}

/// Nothing is kept, nobody looks, and time goes with tokio's.
pub(super) fn environment() -> Environment {
    Environment {
        clock: Arc::new(RunningClock::start()),
        observer: Arc::new(Unobserved),
        own: OwnKeys::default(),
        state_dir: None,
    }
}

/// A public key as JSON, the same each time for the same name.
pub(super) fn jwk(kid: &str) -> String {
    static KEYS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().expect("whole");
    let jwk = keys.entry(kid.to_owned()).or_insert_with(|| {
        let key = SigningKey::generate(Algorithm::Ed25519).expect("generated");
        let jwk = key
            .to_public_jwk(kid)
            .expect("public")
            .expect("not a secret");
        let jwk = jwk.as_object().expect("an object").clone();
        // Only what every key has: tests add the rest.
        let jwk: serde_json::Map<_, _> = jwk
            .into_iter()
            .filter(|(name, _)| ["kty", "crv", "x", "kid"].contains(&name.as_str()))
            .collect();
        serde_json::to_string(&jwk).expect("JSON")
    });
    jwk.clone()
}

/// A set of these keys.
pub(super) fn jwk_set(keys: &[String]) -> Vec<u8> {
    format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
}

/// Waits until `holds`, and fails if that takes longer than anything here should.
pub(super) async fn eventually(holds: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < patience, "it never happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One answer of the identity provider, as it goes over the wire.
pub(super) type Respond = dyn Fn(&str) -> Vec<u8> + Send + Sync;

/// An identity provider on a port of its own, over real HTTP/1.1. It answers whatever `respond`
/// makes of a request, byte for byte, so that it can be as wrong as it likes.
pub(super) struct Idp {
    pub(super) url: String,
    respond: Arc<Mutex<Arc<Respond>>>,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Idp {
    pub(super) async fn start(respond: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let respond: Arc<Mutex<Arc<Respond>>> = Arc::new(Mutex::new(Arc::new(respond)));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::clone(&respond), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&log)));
            }
        });
        Self {
            url,
            respond,
            requests,
            task,
        }
    }

    /// From here on it answers so.
    pub(super) fn answers(&self, respond: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) {
        *self.respond.lock().expect("whole") = Arc::new(respond);
    }

    /// The heads of the requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("whole").clone()
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: tokio::net::TcpStream,
    respond: Arc<Mutex<Arc<Respond>>>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 4096];
        match stream.try_read(&mut piece) {
            Ok(0) => return,
            Ok(bytes) => head.extend_from_slice(&piece[..bytes]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stream.readable().await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    requests.lock().expect("whole").push(head.clone());
    let respond = Arc::clone(&respond.lock().expect("whole"));
    let answer = respond(&head);
    let mut rest = answer.as_slice();
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(bytes) => rest = &rest[bytes..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stream.writable().await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
    if answer.ends_with(HANG) {
        // A slow-loris: the connection stays open, the rest never comes.
        std::future::pending::<()>().await;
    }
}

/// What an answer ends with that never does.
pub(super) const HANG: &[u8] = b"\0hang";

/// 200 with a body.
pub(super) fn ok(body: &[u8]) -> Vec<u8> {
    response("200 OK", &[], body)
}

/// Any answer.
pub(super) fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}
