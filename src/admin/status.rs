//! What `/status` says and `jotgate status` reads: names, keys' public sides, times. Never a secret.
//!
//! Times are whole seconds since 1970, as in the metrics. What a reader does not know it ignores,
//! what an older instance does not say is empty, so that both may be of different versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::{RefreshOutcome, ReloadOutcome};
use crate::refresh::KeysFrom;

/// The whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What is running. Filled in by the endpoint.
    #[serde(flatten)]
    pub version: Version,
    /// `starting`, `ready` or `draining`. Filled in by the endpoint.
    pub state: String,
    /// When this was written.
    pub now: i64,
    /// What is in force.
    pub configuration: ConfigurationStatus,
    /// Every issuer, in the order of the configuration.
    pub issuers: Vec<IssuerStatus>,
    /// The cache of verified tokens.
    pub cache: CacheStatus,
}

/// What is running; `/version` is this alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// The release.
    pub version: String,
    /// The commit it was built from.
    pub commit: String,
}

/// The configuration in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigurationStatus {
    /// Grows with every reload that is applied.
    pub generation: u64,
    /// Fingerprint of the configuration and the files it names.
    pub hash: String,
    /// How the last reload went, if there was one.
    pub last_reload: Option<ReloadStatus>,
}

/// One reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadStatus {
    /// When.
    pub at: i64,
    /// How it ended.
    pub outcome: ReloadOutcome,
    /// Why it was refused, each with its place and the remedy.
    #[serde(default)]
    pub errors: Vec<String>,
}

/// One issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerStatus {
    /// Its name in the configuration.
    pub name: String,
    /// The value of `iss`.
    pub issuer: String,
    /// Whether readiness does without it.
    pub optional: bool,
    /// The keys in force.
    pub keys: Vec<KeyStatus>,
    /// Where they come from, in the order of the configuration.
    pub sources: Vec<SourceStatus>,
}

/// One key in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyStatus {
    /// `kid`, if it has one.
    pub kid: Option<String>,
    /// The one algorithm it is for.
    pub alg: String,
    /// `sig`: keys for anything else are skipped.
    #[serde(rename = "use")]
    pub usage: String,
    /// SHA-256 thumbprint (RFC 7638), base64url.
    pub thumbprint: String,
    /// Seconds since this instance knows it.
    pub age_seconds: Option<u64>,
}

/// One source of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceStatus {
    /// What kind it is and where, without any secret.
    pub source: String,
    /// When it was last asked.
    pub last_fetch_at: Option<i64>,
    /// How that ended.
    pub outcome: Option<RefreshOutcome>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// When it last delivered good keys, new or not.
    pub last_success_at: Option<i64>,
    /// Who gave the keys in force; nothing if there are none.
    pub keys_from: Option<KeysFrom>,
    /// How many of its keys are not used, by cause, where there are any.
    pub skipped: BTreeMap<String, u32>,
    /// When it will be asked again; never for keys that stand in the configuration.
    pub next_fetch_at: Option<i64>,
}

/// How full the cache of verified tokens is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheStatus {
    /// Tokens in it.
    pub entries: u64,
    /// Their estimated size.
    pub bytes: u64,
    /// `cache.max_bytes`; 0 is off.
    pub max_bytes: u64,
}

impl Version {
    /// What this process is.
    #[must_use]
    pub fn running() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("JOTGATE_COMMIT").to_owned(),
        }
    }
}
