//! `--config FILE`, the same for every command that has it.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure};
use crate::config::{self, Config};

/// Which configuration.
#[derive(Args, Debug)]
pub struct ConfigFile {
    /// The configuration.
    #[arg(
        long = "config",
        value_name = "FILE",
        env = "JOTGATE_CONFIG",
        hide_env_values = true,
        default_value = "/etc/jotgate/config.yaml"
    )]
    pub path: PathBuf,
}

impl ConfigFile {
    /// Reads it.
    ///
    /// # Errors
    /// A [`Failure`] that lists everything that is wrong with it, one error a line.
    pub fn load(&self) -> Result<Config, Failure> {
        config::load(&self.path).map_err(|errors| {
            let count = match errors.0.len() {
                1 => "1 error".to_owned(),
                many => format!("{many} errors"),
            };
            let message = format!("{count} in {}\n{errors}", self.path.display());
            Failure::new(Exit::BadConfiguration, message)
        })
    }
}
