//! `jotgate check`: is this configuration good, and what does it come to?

use std::io::Write;

use clap::Args;

use super::config_file::ConfigFile;
use super::{Exit, Failure};

/// Arguments of `jotgate check`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Check {
    #[command(flatten)]
    config: ConfigFile,
}

impl Check {
    /// Prints the configuration in force: defaults filled in, secrets redacted.
    ///
    /// # Errors
    /// [`Failure`] with every error of the configuration.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        out.write_all(config.effective_yaml.as_bytes())?;
        Ok(Exit::Good)
    }
}

const EXAMPLE: &str = "Needs no network. The errors go to standard error, all of them at once.

Example:
  jotgate check --config config.yaml";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Check;
    use crate::cli::Exit;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        check: Check,
    }

    /// Runs `check` on a file with this text: how it ended, and what it said.
    fn check(text: &str) -> (Exit, String) {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("config.yaml");
        std::fs::write(&path, text).expect("written");
        let arguments = ["check".as_ref(), "--config".as_ref(), path.as_os_str()];
        let mut out = Vec::new();
        match Command::parse_from(arguments).check.run(&mut out) {
            Ok(exit) => (exit, String::from_utf8(out).expect("UTF-8")),
            Err(failure) => (failure.exit(), failure.to_string()),
        }
    }

    #[test]
    fn a_good_configuration_is_printed_without_its_secrets() {
        let (exit, said) = check(
            "issuers: {corp: {issuer: corp, audiences: any, algorithms: [HS256], keys: [\
             {secret: {value: 0123456789abcdef0123456789abcdef}, alg: HS256}]}}",
        );
        assert_eq!(exit, Exit::Good, "{said}");
        assert!(said.contains("drain: 20s"), "{said}");
        assert!(said.contains("[redacted]"), "{said}");
        assert!(!said.contains("0123456789abcdef"), "{said}");
    }

    #[test]
    fn a_bad_one_ends_with_64_and_every_error() {
        let (exit, said) = check("server: {drain: 5}\nissuers: {}\n");
        assert_eq!(exit, Exit::BadConfiguration);
        assert!(said.contains("2 errors in "), "{said}");
        assert!(said.contains("\nserver.drain (line 1): "), "{said}");
        assert!(said.contains("\nissuers (line 2): "), "{said}");
    }

    #[test]
    fn a_file_that_is_not_there_ends_with_64() {
        let arguments = ["check", "--config", "/nonexistent/config.yaml"];
        let failure = Command::parse_from(arguments)
            .check
            .run(&mut Vec::new())
            .expect_err("there is none");
        assert_eq!(failure.exit(), Exit::BadConfiguration);
        let said = failure.to_string();
        assert!(
            said.contains("/nonexistent/config.yaml cannot be read"),
            "{said}"
        );
    }
}
