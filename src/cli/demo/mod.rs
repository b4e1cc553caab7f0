//! `jotgate demo`: everything at once, with nothing to set up. An issuer of its own with a fresh
//! key, the service on loopback, and lines to paste.

mod guide;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, json};

use self::guide::Guide;
use super::serve::{ended_by_signal, failed};
use super::{Exit, Failure};
use crate::app::{Addresses, App, AppError};
use crate::config::{self, Config};
use crate::signature::{Algorithm, SigningError, SigningKey, sign_token};
use crate::telemetry;
use crate::time::{Clock as _, SystemClock, UnixMillis};
use crate::token::base64url;

/// Arguments of `jotgate demo`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Demo {}

impl Demo {
    /// Does it, until Ctrl-C.
    ///
    /// # Errors
    /// [`Failure`] if the service cannot start or breaks.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let key = SigningKey::generate(Algorithm::Es256).map_err(failed)?;
        let ports = PORTS.map(free_or_any);
        let _telemetry = telemetry::init(&config(&key, ports)?.log).map_err(failed)?;
        let app = match App::bind(config(&key, ports)?, None) {
            // Somebody took one in the meantime.
            Err(AppError::Bind(_)) => App::bind(config(&key, [0; 3])?, None),
            outcome => outcome,
        };
        let app = app.map_err(failed)?;
        let tokens = Tokens::new(&key, SystemClock.now()).map_err(failed)?;
        Guide {
            addresses: app.addresses(),
            tokens: &tokens,
        }
        .print(out)?;
        out.flush()?;
        app.run(ended_by_signal()).map_err(failed)?;
        Ok(Exit::Good)
    }
}

/// What there is to try.
struct Tokens {
    /// Passes.
    good: String,
    /// Its time is over.
    expired: String,
    /// The good one with another subject, under the same signature.
    tampered: String,
}

impl Tokens {
    fn new(key: &SigningKey, now: UnixMillis) -> Result<Self, SigningError> {
        let mut header = Map::new();
        header.insert("kid".to_owned(), KEY_ID.into());
        header.insert("typ".to_owned(), "JWT".into());
        let claims = |subject: &str, issued_at: UnixMillis| {
            json!({
                "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": "orders:read",
                "iat": issued_at.seconds(),
                "exp": issued_at.saturating_add(TOKEN_TTL).seconds(),
            })
        };
        let good = sign_token(&header, &claims("alice", now), key)?;
        let long_ago = now.saturating_sub(2 * TOKEN_TTL);
        let expired = sign_token(&header, &claims("alice", long_ago), key)?;
        let forged = base64url::encode(claims("mallory", now).to_string().as_bytes());
        let mut parts = good.split('.');
        let (header, signature) = (parts.next(), parts.nth(1));
        let tampered = [
            header.unwrap_or_default(),
            &forged,
            signature.unwrap_or_default(),
        ]
        .join(".");
        Ok(Self {
            good,
            expired,
            tampered,
        })
    }
}

/// The configuration: what someone would write for one issuer, with its key in it.
fn config(key: &SigningKey, ports: [u16; 3]) -> Result<Config, Failure> {
    let public = key.to_public_jwk(KEY_ID).map_err(failed)?;
    let [grpc, http, admin] = ports.map(|port| format!("127.0.0.1:{port}"));
    let text = json!({
        "server": {
            "grpc": { "listen": grpc },
            "http": { "listen": http },
            "admin": { "listen": admin },
            "threads": 1,
            "drain": "1s",
        },
        "issuers": {
            "demo": {
                "issuer": ISSUER,
                "audiences": [AUDIENCE],
                "keys": [{ "jwks": { "keys": [public] } }],
            },
        },
        "forward": { "headers": { "x-user-id": "sub" } },
        "deny": { "expose_reason": true },
        "log": { "format": "text", "decisions": "all" },
    });
    // JSON is YAML.
    config::parse(&text.to_string(), Path::new(".")).map_err(failed)
}

/// `port` if nobody listens there, else 0: whatever the system has.
fn free_or_any(port: u16) -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_or(0, |_| port)
}

/// gRPC, HTTP, admin, as by default.
const PORTS: [u16; 3] = [9191, 9192, 9193];
const ISSUER: &str = "https://demo.jotgate.invalid/";
const AUDIENCE: &str = "demo";
const KEY_ID: &str = "demo-1";
const TOKEN_TTL: Duration = Duration::from_secs(3600);

const HELP: &str =
    "Nothing outside this process is used, and nothing is left when it ends with Ctrl-C.

Example:
  jotgate demo";
