//! The configuration: a YAML text becomes a [`Config`], or every error at once.
//!
//! Only `app` and `cli` know this module; every other module owns the type of its own settings.

use std::path::PathBuf;
use std::time::Duration;

use crate::cache::CacheSettings;
use crate::credentials::Credentials;
use crate::deny::DenyPolicy;
use crate::forward::ForwardPolicy;
pub use crate::http::Original;
use crate::issuers::IssuerPolicy;
use crate::listen::Address;
use crate::refresh::SourceSettings;
use crate::telemetry::LogSettings;
use crate::token::TokenLimits;

/// A whole, valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `server`
    pub server: ServerSettings,
    /// `issuers`, in the order of the file.
    pub issuers: Vec<IssuerSettings>,
    /// `credentials` and `on_multiple_tokens`
    pub credentials: Credentials,
    /// `forward`
    pub forward: ForwardPolicy,
    /// `deny`
    pub deny: DenyPolicy,
    /// `bypass_cors_preflight`
    pub bypass_cors_preflight: bool,
    /// `cache`
    pub cache: CacheSettings,
    /// `limits.token_bytes`, `limits.claims_depth`
    pub token_limits: TokenLimits,
    /// `limits.concurrent_requests`
    pub concurrent_requests: usize,
    /// `limits.header_bytes`
    pub header_bytes: usize,
    /// `log`
    pub log: LogSettings,
    /// The configuration in force, defaults filled in, secrets redacted.
    pub effective: serde_json::Value,
    /// Fingerprint of the configuration and the files it names, hexadecimal.
    pub hash: String,
    /// The files it was read from and names: what a reload watches.
    pub files: Vec<PathBuf>,
}

/// `server`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `grpc.listen`
    pub grpc: Address,
    /// `http.listen`
    pub http: Address,
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
