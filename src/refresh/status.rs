//! The keys of an issuer for `/status` and `jotgate status`: nothing secret, nothing of a token.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::keys::Key;

/// The keys of one issuer and how they are had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RingStatus {
    /// `complete`, `loading` (a source has never delivered) or `stale` (keys were dropped).
    pub completeness: &'static str,
    /// Every key of every source.
    pub keys: Vec<KeyStatus>,
    /// Every source, in the order of the configuration.
    pub sources: Vec<SourceStatus>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// Its name, if it has one.
    pub kid: Option<String>,
    /// Its one algorithm.
    pub alg: &'static str,
    /// Always `sig`: others are not used.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// SHA-256 thumbprint (RFC 7638); of a shared secret a number that changes with the process.
    pub thumbprint: String,
    /// Since this process first saw it.
    pub age_seconds: u64,
    /// Its source: a position in [`RingStatus::sources`].
    pub source: usize,
}

/// One source. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// As in the configuration: `jwks_url`, `discovery`, `jwks_file`, `jwks`, `pem`, `secret`.
    pub kind: &'static str,
    /// Its URL without query and user, its path, or nothing.
    pub place: String,
    /// How many usable keys it has.
    pub keys: usize,
    /// Who gave the keys in force; nobody if there are none.
    pub keys_from: Option<KeysFrom>,
    /// How many of its keys are not used, by cause.
    pub skipped: BTreeMap<&'static str, u32>,
    /// Since the keys were last confirmed.
    pub age_seconds: Option<u64>,
    /// The last time it was asked.
    pub last_attempt_at: Option<i64>,
    /// `updated`, `unchanged` or `failed`.
    pub last_outcome: Option<&'static str>,
    /// Why it failed.
    pub last_error: Option<String>,
    /// When it is asked again.
    pub next_at: Option<i64>,
}

/// Who gave a source's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysFrom {
    /// The source itself, since this process runs.
    Source,
    /// `server.state_dir`: the source gave them to an earlier process.
    StateDir,
}

impl KeysFrom {
    /// As in JSON.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::StateDir => "state_dir",
        }
    }
}

impl KeyStatus {
    pub(super) fn new(key: &Key, source: usize, age: Duration) -> Self {
        Self {
            kid: key.id().map(str::to_owned),
            alg: key.algorithm().name(),
            usage: "sig",
            thumbprint: key.thumbprint().to_owned(),
            age_seconds: age.as_secs(),
            source,
        }
    }
}
