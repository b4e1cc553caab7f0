//! `jotgate status`: what a running instance is like, for people.

pub(super) mod fetch;
mod table;

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;

use super::moment::{relative, span};
use super::{Exit, Failure};
use crate::admin::{IssuerStatus, KeyStatus, SourceStatus, Status};
use crate::listen::Address;
use crate::metrics::ReloadOutcome;
use crate::time::UnixMillis;

/// Arguments of `jotgate status`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ShowStatus {
    /// Where the instance's admin listener is: IP:PORT or unix:///PATH.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9193")]
    admin: Address,
}

impl ShowStatus {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] with 3 if the instance cannot be asked or answers with something else.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let status = fetch::status(&self.admin).map_err(|error| {
            let message = format!("{}: {error}; is it the admin listener?", self.admin);
            Failure::new(Exit::Undecided, message)
        })?;
        print(&status, out)?;
        Ok(Exit::Good)
    }
}

fn print(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let now = UnixMillis::from_seconds(status.now);
    table::write(&[], &overview(status, now), "", out)?;
    for issuer in &status.issuers {
        writeln!(out)?;
        print_issuer(issuer, now, out)?;
    }
    Ok(())
}

/// The instance itself: one line a fact.
fn overview(status: &Status, now: UnixMillis) -> Vec<Vec<String>> {
    let version = &status.version;
    let configuration = &status.configuration;
    let cache = &status.cache;
    let mut lines = vec![
        vec!["state".to_owned(), status.state.clone()],
        vec![
            "version".to_owned(),
            format!("{} ({})", version.version, version.commit),
        ],
        vec![
            "configuration".to_owned(),
            format!(
                "generation {}, hash {}",
                configuration.generation, configuration.hash
            ),
        ],
    ];
    if let Some(reload) = &configuration.last_reload {
        let outcome = reload.outcome.label();
        let when = relative(UnixMillis::from_seconds(reload.at), now);
        let consequence = match reload.outcome {
            ReloadOutcome::Applied => "",
            ReloadOutcome::Refused => "; the configuration before it is still in force",
        };
        lines.push(vec![
            "last reload".to_owned(),
            format!("{outcome} {when}{consequence}"),
        ]);
        for error in &reload.errors {
            lines.push(vec![String::new(), error.clone()]);
        }
    }
    lines.push(vec![
        "cache".to_owned(),
        match cache.max_bytes {
            0 => "off".to_owned(),
            max => format!(
                "{} tokens, {} of {}",
                cache.entries,
                size(cache.bytes),
                size(max)
            ),
        },
    ]);
    lines
}

fn print_issuer(issuer: &IssuerStatus, now: UnixMillis, out: &mut dyn Write) -> io::Result<()> {
    let optional = if issuer.optional { ", optional" } else { "" };
    let name = table::cell(&issuer.name);
    let url = table::cell(&issuer.issuer);
    let count = match issuer.keys.len() {
        0 => "no keys, its tokens are refused".to_owned(),
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    };
    writeln!(out, "issuer {name} ({url}): {count}{optional}")?;
    let keys: Vec<_> = issuer.keys.iter().map(key_row).collect();
    table::write(&KEY_COLUMNS, &keys, "  ", out)?;
    let sources: Vec<_> = issuer
        .sources
        .iter()
        .map(|source| source_row(source, now))
        .collect();
    table::write(&SOURCE_COLUMNS, &sources, "  ", out)
}

fn key_row(key: &KeyStatus) -> Vec<String> {
    let age = key
        .age_seconds
        .map_or_else(nothing, |seconds| span(Duration::from_secs(seconds)));
    vec![
        key.kid.clone().unwrap_or_else(nothing),
        key.alg.clone(),
        key.thumbprint.clone(),
        age,
    ]
}

fn source_row(source: &SourceStatus, now: UnixMillis) -> Vec<String> {
    let moment = |at: Option<i64>| {
        at.map_or_else(nothing, |seconds| {
            relative(UnixMillis::from_seconds(seconds), now)
        })
    };
    let outcome = source
        .outcome
        .map_or_else(nothing, |outcome| outcome.label().to_owned());
    let outcome = match &source.error {
        Some(error) => format!("{outcome}: {error}"),
        None => outcome,
    };
    let skipped = source.skipped.iter();
    let skipped: Vec<String> = skipped
        .map(|(cause, count)| format!("{count} {cause}"))
        .collect();
    let skipped = if skipped.is_empty() {
        nothing()
    } else {
        skipped.join(", ")
    };
    let keys_from = source
        .keys_from
        .map_or_else(nothing, |from| from.label().to_owned());
    vec![
        source.source.clone(),
        moment(source.last_fetch_at),
        moment(source.last_success_at),
        moment(source.next_fetch_at),
        keys_from,
        skipped,
        outcome,
    ]
}

fn nothing() -> String {
    "-".to_owned()
}

/// `3.4 KiB`, as sizes are written in the configuration.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes.saturating_mul(10) / unit;
            return match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                tenth => format!("{}.{tenth} {name}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}

const KEY_COLUMNS: [&str; 4] = ["KID", "ALG", "THUMBPRINT", "AGE"];
const SOURCE_COLUMNS: [&str; 7] = [
    "SOURCE",
    "LAST FETCH",
    "LAST GOOD",
    "NEXT FETCH",
    "KEYS FROM",
    "SKIPPED",
    "OUTCOME",
];

const EXAMPLES: &str = "Examples:
  jotgate status
  jotgate status --admin unix:///run/jotgate/admin.sock";

#[cfg(test)]
mod tests;
