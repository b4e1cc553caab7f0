//! `jotgate mint`: a signed token, for tests and bootstrapping.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::input::{NamedKey, pair, private_key};
use super::keygen::random_name;
use super::{Exit, Failure};
use crate::signature::sign_token;
use crate::time::{Clock as _, SystemClock, UnixMillis};

/// Arguments of `jotgate mint`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Mint {
    /// The private JWK to sign with; `-` is standard input. `jotgate keygen` makes one.
    #[arg(long, value_name = "JWK_FILE")]
    key: PathBuf,
    /// A claim. JSON if the value reads as JSON, else a string; `null` leaves a default out.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
    claims: Vec<(String, Value)>,
    /// How long from now the token is valid.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5m")]
    ttl: Duration,
    /// A header parameter, written as claims are.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = pair)]
    headers: Vec<(String, Value)>,
}

impl Mint {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] if the key cannot be read or used.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let named = private_key(&self.key)?;
        let token = self.token(&named, SystemClock.now())?;
        writeln!(out, "{token}")?;
        Ok(Exit::Good)
    }

    fn token(self, NamedKey { key, kid }: &NamedKey, now: UnixMillis) -> Result<String, Failure> {
        let mut header = Map::new();
        header.insert("typ".to_owned(), "JWT".into());
        if let Some(kid) = kid {
            header.insert("kid".to_owned(), kid.as_str().into());
        }
        let mut claims = Map::new();
        claims.insert("iat".to_owned(), now.seconds().into());
        claims.insert(
            "exp".to_owned(),
            now.saturating_add(self.ttl).seconds().into(),
        );
        claims.insert("jti".to_owned(), random_name().into());
        put(&mut header, self.headers);
        put(&mut claims, self.claims);
        sign_token(&header, &Value::Object(claims), key)
            .map_err(|error| Failure::new(Exit::Undecided, error.to_string()))
    }
}

/// Puts `pairs` over what is there; `null` takes it away.
fn put(object: &mut Map<String, Value>, pairs: Vec<(String, Value)>) {
    for (name, value) in pairs {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
}

/// `90s`, `5m`, `24h`, `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    let problem = || "write a whole number and s, m, h or d: 90s, 5m, 24h, 7d".to_owned();
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(problem)?;
    let unit_seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(problem()),
    };
    let count: u64 = digits.parse().map_err(|_| problem())?;
    let seconds = count.checked_mul(unit_seconds).ok_or_else(problem)?;
    Ok(Duration::from_secs(seconds))
}

const EXAMPLES: &str =
    "`iat`, `exp` and `jti` are added unless given; `typ` is JWT and `kid` the key's.

Examples:
  jotgate mint --key key.json --claim iss=https://idp.example.com/ --claim aud=orders-api
  jotgate mint --key key.json --claim sub=alice --claim 'roles=[\"admin\"]' --ttl 1h
  jotgate mint --key key.json --claim exp=null --header typ=at+jwt   # without exp";

#[cfg(test)]
mod tests;
