//! `jotgate test`: a table of requests, and the verdicts they must get.

mod expectation;
mod junit;
mod mirror;
mod read;
mod review;
mod text;
mod words;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::serve::failed;
use super::{ConfigFile, Exit, Failure};
use crate::app::cases::{Court, Ruling};
use crate::time::{Clock as _, SystemClock};
use expectation::Difference;
use read::{Known, PolicyCase};

/// Arguments of `jotgate test`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Test {
    #[command(flatten)]
    config: ConfigFile,
    /// How the outcome is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Fail as well if there is a rule that no case meets.
    #[arg(long)]
    require_coverage: bool,
    /// Files of cases.
    #[arg(value_name = "CASES.yaml", required = true)]
    files: Vec<PathBuf>,
}

/// How the outcome is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// JUnit XML, for whatever collects the outcomes of tests.
    Junit,
}

impl Test {
    /// Does it. Ends with `No` if a case fails.
    ///
    /// # Errors
    /// [`Failure`] if the configuration or a file of cases is bad.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        let known = Known::of(&config);
        let now = SystemClock.now();
        let mut suites = Vec::new();
        for path in &self.files {
            suites.push((path, read::file(path, &known, now)?));
        }
        let cases = suites.iter().flat_map(|(_, cases)| cases);
        let court = Court::new(&config, cases.map(|case| &case.case)).map_err(failed)?;
        let mut report = Report {
            rules: known.rules,
            is_coverage_required: self.require_coverage,
            ..Report::default()
        };
        for (path, cases) in suites {
            let name = path.display().to_string();
            let outcomes = cases.into_iter().map(|case| report.outcome(case, &court));
            let outcomes: Result<_, Failure> = outcomes.collect();
            report.suites.push(Suite {
                outcomes: outcomes?,
                name,
            });
        }
        match self.format {
            Format::Text => text::print(&report, court.unheard(), out)?,
            Format::Junit => junit::print(&report, out)?,
        }
        let is_good = report.failed() == 0 && report.uncovered_failures().is_empty();
        Ok(if is_good { Exit::Good } else { Exit::No })
    }
}

/// What came of all cases.
#[derive(Debug, Default)]
struct Report {
    suites: Vec<Suite>,
    /// The names of the rules by their places.
    rules: Vec<String>,
    /// The places of rules that a case met.
    met: BTreeSet<usize>,
    is_coverage_required: bool,
}

/// What came of the cases in a file.
#[derive(Debug)]
struct Suite {
    name: String,
    outcomes: Vec<Outcome>,
}

/// What came of a case.
#[derive(Debug)]
struct Outcome {
    name: String,
    ruling: Ruling,
    /// None if it is as it must be.
    differences: Vec<Difference>,
}

impl Outcome {
    fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Report {
    fn outcome(&mut self, case: PolicyCase, court: &Court) -> Result<Outcome, Failure> {
        let ruling = court.judge(&case.case).map_err(failed)?;
        self.met.extend(ruling.rule);
        Ok(Outcome {
            differences: case.expected.differences(&ruling, &self.rules),
            name: case.name,
            ruling,
        })
    }

    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.suites.iter().flat_map(|suite| &suite.outcomes)
    }

    fn failed(&self) -> usize {
        self.outcomes().filter(|outcome| !outcome.passed()).count()
    }

    /// The names of rules that no case met.
    fn never_hit(&self) -> Vec<&str> {
        let rules = self.rules.iter().enumerate();
        let never_hit = rules.filter(|(place, _)| !self.met.contains(place));
        never_hit.map(|(_, name)| name.as_str()).collect()
    }

    /// The same, if that is a failure.
    fn uncovered_failures(&self) -> Vec<&str> {
        if self.is_coverage_required {
            self.never_hit()
        } else {
            Vec::new()
        }
    }
}

const EXAMPLES: &str = "Needs no network: tokens are signed on the fly, and real ones (`jwt`) are \
judged by the keys in files and in the configuration.

Examples:
  jotgate test --config jotgate.yaml cases.yaml
  jotgate test --config jotgate.yaml --format junit --require-coverage cases/*.yaml > report.xml";
