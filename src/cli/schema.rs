//! `jotgate schema`: the JSON Schema of the configuration, for editors and pipelines.

use std::io::Write;

use clap::Args;

use super::{Exit, Failure};
use crate::config;

/// Arguments of `jotgate schema`: none.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Schema {}

impl Schema {
    /// Prints it.
    ///
    /// # Errors
    /// [`Failure`] if the output cannot be written.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let schema = config::schema().to_value();
        writeln!(out, "{schema:#}")?;
        Ok(Exit::Good)
    }
}

const EXAMPLE: &str = "Example, for editors that know the YAML language server:
  jotgate schema > jotgate.schema.json
  # yaml-language-server: $schema=jotgate.schema.json";
