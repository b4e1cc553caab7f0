//! What people type: one file a command. Commands write to the output they are given, so that
//! tests can read it.

mod check;
mod config_file;
mod demo;
mod exit;
mod hash;
mod input;
mod inspect;
mod keygen;
mod keys;
mod mint;
mod moment;
mod schema;
mod serve;
mod status;
mod terminal;
mod test;
mod verify;

use std::io::Write;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

pub use config_file::ConfigFile;
pub use exit::{Exit, Failure};

/// A JWT gate: may this request pass with this token?
///
/// Answers Envoy (ext_authz over gRPC and HTTP), nginx, Traefik and Caddy (forward auth), and
/// anybody who asks over gRPC or HTTP.
#[derive(Debug, Parser)]
#[command(name = "jotgate", version = VERSION, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service until SIGTERM or SIGINT, then drain.
    Serve(serve::Serve),
    /// Try everything at once: a service on loopback, its own issuer, and lines to paste.
    Demo(demo::Demo),
    /// Check a configuration without a network, and print what it comes to.
    Check(check::Check),
    /// Judge one token or request, and show every step.
    Verify(verify::Verify),
    /// Judge cases that say which requests must pass, without a network.
    Test(test::Test),
    /// Show what is in a token, without verifying it, and what is wrong with it.
    Inspect(inspect::Inspect),
    /// Make a private key (JWK) to sign with, or show the public half of one.
    Keygen(keygen::Keygen),
    /// Sign a token. For tests and bootstrapping.
    Mint(mint::Mint),
    /// Make the hash of a client's secret, which is read from standard input.
    Hash(hash::Hash),
    /// Roll the signing keys of a running instance over.
    Keys(keys::Keys),
    /// Print the JSON Schema of the configuration.
    Schema(schema::Schema),
    /// Show how a running instance is: issuers, keys, fetches, cache, generation.
    Status(status::ShowStatus),
    /// Print a completion script for a shell.
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

impl Command {
    /// Does it, and writes what there is to say to `out`.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be done; it knows how the process should end.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::Demo(demo) => demo.run(out),
            Self::Check(check) => check.run(out),
            Self::Verify(verify) => verify.run(out),
            Self::Test(test) => test.run(out),
            Self::Inspect(inspect) => inspect.run(out),
            Self::Keygen(keygen) => keygen.run(out),
            Self::Mint(mint) => mint.run(out),
            Self::Hash(hash) => hash.run(out),
            Self::Keys(keys) => keys.run(out),
            Self::Schema(schema) => schema.run(out),
            Self::Status(status) => status.run(out),
            Self::Completions { shell } => {
                // It panics where it cannot write, which memory always can.
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "jotgate", &mut script);
                out.write_all(&script)?;
                Ok(Exit::Good)
            }
        }
    }
}

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("JOTGATE_COMMIT"), ")");

const EXIT_CODES: &str = "Exit codes: 0 good, 1 the answer is \"no\", 2 wrong usage, \
3 could not decide, 64 bad configuration.";

const COMPLETIONS_EXAMPLE: &str = "Example:
  jotgate completions bash > /etc/bash_completion.d/jotgate";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
