//! `jotgate keys`: the signing keys of a running instance.

use std::io::Write;

use clap::{Args, Subcommand};
use http::{Method, StatusCode};
use serde_json::Value;

use super::status::fetch;
use super::{Exit, Failure};
use crate::listen::Address;

/// Arguments of `jotgate keys`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Let the next key, which is published already, sign from now on.
    Rotate {
        /// Where the instance's admin listener is: IP:PORT or unix:///PATH.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9193")]
        admin: Address,
    },
}

impl Keys {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] with 3 if the instance cannot be asked, with 1 if it refuses.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let KeysCommand::Rotate { admin } = self.command;
        let (status, body) =
            fetch::ask(&admin, &Method::POST, "/keys/rotate").map_err(|error| {
                let message = format!("{admin}: {error}; is it the admin listener?");
                Failure::new(Exit::Undecided, message)
            })?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status == StatusCode::OK {
            for key in body["keys"].as_array().into_iter().flatten() {
                writeln!(out, "signs now: {}", key.as_str().unwrap_or_default())?;
            }
            return Ok(Exit::Good);
        }
        let detail = body["detail"].as_str();
        let detail = detail.map_or_else(|| format!("it answers with {status}"), str::to_owned);
        Err(Failure::new(Exit::No, detail))
    }
}

const EXAMPLES: &str = "Examples:
  jotgate keys rotate
  jotgate keys rotate --admin 10.0.0.1:9193";
