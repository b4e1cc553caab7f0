//! The configuration: a YAML text becomes a [`Config`], or every error at once.
//!
//! Only `app` and `cli` know this module; every other module owns the type of its own settings.

mod convert;
mod document;
mod error;
mod json;
mod nearest;
mod problems;
mod raw;
mod read;
mod schema;
mod stream;
mod tree;

pub(crate) use document::read_document;
pub use error::{ConfigError, ConfigErrors};
pub(crate) use nearest::nearest;
pub(crate) use problems::{At, Problems, one_of, quoted};
pub use schema::schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::cache::CacheSettings;
use crate::consumers::Consumers;
pub use crate::http::Original;
use crate::issue::IssueSettings;
use crate::issuers::IssuerPolicy;
use crate::listen::{Address, TlsSettings};
use crate::refresh::SourceSettings;
use crate::rules::RuleSettings;
use crate::signature::{FingerprintKey, sha256};
use crate::telemetry::{LogSettings, TraceSettings};
use crate::token::TokenLimits;
use convert::Context;
use tree::{Node, Value};

/// Reads a configuration file. Relative paths in it start at its own directory.
///
/// # Errors
/// Everything that is wrong with it; nothing else is touched, no address is bound.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let whole_file = |problem: String| ConfigErrors::whole_file(problem);
    let bytes = fs::read(path).map_err(|error| {
        whole_file(format!(
            "{} cannot be read: {error}; name another with --config",
            path.display()
        ))
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| whole_file(format!("{} is not UTF-8: convert it", path.display())))?;
    let base_dir = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let mut config = parse(&text, base_dir)?;
    config.files.insert(0, path.to_path_buf());
    Ok(config)
}

/// Reads a configuration from its text. Relative paths in it start at `base_dir`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, base_dir: &Path) -> Result<Config, ConfigErrors> {
    let read_at = SystemTime::now();
    let tree = Node::parse(text).map_err(|(line, problem)| ConfigErrors::at_line(line, problem))?;
    let mut problems = Problems::new(&tree);
    problems.find_duplicates();
    // An empty file is an empty map: what is wrong with it is that it names no issuer.
    let raw = if matches!(tree.value, Value::Null) {
        Some(raw::Config::default())
    } else {
        read::read(&tree, &mut problems)
    };
    let Some(mut raw) = raw else {
        return Err(problems.into_errors());
    };
    let mut context = Context::new(problems, base_dir);
    let mut config = convert::config(&mut raw, &mut context);
    if !context.problems.is_empty() {
        return Err(context.problems.into_errors());
    }
    let files = context.files.into_read();
    config.hash = fingerprint(text, files.iter().map(|(_, digest)| digest));
    config.read_at = read_at;
    config.files = files.into_iter().map(|(path, _)| path).collect();
    config.effective =
        serde_json::to_value(&raw).expect("what was read from text can be written as text");
    config.effective_yaml =
        serde_saphyr::to_string(&raw).expect("what was read from YAML can be written as YAML");
    Ok(config)
}

fn fingerprint<'d>(text: &str, files: impl Iterator<Item = &'d [u8; 32]>) -> String {
    let mut bytes = sha256(text.as_bytes()).to_vec();
    bytes.extend(files.flatten());
    let hex = |byte: &u8| format!("{byte:02x}");
    sha256(&bytes)[..HASH_BYTES].iter().map(hex).collect()
}

/// A whole, valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `server`
    pub server: ServerSettings,
    /// `issuers`, in the order of the file.
    pub issuers: Vec<IssuerSettings>,
    /// `consumers`, those of `consumers_file`, `consumer_key_claim` and `anonymous_consumer`.
    pub consumers: Arc<Consumers>,
    /// `rules`, in the order of the file, with what the settings beside them say where they do
    /// not.
    pub rules: Vec<RuleSettings>,
    /// `credentials`, `on_multiple_tokens`, `forward` and `deny`, as the rule beside all others.
    pub beside: RuleSettings,
    /// `bypass_cors_preflight`
    pub bypass_cors_preflight: bool,
    /// `issue`; nothing is issued without it.
    pub issue: Option<IssueSettings>,
    /// `cache`
    pub cache: CacheSettings,
    /// `limits.token_bytes`, `limits.claims_depth`
    pub token_limits: TokenLimits,
    /// `limits.concurrent_requests`
    pub concurrent_requests: usize,
    /// `limits.header_bytes`
    pub header_bytes: usize,
    /// `limits.connections`
    pub connections: usize,
    /// `log`
    pub log: LogSettings,
    /// `traces`; requests are not traced without it.
    pub traces: Option<TraceSettings>,
    /// `log.fingerprint_key`; `None` is a key of the process's own.
    pub fingerprint_key: Option<FingerprintKey>,
    /// The configuration in force, defaults filled in, secrets redacted.
    pub effective: serde_json::Value,
    /// The same as YAML, in the order of the documentation.
    pub effective_yaml: String,
    /// Fingerprint of the configuration and the files it names, hexadecimal.
    pub hash: String,
    /// The files it was read from and names: what a reload watches.
    pub files: Vec<PathBuf>,
    /// When they were begun to be read.
    pub read_at: SystemTime,
}

/// `server`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `grpc.listen`
    pub grpc: Address,
    /// `grpc.tls`
    pub grpc_tls: Option<TlsSettings>,
    /// `http.listen`
    pub http: Address,
    /// `http.tls`
    pub http_tls: Option<TlsSettings>,
    /// `admin.listen`
    pub admin: Address,
    /// `http.original`
    pub original: Original,
    /// `threads`; `None` is `auto`.
    pub threads: Option<usize>,
    /// `drain`
    pub drain: Duration,
    /// `state_dir`
    pub state_dir: Option<PathBuf>,
}

/// One entry of `issuers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// What its tokens must be like.
    pub policy: IssuerPolicy,
    /// Where its keys come from; never empty.
    pub sources: Vec<SourceSettings>,
    /// Whether readiness does not wait for it.
    pub optional: bool,
}

/// Enough to tell configurations apart, short enough to read out.
const HASH_BYTES: usize = 8;

#[cfg(test)]
mod tests;
