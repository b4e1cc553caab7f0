//! A verdict with its evidence, as text for people and as JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::moment::{relative, utc};
use crate::cli::terminal::{BAD, CAUTION, FAINT, GOOD, TITLE, visible};
use crate::grpc::proto::jotgate::v1::{TraceStep, Verdict, VerifyResponse};
use crate::http::verdict_json;
use crate::time::UnixMillis;

/// For people.
pub(super) fn text(
    response: &VerifyResponse,
    now: UnixMillis,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, word) = match response.verdict() {
        Verdict::Allow => (GOOD, "ALLOW"),
        Verdict::Deny => (BAD, "DENY"),
        Verdict::Unavailable | Verdict::Unspecified => (CAUTION, "UNAVAILABLE"),
    };
    let VerifyResponse {
        reason, message, ..
    } = response;
    writeln!(out, "{style}{word}{style:#} {reason}: {message}\n")?;
    writeln!(out, "{TITLE}Steps{TITLE:#}")?;
    for step in &response.trace {
        self::step(step, out)?;
    }
    facts(response, now, out)
}

/// For programs: the answer of `POST /v1/verify`, indented.
pub(super) fn json(response: &VerifyResponse, out: &mut dyn Write) -> io::Result<()> {
    let document: Value = serde_json::from_slice(&verdict_json(response))?;
    writeln!(out, "{document:#}")
}

fn step(step: &TraceStep, out: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = if step.ok { (GOOD, "ok") } else { (BAD, "no") };
    writeln!(out, "  {style}{mark}{style:#} {}", step.step)?;
    // What was expected and what was found stand under each other, so that they can be compared.
    for line in visible(&step.detail)
        .replace("; found ", "\nfound ")
        .lines()
    {
        writeln!(out, "     {line}")?;
    }
    Ok(())
}

/// Keys that could not be had, each of which may be the one that is needed.
pub(super) fn missing(missing: &[String], out: &mut dyn Write) -> io::Result<()> {
    if !missing.is_empty() {
        writeln!(out, "\n{CAUTION}Keys that could not be had{CAUTION:#}")?;
    }
    for source in missing {
        writeln!(out, "  {}", visible(source))?;
    }
    Ok(())
}

/// What is known of a verified token; nothing of one that was refused.
fn facts(response: &VerifyResponse, now: UnixMillis, out: &mut dyn Write) -> io::Result<()> {
    if response.claims_json.is_empty() {
        return Ok(());
    }
    let expires_at = response.expires_at.as_ref().map(|time| {
        let time = UnixMillis::from_seconds(time.seconds);
        format!("{}, {}", utc(time), relative(time, now))
    });
    writeln!(out, "\n{TITLE}Token{TITLE:#}")?;
    for (name, value) in [
        ("issuer", response.issuer.as_str()),
        ("subject", &response.subject),
        ("key", &response.key_id),
        ("rule", &response.rule),
        ("consumer", &response.consumer),
        ("expires", expires_at.as_deref().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            writeln!(
                out,
                "  {FAINT}{name:<8}{FAINT:#} {}",
                visible(value).replace('\n', " ")
            )?;
        }
    }
    let claims: Value = serde_json::from_slice(&response.claims_json)?;
    for line in visible(&format!("{claims:#}")).lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
