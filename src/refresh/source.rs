//! What every source of keys is to its issuer: a name, an answer, a reason for none.

use std::future::Future;
use std::io;
use std::time::Duration;

use url::Url;

use super::persist::hex;
use super::settings::{SourceKind, SourceSettings};
use crate::keys::{JwkSetError, PemError};
use crate::signature::KeyDefect;

/// A source that is asked over the network.
pub(super) trait RemoteSource: Send + 'static {
    /// Asks once. `known` is the validator of the set that is in force.
    fn fetch(&mut self, known: Option<&Validator>) -> impl Future<Output = Fetched> + Send;

    /// The fetch brought no key set: whatever led there may be wrong.
    fn refused(&mut self) {}
}

/// What came of asking.
pub(super) type Fetched = Result<Answer, SourceError>;

/// What a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The set.
    pub(super) body: Body,
    /// How long HTTP says it stays fresh.
    pub(super) lifetime: Option<Duration>,
}

/// The set, or that it is still the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// The set as JSON, unread.
    Json {
        /// The text.
        json: Vec<u8>,
        /// By which the source knows it again.
        validator: Option<Validator>,
    },
    /// 304: still the one of the validator.
    Unchanged,
}

/// `ETag` of the answer of one URL (RFC 9110 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validator {
    /// Where it came from: another URL's tag means nothing.
    pub(super) url: Url,
    /// The tag as it stands.
    pub(super) etag: http::HeaderValue,
}

/// Why a source has no keys for us. The texts hold no secret and nothing of the answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum SourceError {
    #[error(
        "{url}: plain http is refused unless the host is loopback and no https document led there; set allow_http to allow it"
    )]
    Insecure { url: String },
    #[error("{url}: not an http or https address")]
    NotHttp { url: String },
    #[error("the TLS or proxy settings cannot be used: {0}")]
    Client(String),
    #[error("{0}")]
    Transport(String),
    #[error("timed out after {0:?}")]
    TimedOut(Duration),
    #[error("the server answered {0}")]
    Status(http::StatusCode),
    #[error("the answer is longer than {0} bytes")]
    TooLarge(u64),
    #[error("not a metadata document with issuer and jwks_uri")]
    Metadata,
    #[error(
        "the metadata is of another issuer; `issuer` there and here must be the same to the letter"
    )]
    OtherIssuer,
    #[error("discovery needs an issuer that is a URL; name jwks_url instead")]
    IssuerNotUrl,
    #[error(transparent)]
    KeySet(#[from] JwkSetError),
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("the secret cannot be used ({}): HMAC needs at least as many bytes as its hash", .0.code())]
    Secret(KeyDefect),
    #[error("the secret is not valid {0}")]
    SecretEncoding(&'static str),
    #[error("{0}")]
    SecretUnreadable(String),
    #[error("{path}: {error}")]
    File { path: String, error: io::Error },
}

/// What a source is called in logs and on the status page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// As in the configuration: `jwks_url`, `discovery`, …
    pub(super) kind: &'static str,
    /// Its URL without query and user, its path, or nothing.
    pub(super) place: String,
}

impl Label {
    /// Of a source of `issuer`.
    #[must_use]
    pub(super) fn new(source: &SourceSettings, issuer: &str) -> Self {
        use crate::secret::SecretSource;
        let secret_place = |secret: &SecretSource| match secret {
            SecretSource::File(path) => path.display().to_string(),
            SecretSource::Env(name) => format!("env {name}"),
            SecretSource::Value(_) => String::new(),
        };
        let (kind, place) = match &source.kind {
            SourceKind::Discovery(_) => {
                let url = Url::parse(issuer);
                (
                    "discovery",
                    url.map_or_else(|_| issuer.to_owned(), |url| printable(&url)),
                )
            }
            SourceKind::Url(url, _) => ("jwks_url", printable(url)),
            SourceKind::File(path) => ("jwks_file", path.display().to_string()),
            SourceKind::Inline(_) => ("jwks", String::new()),
            SourceKind::Own => ("own", String::new()),
            SourceKind::Pem { source, .. } => ("pem", secret_place(source)),
            SourceKind::Secret { source, .. } => ("secret", secret_place(source)),
        };
        Self { kind, place }
    }
}

/// What the saved keys of a source belong to: where they are from, and what its server had to show.
/// Not to be printed.
#[must_use]
pub(super) fn identity(source: &SourceSettings, issuer: &str) -> String {
    let Label { kind, place } = Label::new(source, issuer);
    let (place, http) = match &source.kind {
        // Two sets may differ in the query alone.
        SourceKind::Url(url, http) => (url.to_string(), Some(http)),
        SourceKind::Discovery(http) => (place, Some(http)),
        SourceKind::File(_)
        | SourceKind::Inline(_)
        | SourceKind::Own
        | SourceKind::Pem { .. }
        | SourceKind::Secret { .. } => (place, None),
    };
    let mut identity = format!("{kind} {place}");
    if let Some(http) = http {
        // Of a URL the scheme is written in it.
        let is_discovery = matches!(source.kind, SourceKind::Discovery(_));
        let may_be_http = is_discovery && http.allow_http;
        let pins = http.spki_sha256.iter();
        let mut pins: Vec<_> = pins.map(|pin| format!("\npin {}", hex(pin))).collect();
        pins.sort();
        let trust = http
            .ca_file
            .iter()
            .map(|path| format!("\nca {}", path.display()))
            .chain(pins)
            .chain(may_be_http.then(|| "\nhttp".to_owned()));
        identity.extend(trust);
    }
    identity
}

/// The URL without what may be secret: user, password, query, fragment.
#[must_use]
pub(super) fn printable(url: &Url) -> String {
    let mut url = url.clone();
    // These fail only for URLs that have no place for a user, and then there is none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// A number in 0..1 that nobody can foresee.
pub(super) fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    crate::signature::fill_random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::fetch::Fetcher;
    use super::super::settings::{HttpSettings, RefreshSettings, SourceKind, SourceSettings};
    use super::{identity, printable};

    #[test]
    fn saved_keys_belong_to_the_whole_url_and_to_what_its_server_had_to_show() {
        let identity = |url: &str, change: fn(&mut HttpSettings)| {
            let mut http = HttpSettings::default();
            change(&mut http);
            let kind = SourceKind::Url(url.parse().expect("valid"), http);
            let refresh = RefreshSettings::default();
            identity(&SourceSettings { kind, refresh }, "https://idp/")
        };
        let plain = identity("https://idp/keys?p=a", |_| ());
        assert_eq!(plain, "jwks_url https://idp/keys?p=a");
        for same in [
            identity("https://idp/keys?p=a", |it| it.max_bytes = 1),
            identity("https://idp/keys?p=a", |it| it.allow_http = true),
        ] {
            assert_eq!(plain, same);
        }
        for other in [
            identity("https://idp/keys?p=b", |_| ()),
            identity("https://idp/keys?p=a", |it| it.spki_sha256 = vec![[0; 32]]),
            identity("https://idp/keys?p=a", |it| it.ca_file = Some("ca".into())),
        ] {
            assert_ne!(plain, other);
        }
    }

    #[test]
    fn a_document_that_came_over_https_leads_to_no_plain_http() {
        for (from, to, allow_http, is_followed) in [
            ("https://idp/", "https://other/keys", false, true),
            ("https://idp/", "http://127.0.0.1:15000/keys", false, false),
            ("https://idp/", "http://localhost/keys", false, false),
            ("https://idp/", "http://idp/keys", true, true),
            (
                "http://127.0.0.1:1/",
                "http://127.0.0.1:2/keys",
                false,
                true,
            ),
            ("http://127.0.0.1:1/", "http://idp/keys", false, false),
        ] {
            let settings = HttpSettings {
                allow_http,
                ..HttpSettings::default()
            };
            let fetcher = Fetcher::new(settings, Duration::ZERO);
            let [from, to] = [from, to].map(|url| url.parse().expect("valid"));
            assert_eq!(fetcher.may_follow(&from, &to).is_ok(), is_followed, "{to}");
        }
    }

    #[test]
    fn a_url_is_printed_without_what_may_be_secret() {
        let url = "https://user:hunter2@idp.example.com:8443/keys?token=hunter2#hunter2";
        let url = url.parse().expect("valid");
        assert_eq!(printable(&url), "https://idp.example.com:8443/keys");
    }
}
