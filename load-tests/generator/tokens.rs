//! Tokens, as many as are wanted, each with a `jti` of its own and all of the same length. No other run
//! makes the same ones: what was in a cache after one would not be new in the next.

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use jotgate::signature::{SigningKey, sign_token};
use serde_json::{Map, Value, json};

#[derive(Args)]
pub(crate) struct Options {
    /// The private key, a JWK.
    #[arg(long)]
    key: PathBuf,
    /// The claims, a JSON object.
    #[arg(long)]
    claims: String,
    /// How many.
    #[arg(long, default_value_t = 1)]
    count: u32,
}

impl Options {
    pub(crate) fn print(self) -> Result<(), Box<dyn Error>> {
        let mut mint = Mint::new(&self.key, &self.claims)?;
        let mut output = BufWriter::new(io::stdout().lock());
        for _ in 0..self.count {
            writeln!(output, "{}", mint.next_token()?)?;
        }
        Ok(output.flush()?)
    }
}

/// Signs one token after the other.
pub(crate) struct Mint {
    key: SigningKey,
    header: Map<String, Value>,
    claims: Value,
    /// When it began, which tells its tokens from those of other runs.
    run: u128,
    made: u32,
}

impl Mint {
    /// With the private key in a file and the claims as text.
    pub(crate) fn new(key: &Path, claims: &str) -> Result<Self, Box<dyn Error>> {
        let jwk: Value = serde_json::from_slice(&fs::read(key)?)?;
        let mut header = Map::new();
        header.insert("typ".to_owned(), json!("JWT"));
        header.extend(jwk.get("kid").map(|kid| ("kid".to_owned(), kid.clone())));
        Ok(Self {
            key: SigningKey::from_jwk(&jwk).map_err(|error| format!("{error:?}"))?,
            header,
            claims: serde_json::from_str(claims)?,
            run: SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos(),
            made: 0,
        })
    }

    pub(crate) fn next_token(&mut self) -> Result<String, Box<dyn Error>> {
        self.claims["jti"] = json!(format!("{:016x}-{:010}", self.run, self.made));
        self.made += 1;
        let token = sign_token(&self.header, &self.claims, &self.key);
        token.map_err(|error| format!("{error:?}").into())
    }
}
