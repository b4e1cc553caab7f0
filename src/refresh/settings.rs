//! What the configuration says about a source of keys.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use crate::limits::{KEY_SET_BYTES, REFRESH_EVERY, REFRESH_MIN_INTERVAL, REFRESH_TIMEOUT};
use crate::secret::SecretSource;
use crate::signature::Algorithm;

/// One entry of `issuers.*.keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// Where the keys come from.
    pub kind: SourceKind,
    /// How often.
    pub refresh: RefreshSettings,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `discovery`: the issuer's metadata (OpenID Connect Discovery, RFC 8414) names the key set.
    Discovery(HttpSettings),
    /// `jwks_url`: a key set (RFC 7517) over HTTP.
    Url(Url, HttpSettings),
    /// `jwks_file`: a key set in a file, followed as it changes.
    File(PathBuf),
    /// `jwks`: a key set in the configuration itself, as JSON text.
    Inline(Box<str>),
    /// `own`: what is issued in this process.
    Own,
    /// `pem`: a public key (SPKI, PKCS#1) or an X.509 certificate.
    Pem {
        /// The PEM text.
        source: SecretSource,
        /// `kid`, if the key is to have one.
        id: Option<Box<str>>,
        /// `alg`, if it does not follow from the key.
        algorithm: Option<Algorithm>,
    },
    /// `secret`: a shared secret for HMAC.
    Secret {
        /// The secret.
        source: SecretSource,
        /// `kid`, if the key is to have one.
        id: Option<Box<str>>,
        /// `alg`: HS256, HS384 or HS512.
        algorithm: Algorithm,
        /// How the secret is written down.
        encoding: Encoding,
    },
}

/// How a secret is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes themselves.
    #[default]
    Raw,
    /// Base64 with padding (RFC 4648 4).
    Base64,
    /// Base64url without padding (RFC 4648 5).
    Base64Url,
}

impl Encoding {
    /// The secret that `text` writes down; `None` if it is not written like that.
    #[must_use]
    pub fn decode(self, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let decoded = match self {
            Self::Raw => text.to_vec(),
            Self::Base64 => base64_simd::STANDARD.decode_to_vec(text).ok()?,
            Self::Base64Url => base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text).ok()?,
        };
        Some(Zeroizing::new(decoded))
    }
}

/// How keys are fetched over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Certificate authorities to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key to show to the server, PEM.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// SHA-256 of public keys (SPKI) of which one must be that of the server's own certificate.
    /// Not of any in its chain: a server may append certificates that nobody checks.
    pub spki_sha256: Vec<[u8; 32]>,
    /// Headers to send.
    pub headers: Vec<(http::HeaderName, SecretSource)>,
    /// The proxy to use; without it the usual environment variables count.
    pub proxy: Option<Url>,
    /// The longest answer, decompressed, in bytes.
    pub max_bytes: u64,
    /// Whether plain http is fine for hosts that are not loopback.
    pub allow_http: bool,
}

impl HttpSettings {
    /// Whether whoever could give keys to this one over https could give them to `other` as well.
    pub(super) fn trusts_no_more_than(&self, other: &Self) -> bool {
        let is_pinned = |settings: &Self| !settings.spki_sha256.is_empty();
        let mut pins = self.spki_sha256.iter();
        let pins_are_kept = pins.all(|pin| other.spki_sha256.contains(pin));
        self.ca_file == other.ca_file && (!is_pinned(other) || is_pinned(self) && pins_are_kept)
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            client_certificate: None,
            spki_sha256: Vec::new(),
            headers: Vec::new(),
            proxy: None,
            max_bytes: KEY_SET_BYTES,
            allow_http: false,
        }
    }
}

/// How often keys are fetched, and how long they are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshSettings {
    /// The usual pause between two fetches.
    pub every: Duration,
    /// The shortest pause, whatever happens.
    pub min_interval: Duration,
    /// For one whole fetch.
    pub timeout: Duration,
    /// Keys older than this are used no more; for ever if not set.
    pub max_stale: Option<Duration>,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            every: REFRESH_EVERY,
            min_interval: REFRESH_MIN_INTERVAL,
            timeout: REFRESH_TIMEOUT,
            max_stale: None,
        }
    }
}
