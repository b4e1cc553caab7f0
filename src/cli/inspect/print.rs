//! A report as text for people and as JSON for programs.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::Report;
use super::claims::time;
use super::finding::{Finding, Level};
use crate::cli::moment::{relative, utc};
use crate::cli::terminal::{BAD, CAUTION, FAINT, TITLE, visible};

/// For people.
pub(super) fn text(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let anatomy = &report.anatomy;
    writeln!(
        out,
        "{CAUTION}NOT VERIFIED{CAUTION:#}: anybody can have written what stands here."
    )?;
    writeln!(
        out,
        "`jotgate verify` checks signature, issuer, time and audience."
    )?;
    section("Header", anatomy.header.as_ref(), out)?;
    section("Claims", anatomy.claims.as_ref(), out)?;
    if let Some(claims) = &anatomy.claims {
        times(report, claims, out)?;
    }
    if let Some(signature) = &anatomy.signature {
        writeln!(
            out,
            "\n{TITLE}Signature{TITLE:#}\n  {} bytes, not checked",
            signature.len()
        )?;
    }
    findings(report, out)
}

/// For programs.
pub(super) fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let anatomy = &report.anatomy;
    let times: Map<String, Value> = anatomy
        .claims
        .iter()
        .flat_map(|claims| TIMES.map(|name| (name.to_owned(), time(claims, name).map(utc).into())))
        .filter(|(_, time): &(String, Value)| !time.is_null())
        .collect();
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(
            |Finding {
                 level,
                 code,
                 message,
                 reference,
             }| {
                json!({
                    "level": level.name(), "code": code, "message": message, "reference": reference,
                })
            },
        )
        .collect();
    let document = json!({
        "verified": false,
        "token": anatomy.is_token(),
        "header": anatomy.header,
        "claims": anatomy.claims,
        "times": times,
        "signature_bytes": anatomy.signature.as_ref().map(Vec::len),
        "findings": findings,
    });
    writeln!(out, "{document:#}")
}

fn section(
    title: &str,
    object: Option<&Map<String, Value>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "\n{TITLE}{title}{TITLE:#}")?;
    match object {
        Some(object) => {
            let text = serde_json::to_string_pretty(object)?;
            for line in visible(&text).lines() {
                writeln!(out, "  {line}")?;
            }
            Ok(())
        }
        None => writeln!(out, "  (cannot be read)"),
    }
}

fn times(report: &Report, claims: &Map<String, Value>, out: &mut dyn Write) -> io::Result<()> {
    let known: Vec<_> = TIMES
        .iter()
        .filter_map(|name| Some((name, time(claims, name)?)))
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{TITLE}Times{TITLE:#}")?;
    for (name, time) in known {
        writeln!(
            out,
            "  {name:<9} {}  {}",
            utc(time),
            relative(time, report.now)
        )?;
    }
    Ok(())
}

fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{TITLE}Findings{TITLE:#}")?;
    let mut is_clean = true;
    for Finding {
        level,
        code,
        message,
        reference,
    } in report.findings.iter()
    {
        is_clean = false;
        let style = match level {
            Level::Refused => BAD,
            Level::Warning => CAUTION,
            Level::Note => FAINT,
        };
        write!(
            out,
            "  {style}{:<8}{style:#} {code}: {}",
            level.name(),
            visible(message)
        )?;
        if !reference.is_empty() {
            write!(out, " [{reference}]")?;
        }
        writeln!(out)?;
    }
    if is_clean {
        writeln!(out, "  none")?;
    }
    Ok(())
}

/// The claims that are times, as far as they are registered and common.
const TIMES: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];
