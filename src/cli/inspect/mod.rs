//! `jotgate inspect`: what is in a token, for people who have one in their hands.
//!
//! Reads what a strict verifier refuses, too, as far as it can, and says what is wrong with it.
//! Nothing here is a verdict: no key is asked.

mod claims;
mod dissect;
mod finding;
mod header;
mod print;

use std::io::Write;

use clap::Args;

use self::dissect::Anatomy;
use self::finding::Findings;
use super::{Exit, Failure, input};
use crate::time::{Clock as _, SystemClock, UnixMillis};

/// Arguments of `jotgate inspect`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Inspect {
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
    /// The token, or `-` to read it from standard input.
    #[arg(value_name = "TOKEN|-", allow_hyphen_values = true)]
    token: String,
}

impl Inspect {
    /// Does it. Ends with `No` if it is not a token.
    ///
    /// # Errors
    /// [`Failure`] if the token cannot be read.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let token = input::token(&self.token)?;
        let report = Report::of(&token, SystemClock.now());
        if self.json {
            print::json(&report, out)?;
        } else {
            print::text(&report, out)?;
        }
        Ok(if report.anatomy.is_token() {
            Exit::Good
        } else {
            Exit::No
        })
    }
}

/// All there is to say about a token without a key.
#[derive(Debug)]
struct Report {
    anatomy: Anatomy,
    findings: Findings,
    now: UnixMillis,
}

impl Report {
    fn of(token: &str, now: UnixMillis) -> Self {
        let mut findings = Findings::default();
        let anatomy = Anatomy::of(token, &mut findings);
        if let Some(header) = &anatomy.header {
            header::lint(header, &mut findings);
        }
        if let Some(header) = &anatomy.header
            && let Some(signature) = &anatomy.signature
        {
            header::lint_signature(header, signature, &mut findings);
        }
        if let Some(claims) = &anatomy.claims {
            claims::lint(claims, now, &mut findings);
        }
        findings.sort();
        Self {
            anatomy,
            findings,
            now,
        }
    }
}

const EXAMPLES: &str =
    "A token on the command line is visible to other users of the machine: prefer `-`.

Examples:
  jotgate inspect - < token.txt
  jotgate mint --key key.json --claim sub=alice | jotgate inspect --json -";

#[cfg(test)]
mod tests;
