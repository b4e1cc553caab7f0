//! An identity provider over real HTTP: metadata, a key set, tokens, and faults on demand.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::http::{Request, Response, Server};
use super::keys::SigningKey;
use super::tls::{Certificate, Tls};

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
    /// A set without keys.
    Empty,
    /// 50 MiB of nothing, and the answer says so ahead.
    Oversized,
    /// The same, without a word about its length.
    Endless,
    /// The same, compressed to next to nothing.
    Bomb,
    /// To the same path of another host.
    Redirecting(SocketAddr),
    /// No answer, and the connection stays open.
    Hanging,
    /// An answer that goes on and on, a byte at a time.
    Trickling,
    /// With a certificate of long ago. Only for those who speak TLS.
    Expired,
    /// No answer, and the connection ends.
    Down,
    /// Metadata of somebody else, and the keys are no longer where they were.
    OtherIssuer,
}

struct State {
    tls: Option<Tls>,
    mood: Mutex<Mood>,
    /// The mood is another.
    changed: Condvar,
    keys: Mutex<Vec<Value>>,
    requests: AtomicUsize,
}

impl Idp {
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same over https, as `localhost`.
    pub fn start_with_tls() -> Self {
        Self::start_with(Some(Tls::new()))
    }

    fn start_with(tls: Option<Tls>) -> Self {
        let key = SigningKey::generate("ES256", "k1");
        let state = Arc::new(State {
            tls,
            mood: Mutex::new(Mood::Good),
            changed: Condvar::new(),
            keys: Mutex::new(vec![key.jwk()]),
            requests: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let server = Server::start_raw(move |stream| shared.serve(stream));
        Self { server, state, key }
    }

    /// The value of `iss`, and where the metadata is found from.
    pub fn issuer(&self) -> String {
        match self.state.tls {
            None => format!("http://{}", self.server.address()),
            Some(_) => format!("https://localhost:{}", self.server.address().port()),
        }
    }

    /// The certificate authority to trust, as PEM, if it speaks TLS.
    pub fn authority(&self) -> Option<&str> {
        self.state.tls.as_ref().map(Tls::authority)
    }

    pub fn jwks_url(&self) -> String {
        format!("{}/jwks.json", self.issuer())
    }

    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.state.mood) = mood;
        self.state.changed.notify_all();
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Replaces the published keys.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.publish_as_is(keys.iter().map(|key| key.jwk()).collect());
    }

    /// The same, with keys that need not be good.
    pub fn publish_as_is(&self, keys: Vec<Value>) {
        *lock(&self.state.keys) = keys;
    }

    /// How often it was asked for anything, whatever it answered.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// The `issuers` of a configuration that trusts this provider alone. Keys are fetched every
    /// second, the shortest pause there is, so that tests need not wait.
    pub fn issuers(&self) -> Value {
        let refresh = json!({ "every": "1s", "min_interval": "1s" });
        json!({ "corp": self.trusted(&self.source(&refresh)) })
    }

    /// One entry of `issuers`: this provider, with keys from `source`.
    pub fn trusted(&self, source: &Value) -> Value {
        json!({ "issuer": self.issuer(), "audiences": [AUDIENCE], "keys": [source] })
    }

    /// The entry of `issuers.*.keys` that fetches the published keys.
    pub fn source(&self, refresh: &Value) -> Value {
        json!({ "jwks_url": self.jwks_url(), "refresh": refresh })
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

impl Drop for Idp {
    fn drop(&mut self) {
        // Lets those go who hang on an answer.
        self.set_mood(Mood::Down);
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let certificate = if *lock(&self.mood) == Mood::Expired {
            Certificate::Expired
        } else {
            Certificate::Good
        };
        match &self.tls {
            None => self.exchange(stream),
            Some(tls) => self.exchange(tls.accept(stream, certificate)?),
        }
    }

    fn exchange(&self, stream: impl Read + Write) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let Some(request) = Request::read(&mut stream)? else {
            return Ok(());
        };
        self.requests.fetch_add(1, Ordering::SeqCst);
        let stream = stream.get_mut();
        let answer = match self.mood() {
            Mood::Good | Mood::Expired => self.usual_answer(&request, true),
            Mood::OtherIssuer => self.usual_answer(&request, false),
            Mood::Broken => Response::new(500, "text/plain", "broken"),
            Mood::Garbage => Response::new(200, "text/html", "<h1>Maintenance</h1>"),
            Mood::Empty => json_response(&json!({ "keys": [] })),
            Mood::Bomb => Response::new(200, "application/json", BOMB.repeat(BOMBS))
                .with("content-encoding", "gzip"),
            Mood::Redirecting(elsewhere) => {
                let location = format!("http://{elsewhere}{}", request.target);
                Response::new(302, "text/plain", "").with("location", &location)
            }
            Mood::Oversized => return pour(stream, &format!("content-length: {HUGE_BYTES}\r\n")),
            Mood::Endless => return pour(stream, ""),
            Mood::Trickling => return self.trickle(stream),
            Mood::Hanging | Mood::Down => return Ok(()),
        };
        answer.write(stream)?;
        stream.flush()
    }

    /// The mood, once it is one that does not hang.
    fn mood(&self) -> Mood {
        let mood = lock(&self.mood);
        let mood = self.changed.wait_while(mood, |mood| *mood == Mood::Hanging);
        *mood.expect("no test thread panicked with it")
    }

    /// Goes on until the client has had enough, or the mood is another.
    fn trickle(&self, stream: &mut impl Write) -> io::Result<()> {
        stream.write_all(b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\n\r\n{")?;
        let mut mood = lock(&self.mood);
        while *mood == Mood::Trickling {
            let waited = self.changed.wait_timeout(mood, DRIP_EVERY);
            mood = waited.expect("no test thread panicked with it").0;
            stream.write_all(b" ")?;
        }
        Ok(())
    }

    fn usual_answer(&self, request: &Request, is_good: bool) -> Response {
        let host = request.headers.iter().find(|(name, _)| name == "host");
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let own = format!("{scheme}://{}", host.map_or("", |(_, host)| host));
        let issuer = if is_good {
            &own
        } else {
            "https://somebody.example.com"
        };
        // A proxy is asked for a whole URL (RFC 9112 3.2.2).
        let path = request.target.strip_prefix(&own).unwrap_or(&request.target);
        match path {
            "/jwks.json" if is_good => json_response(&json!({ "keys": *lock(&self.keys) })),
            "/.well-known/openid-configuration" => json_response(&json!({
                "issuer": issuer, "jwks_uri": format!("{own}/jwks.json"),
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

/// Far more than a key set, and than jotgate may take.
const HUGE_BYTES: usize = 50 << 20;
const DRIP_EVERY: Duration = Duration::from_millis(50);
/// 200,000 zeros, in 200 bytes or so. Several of them in a row are one gzip file (RFC 1952 2.2).
const BOMB: &[u8] = include_bytes!("../../../src/refresh/tests/samples/zeros_200000.gz");
const BOMBS: usize = HUGE_BYTES / 200_000;

/// 50 MiB, or as much of it as the client takes.
fn pour(stream: &mut impl Write, length: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 -\r\ncontent-type: application/json\r\n{length}\r\n");
    stream.write_all(head.as_bytes())?;
    let piece = [b' '; 1 << 16];
    for _ in 0..HUGE_BYTES / piece.len() {
        stream.write_all(&piece)?;
    }
    stream.flush()
}

fn json_response(value: &Value) -> Response {
    Response::new(200, "application/json", value.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test thread panicked with it")
}
