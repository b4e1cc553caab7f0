//! `issuers.*.keys[*]`

use std::time::Duration;

use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::limits;
use crate::refresh::Encoding;
use crate::signature::Algorithm;

use super::entries::Entries;
use super::number::ByteCount;
use super::scalar::{FilePath, Line, Pin, Written};
use super::secret::{HeaderText, Secret};

/// A source of keys: exactly one of `discovery`, `jwks_url`, `jwks_file`, `jwks`, `own`,
/// `pem` and `secret`, and how it is read.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [
    {"required": ["discovery"]}, {"required": ["jwks_url"]}, {"required": ["jwks_file"]},
    {"required": ["jwks"]}, {"required": ["own"]}, {"required": ["pem"]}, {"required": ["secret"]},
]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct KeySource {
    /// The issuer's metadata names the key set (OpenID Connect Discovery, RFC 8414).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) discovery: Option<Discovery>,
    /// The URL of a key set (RFC 7517).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) jwks_url: Option<Written<Url>>,
    /// A file that holds a key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) jwks_file: Option<Written<FilePath>>,
    /// A key set.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) jwks: Option<serde_json::Value>,
    /// A public key (SPKI, PKCS#1) or an X.509 certificate, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) pem: Option<Secret>,
    /// A shared secret for HS256, HS384 or HS512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) secret: Option<Secret>,
    /// What is issued here, by `issue`: needs no network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) own: Option<Own>,
    /// `kid`; for `pem` and `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) kid: Option<Written<Line>>,
    /// `alg`; for `pem` and `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) alg: Option<Written<Algorithm>>,
    /// How the secret is written down; for `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) encoding: Option<Written<Encoding>>,
    /// How often the source is read, and how long its keys are good for.
    pub(in crate::config) refresh: Refresh,
    /// Certificate authorities to trust instead of the system's, PEM; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) ca_file: Option<Written<FilePath>>,
    /// A certificate to show to the server, PEM; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) client_cert_file: Option<Written<FilePath>>,
    /// Its private key, PEM; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) client_key_file: Option<Written<FilePath>>,
    /// SHA-256 of public keys (SPKI), base64, one of which must be that of the server's own
    /// certificate; for what is fetched.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) spki_sha256: Option<Vec<Written<Pin>>>,
    /// Headers to send: a text or a secret each; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) headers: Option<Entries<HeaderName, HeaderText>>,
    /// The proxy to use; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) proxy: Option<Written<Url>>,
    /// The longest answer, decompressed; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max_bytes: Option<Written<ByteCount>>,
    /// Whether plain http is fine for a host that is not loopback; for what is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) allow_http: Option<bool>,
}

/// There is nothing to say yet.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Discovery {}

/// There is nothing to say yet.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Own {}

/// How often keys are read, and how long they are good for.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Refresh {
    /// The usual pause between two fetches.
    pub(in crate::config) every: Written<Duration>,
    /// The shortest pause, whatever happens.
    pub(in crate::config) min_interval: Written<Duration>,
    /// For one whole fetch.
    pub(in crate::config) timeout: Written<Duration>,
    /// Keys older than this are used no more; without it they stay until there are new ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max_stale: Option<Written<Duration>>,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            every: Written(limits::REFRESH_EVERY),
            min_interval: Written(limits::REFRESH_MIN_INTERVAL),
            timeout: Written(limits::REFRESH_TIMEOUT),
            max_stale: None,
        }
    }
}
