//! An identity provider over real HTTP: metadata, a key set, tokens, and faults on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::http::{Request, Response, Server};
use super::keys::SigningKey;

/// A provider with one ES256 key, which it publishes.
pub struct Idp {
    server: Server,
    state: Arc<State>,
    pub key: SigningKey,
}

/// How the provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// 500 to everything.
    Broken,
    /// 200 with a page instead of keys.
    Garbage,
}

struct State {
    mood: Mutex<Mood>,
    keys: Mutex<Vec<Value>>,
    requests: AtomicUsize,
}

impl Idp {
    pub fn start() -> Self {
        let key = SigningKey::generate("ES256", "k1");
        let state = Arc::new(State {
            mood: Mutex::new(Mood::Good),
            keys: Mutex::new(vec![key.jwk()]),
            requests: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| shared.answer(request));
        Self { server, state, key }
    }

    /// The value of `iss`, and where the metadata is found from.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub fn jwks_url(&self) -> String {
        format!("{}/jwks.json", self.issuer())
    }

    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.state.mood) = mood;
    }

    /// Replaces the published keys.
    pub fn publish(&self, keys: &[&SigningKey]) {
        *lock(&self.state.keys) = keys.iter().map(|key| key.jwk()).collect();
    }

    /// How often it was asked for anything, whatever it answered.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// The `issuers` of a configuration that trusts this provider alone. Keys are fetched every
    /// second, the shortest pause there is, so that tests need not wait.
    pub fn issuers(&self) -> Value {
        let refresh = json!({ "every": "1s", "min_interval": "1s" });
        json!({ "corp": {
            "issuer": self.issuer(),
            "audiences": [AUDIENCE],
            "keys": [{ "jwks_url": self.jwks_url(), "refresh": refresh }],
        }})
    }

    /// A good token, with `claims` over the usual ones; `null` takes one away.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({}), claims)
    }

    /// The same, with `header` over the usual header too.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let header = merged(self.key.header(), header);
        let claims = merged(usual_claims(&self.issuer()), claims);
        self.key.sign(&header, &claims)
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        match *lock(&self.mood) {
            Mood::Good => {}
            Mood::Broken => return Response::new(500, "text/plain", "broken"),
            Mood::Garbage => return Response::new(200, "text/html", "<h1>Maintenance</h1>"),
        }
        let host = request.headers.iter().find(|(name, _)| name == "host");
        let issuer = format!("http://{}", host.map_or("", |(_, host)| host));
        match request.target.as_str() {
            "/jwks.json" => json_response(&json!({ "keys": *lock(&self.keys) })),
            "/.well-known/openid-configuration" => json_response(&json!({
                "issuer": issuer, "jwks_uri": format!("{issuer}/jwks.json"),
            })),
            _ => Response::new(404, "text/plain", "not found"),
        }
    }
}

/// What a usual token of `issuer` says, valid for five minutes from now.
pub fn usual_claims(issuer: &str) -> Value {
    let now = now();
    json!({ "iss": issuer, "aud": AUDIENCE, "sub": "u1", "iat": now, "exp": now + 300 })
}

/// `base` with the members of `changes` put over it; `null` takes a member away.
pub fn merged(mut base: Value, changes: &Value) -> Value {
    let members = base.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}

pub const AUDIENCE: &str = "orders-api";

fn json_response(value: &Value) -> Response {
    Response::new(200, "application/json", value.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test thread panicked with it")
}
