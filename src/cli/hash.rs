//! `jotgate hash`: the hash of a client's secret, for `issue.clients.*.secret_hash`.

use std::io::{self, Read, Write};

use clap::Args;
use zeroize::Zeroizing;

use super::{Exit, Failure};
use crate::issue::SecretHash;
use crate::limits::CLIENT_CREDENTIAL_BYTES;

/// Arguments of `jotgate hash`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Hash {}

impl Hash {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] if there is no secret on standard input, or one that no client could send.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let Self {} = self;
        let mut secret = Zeroizing::new(Vec::new());
        io::stdin()
            .take(2 * CLIENT_CREDENTIAL_BYTES as u64)
            .read_to_end(&mut secret)
            .map_err(|error| {
                let message = format!("standard input cannot be read: {error}");
                Failure::new(Exit::Undecided, message)
            })?;
        // What `echo` and editors add is not meant.
        let secret = secret.strip_suffix(b"\n").unwrap_or(&secret);
        let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
        if secret.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                "the secret is read from standard input",
            ));
        }
        if secret.len() >= CLIENT_CREDENTIAL_BYTES {
            let message = format!("a secret has less than {CLIENT_CREDENTIAL_BYTES} bytes");
            return Err(Failure::new(Exit::Usage, message));
        }
        let hash = SecretHash::make(secret);
        let hash = hash.map_err(|error| Failure::new(Exit::Undecided, error))?;
        writeln!(out, "{hash}")?;
        Ok(Exit::Good)
    }
}

const EXAMPLES: &str = "The secret is read from standard input, without the newline at its end; \
the hash is argon2id's, as a PHC string.

Examples:
  openssl rand -base64 32 | tee secret | jotgate hash
  jotgate hash < secret > secret.hash";
