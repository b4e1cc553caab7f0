//! `jotgate keygen`: private keys for tests and bootstrapping.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::input::{NamedKey, private_key};
use super::{Exit, Failure};
use crate::signature::{Algorithm, SigningError, SigningKey, fill_random};
use crate::token::base64url;

/// Arguments of `jotgate keygen`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Keygen {
    /// The algorithm that the key is for: ES256, ES384, ES512, Ed25519, RS256 … PS512, HS256 …
    #[arg(long, value_name = "ALG", value_parser = algorithm, required_unless_present = "public")]
    alg: Option<Algorithm>,
    /// The key's name; its thumbprint (RFC 7638) if not given, for a secret a random one.
    #[arg(long)]
    kid: Option<String>,
    /// Print the public key set (JWKS) of an existing key instead of making one.
    #[arg(long, requires = "key", conflicts_with_all = ["alg", "kid"])]
    public: bool,
    /// The existing key: a private JWK, `-` for standard input.
    #[arg(long, value_name = "JWK_FILE", requires = "public")]
    key: Option<PathBuf>,
}

impl Keygen {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] if the key cannot be read or made.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let document = match (self.alg, self.key) {
            (Some(algorithm), _) => new_key(algorithm, self.kid)?,
            (None, Some(path)) => public_set(&private_key(&path)?)?,
            (None, None) => return Err(Failure::new(Exit::Usage, "give --alg or --public --key")),
        };
        writeln!(out, "{document:#}")?;
        Ok(Exit::Good)
    }
}

fn new_key(algorithm: Algorithm, kid: Option<String>) -> Result<serde_json::Value, Failure> {
    let key = SigningKey::generate(algorithm).map_err(failed)?;
    let kid = match kid {
        Some(kid) => kid,
        None => key
            .thumbprint()
            .map_err(failed)?
            .unwrap_or_else(random_name),
    };
    key.to_private_jwk(&kid).map_err(failed)
}

fn public_set(NamedKey { key, kid }: &NamedKey) -> Result<serde_json::Value, Failure> {
    let kid = kid.as_deref().unwrap_or_default();
    let jwk = key.to_public_jwk(kid).map_err(failed)?.ok_or_else(|| {
        let message = "a shared secret has no public half: whoever verifies needs the secret \
            itself, as `secret` in the configuration";
        Failure::new(Exit::Undecided, message)
    })?;
    Ok(json!({ "keys": [jwk] }))
}

/// A name that says nothing of the secret it is for.
pub(super) fn random_name() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    base64url::encode(&bytes)
}

fn failed(error: SigningError) -> Failure {
    Failure::new(Exit::Undecided, error.to_string())
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(name).ok_or_else(|| {
        let names = Algorithm::ALL.map(Algorithm::name).join(", ");
        format!("one of {names}; case matters")
    })
}

const EXAMPLES: &str = "The private key goes to standard output: keep it like a password.

Examples:
  jotgate keygen --alg ES256 > key.json
  jotgate keygen --public --key key.json > jwks.json
  jotgate mint --key key.json --claim iss=https://idp.example.com/ --claim sub=alice";
