//! From what is written to what is meant: everything that takes more than one value, or a file.

mod consumer;
mod consumers_file;
mod files;
mod issue;
mod issue_clients;
mod issuer;
mod matching;
mod material;
mod request;
mod requirement;
mod rule;
mod server;
mod source;
mod tls;
mod traces;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::cache::CacheSettings;
use crate::limits::{CLAIMS_DEPTH_MAX, TOKEN_BYTES_MAX};
use crate::rules::RuleSettings;
use crate::signature::FingerprintKey;
use crate::telemetry::LogSettings;
use crate::token::TokenLimits;

use super::Config;
use super::problems::{At, Problems};
use super::raw;
use files::Files;

/// What the conversion needs beside the text.
pub(super) struct Context<'t> {
    /// Where errors go.
    pub(super) problems: Problems<'t>,
    /// The files named so far.
    pub(super) files: Files<'t>,
}

impl<'t> Context<'t> {
    pub(super) fn new(problems: Problems<'t>, base_dir: &'t Path) -> Self {
        let files = Files::new(base_dir);
        Self { problems, files }
    }
}

/// Converts the whole configuration; the result counts only if there are no problems. Fills in
/// the defaults that depend on other values. `effective`, `hash`, `files` and `read_at` are left empty.
pub(super) fn config(raw: &mut raw::Config, context: &mut Context<'_>) -> Config {
    let at = At::ROOT;
    let token_limits = token_limits(&raw.limits, &at.key("limits"), context);
    let beside = RuleSettings {
        credentials: request::credentials(raw, context),
        forward: request::forward(&raw.forward, &at.key("forward"), context),
        deny: request::deny(&raw.deny, &at.key("deny"), context),
        ..RuleSettings::default()
    };
    let issuers = issuer::issuers(raw, context);
    Config {
        server: server::server(&raw.server, &at.key("server"), context),
        rules: rule::rules(raw, &beside, &issuers, context),
        consumers: Arc::new(consumer::consumers(raw, &issuers, context)),
        issue: issue::issue(raw, context),
        issuers,
        beside,
        bypass_cors_preflight: raw.bypass_cors_preflight,
        cache: cache(&raw.cache, &at.key("cache"), context),
        token_limits,
        concurrent_requests: usize::try_from(raw.limits.concurrent_requests).unwrap_or(usize::MAX),
        header_bytes: bytes(raw.limits.header_bytes),
        connections: usize::try_from(raw.limits.connections).unwrap_or(usize::MAX),
        log: LogSettings {
            level: raw.log.level.0,
            format: raw.log.format.0,
            decisions: raw.log.decisions.0,
        },
        traces: raw
            .traces
            .as_ref()
            .and_then(|raw| traces::traces(raw, &at.key("traces"), context)),
        fingerprint_key: fingerprint_key(&raw.log, &at.key("log"), context),
        effective: serde_json::Value::Null,
        effective_yaml: String::new(),
        hash: String::new(),
        files: Vec::new(),
        read_at: SystemTime::UNIX_EPOCH,
    }
}

fn cache(raw: &raw::Cache, at: &At<'_>, context: &mut Context<'_>) -> CacheSettings {
    if raw.ttl.0.is_zero() {
        let problem = "must be longer than 0: to turn the cache off write `max_bytes: 0`";
        context.problems.push(&at.key("ttl"), problem);
    }
    CacheSettings {
        max_bytes: raw.max_bytes.0.0,
        ttl: raw.ttl.0,
    }
}

fn token_limits(raw: &raw::Limits, at: &At<'_>, context: &mut Context<'_>) -> TokenLimits {
    let problems = &mut context.problems;
    let token_bytes = bytes(raw.token_bytes);
    if token_bytes == 0 || token_bytes > TOKEN_BYTES_MAX {
        let problem = format!("must be from 1 to {TOKEN_BYTES_MAX} bytes");
        problems.push(&at.key("token_bytes"), problem);
    }
    let claims_depth = usize::try_from(raw.claims_depth).unwrap_or(usize::MAX);
    if !(1..=CLAIMS_DEPTH_MAX).contains(&claims_depth) {
        let problem = format!("must be from 1 to {CLAIMS_DEPTH_MAX}");
        problems.push(&at.key("claims_depth"), problem);
    }
    if raw.concurrent_requests == 0 {
        let problem = "must be at least 1: with 0 every request would be refused";
        problems.push(&at.key("concurrent_requests"), problem);
    }
    if raw.connections == 0 {
        let problem = "must be at least 1: with 0 nobody could connect";
        problems.push(&at.key("connections"), problem);
    }
    TokenLimits {
        token_bytes,
        claims_depth,
    }
}

fn fingerprint_key(
    raw: &raw::Log,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<FingerprintKey> {
    let at = at.key("fingerprint_key");
    let (_, secret) = context.secret(&at, raw.fingerprint_key.as_ref()?)?;
    let (found, needed) = (secret.len(), FingerprintKey::BYTES_MIN);
    if found < needed {
        let problem = format!(
            "has {found} bytes, and needs at least {needed}: make a longer one, with `openssl rand`"
        );
        context.problems.push(&at, problem);
        return None;
    }
    Some(FingerprintKey::new(&secret))
}

fn bytes(written: raw::Written<raw::ByteCount>) -> usize {
    usize::try_from(written.0.0).unwrap_or(usize::MAX)
}
