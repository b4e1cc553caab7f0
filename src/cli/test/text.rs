//! What came of the cases, for people.

use std::io::{self, Write};

use super::{Outcome, Report};
use crate::cli::terminal::{BAD, CAUTION, FAINT, GOOD, TITLE, visible};
use crate::explain::Evidence;
use crate::reason::Class;

/// A line for each case, what is wrong with those that failed, and the sum.
pub(super) fn print(report: &Report, unheard: &[String], out: &mut dyn Write) -> io::Result<()> {
    for suite in &report.suites {
        writeln!(out, "{TITLE}{}{TITLE:#}", visible(&suite.name))?;
        for outcome in &suite.outcomes {
            let (style, mark) = match outcome.passed() {
                true => (GOOD, "ok    "),
                false => (BAD, "FAILED"),
            };
            writeln!(out, "  {style}{mark}{style:#} {}", one_line(&outcome.name))?;
            if !outcome.passed() {
                for line in difference(outcome).lines() {
                    writeln!(out, "         {line}")?;
                }
            }
        }
    }
    if report.outcomes().any(wants_keys) && !unheard.is_empty() {
        writeln!(out, "\n{CAUTION}Keys that are not here{CAUTION:#}")?;
        for line in unheard {
            writeln!(out, "  {}", visible(line))?;
        }
    }
    let (total, failed) = (report.outcomes().count(), report.failed());
    let cases = if total == 1 { "case" } else { "cases" };
    let style = if failed == 0 { GOOD } else { BAD };
    let passed = total - failed;
    writeln!(
        out,
        "\n{style}{total} {cases}: {passed} passed, {failed} failed{style:#}"
    )?;
    let style = if report.is_coverage_required {
        BAD
    } else {
        FAINT
    };
    for name in report.never_hit() {
        writeln!(out, "{style}rule `{}` is never hit{style:#}", visible(name))?;
    }
    Ok(())
}

/// What is wrong with a case that failed, and how it was judged.
pub(super) fn difference(outcome: &Outcome) -> String {
    let mut text = String::new();
    for difference in &outcome.differences {
        let (field, expected) = (&difference.field, one_line(&difference.expected));
        text += &format!("{field}: expected {expected}\n");
        let blank = " ".repeat(field.len());
        text += &format!("{blank}  got      {}\n", one_line(&difference.found));
    }
    text += "steps:\n";
    for evidence in &outcome.ruling.steps {
        text += &step(evidence);
    }
    text
}

fn step(evidence: &Evidence) -> String {
    let (mark, detail) = match evidence.outcome {
        Ok(()) => ("ok", evidence.detail.clone()),
        Err(reason) => ("no", format!("{}: {}", reason.code(), evidence.detail)),
    };
    let detail = visible(&detail).replace("; found ", "\n       found ");
    format!("  {mark} {}\n       {detail}\n", evidence.step.name())
}

/// Names and values as they are written, on one line.
pub(super) fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

fn wants_keys(outcome: &Outcome) -> bool {
    !outcome.passed() && outcome.ruling.reason.class() == Class::Unavailable
}
