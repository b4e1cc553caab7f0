//! One bounded HTTP GET: in time, in size, in where it may lead.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Client, Response, redirect};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::{Host, Url};

use super::lifetime::lifetime;
use super::settings::HttpSettings;
use super::source::{Answer, Body, RemoteSource, SourceError, Validator, printable};
use super::tls::client_config;
use crate::limits::KEY_CLIENTS_IN_THE_MAKING;

/// `jwks_url`: a key set over HTTP.
pub(super) struct UrlSource {
    url: Url,
    fetcher: Fetcher,
}

impl UrlSource {
    /// The set at `url`.
    pub(super) const fn new(url: Url, fetcher: Fetcher) -> Self {
        Self { url, fetcher }
    }
}

impl RemoteSource for UrlSource {
    async fn fetch(&mut self, known: Option<&Validator>) -> Result<Answer, SourceError> {
        self.fetcher
            .get(&self.url, Headers::Configured, known)
            .await
    }
}

/// Which headers a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Headers {
    /// Those of the configuration, which may hold credentials.
    Configured,
    /// None of them, nor the client's certificate: the URL was not named by the operator.
    Plain,
}

/// Fetches documents as the settings of one source say.
#[derive(Clone)]
pub(super) struct Fetcher {
    settings: HttpSettings,
    timeout: Duration,
    /// For the one client that is being made, perhaps of files that nobody can read in time.
    building: Arc<Semaphore>,
}

impl Fetcher {
    /// With the time one fetch may take from first to last byte.
    pub(super) fn new(settings: HttpSettings, timeout: Duration) -> Self {
        Self {
            settings,
            timeout,
            building: Arc::new(Semaphore::new(1)),
        }
    }

    /// Fetches `url`; `known` is what is in force, and counts only if it is from there.
    ///
    /// # Errors
    /// Everything but 200 with a body within bounds, or 304 where something was known.
    pub(super) async fn get(
        &self,
        url: &Url,
        headers: Headers,
        known: Option<&Validator>,
    ) -> Result<Answer, SourceError> {
        // Before the clock runs: where many wait in line, none of them is late for it.
        let turn = CLIENTS_IN_THE_MAKING.acquire().await;
        let whole = self.get_unbounded(url, headers, known, turn.ok());
        // The client's own timeout does not cover what happens before it connects.
        tokio::time::timeout(self.timeout, whole)
            .await
            .unwrap_or(Err(SourceError::TimedOut(self.timeout)))
    }

    async fn get_unbounded(
        &self,
        url: &Url,
        headers: Headers,
        known: Option<&Validator>,
        turn: Option<SemaphorePermit<'static>>,
    ) -> Result<Answer, SourceError> {
        self.may_fetch(url)?;
        let known = known.filter(|known| known.url == *url);
        let (client, mut map) = self.client(url, headers).await?;
        drop(turn);
        map.insert(
            ACCEPT,
            HeaderValue::from_static("application/jwk-set+json, application/json"),
        );
        if let Some(known) = known {
            map.insert(IF_NONE_MATCH, known.etag.clone());
        }
        let request = client.get(url.clone()).headers(map);
        let response = request.send().await.map_err(transport)?;
        let lifetime = lifetime(response.headers());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if known.is_some() => {
                let body = Body::Unchanged;
                return Ok(Answer { body, lifetime });
            }
            status => return Err(SourceError::Status(status)),
        }
        let validator = response.headers().get(ETAG).map(|etag| Validator {
            url: url.clone(),
            etag: etag.clone(),
        });
        let json = self.body(response).await?;
        let body = Body::Json { json, validator };
        Ok(Answer { body, lifetime })
    }

    /// Whether the settings let us fetch from there at all.
    pub(super) fn may_fetch(&self, url: &Url) -> Result<(), SourceError> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.settings.allow_http || is_loopback(url) => Ok(()),
            "http" => Err(SourceError::Insecure {
                url: printable(url),
            }),
            _ => Err(SourceError::NotHttp {
                url: printable(url),
            }),
        }
    }

    /// Whether what stands at `from` may send us to `to`. The exception for this machine is for what
    /// the operator wrote: a document that came over https does not send us there.
    pub(super) fn may_follow(&self, from: &Url, to: &Url) -> Result<(), SourceError> {
        self.may_fetch(to)?;
        if from.scheme() == "https" && to.scheme() != "https" && !self.settings.allow_http {
            return Err(SourceError::Insecure { url: printable(to) });
        }
        Ok(())
    }

    /// A client for one fetch. Fetches are minutes apart, so that a connection kept open would be
    /// a stale one; and whatever file it is made from may have changed.
    async fn client(
        &self,
        url: &Url,
        headers: Headers,
    ) -> Result<(Client, HeaderMap), SourceError> {
        let mut settings = self.settings.clone();
        if headers == Headers::Plain {
            settings.client_certificate = None;
            settings.headers.clear();
        }
        let (timeout, url) = (self.timeout, url.clone());
        // One at a time: each that hangs keeps a thread, of which there are not many.
        let Ok(building) = Arc::clone(&self.building).try_acquire_owned() else {
            let problem = "files that it needs are still being read, since an earlier attempt";
            return Err(SourceError::Client(problem.to_owned()));
        };
        // Reads files, among them every certificate authority of the system.
        let built = tokio::task::spawn_blocking(move || {
            let _building = building;
            Ok((build(&settings, timeout, &url)?, header_map(&settings)?))
        });
        built
            .await
            .unwrap_or_else(|error| Err(SourceError::Client(error.to_string())))
    }

    /// The body, decompressed, if it is not too long. Never holds more than one piece too many.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, SourceError> {
        let bytes_max = self.settings.max_bytes;
        let too_large = || SourceError::TooLarge(bytes_max);
        if response
            .content_length()
            .is_some_and(|length| length > bytes_max)
        {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(transport)? {
            if (body.len() + piece.len()) as u64 > bytes_max {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

fn build(settings: &HttpSettings, timeout: Duration, url: &Url) -> Result<Client, SourceError> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured(client_config(settings)?)
        .user_agent(concat!("jotgate/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(redirect_within(url))
        .referer(false)
        .https_only(url.scheme() == "https")
        .http2_max_header_list_size(RESPONSE_HEADER_BYTES)
        .pool_max_idle_per_host(0);
    if let Some(proxy) = &settings.proxy {
        let proxy = reqwest::Proxy::all(proxy.clone());
        let proxy = proxy.map_err(|error| SourceError::Client(error.to_string()))?;
        builder = builder.proxy(proxy);
    } else if is_loopback(url) {
        // What HTTP_PROXY says is meant for elsewhere.
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| SourceError::Client(describe(error)))
}

/// Follows a few redirects within the same scheme, host and port. Anywhere else could be anybody:
/// a redirect is not the operator's word for where keys are.
fn redirect_within(url: &Url) -> redirect::Policy {
    let origin = url.origin();
    redirect::Policy::custom(move |attempt| {
        if attempt.url().origin() != origin {
            attempt.error("redirected to another host, which is not followed")
        } else if attempt.previous().len() > REDIRECTS_MAX {
            attempt.error("redirected too often")
        } else {
            attempt.follow()
        }
    })
}

fn header_map(settings: &HttpSettings) -> Result<HeaderMap, SourceError> {
    let mut map = HeaderMap::new();
    for (name, source) in &settings.headers {
        let secret = source.read().map_err(SourceError::SecretUnreadable)?;
        let mut value = HeaderValue::from_bytes(&secret).map_err(|_| {
            SourceError::Client(format!("header {name}: the value has a control character"))
        })?;
        value.set_sensitive(true);
        map.append(name.clone(), value);
    }
    Ok(map)
}

/// Whether the URL's host is this machine, by what it says and not by what a name server says.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn transport(error: reqwest::Error) -> SourceError {
    SourceError::Transport(describe(error))
}

/// The error with all its causes, without the URL: it may hold a secret.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.chars().take(ERROR_CHARS).collect()
}

/// Each takes a thread and reads all certificate authorities of the system: megabytes for a
/// moment, which a thousand issuers that start at once would take a thousand times. More than one,
/// so that a file that cannot be read in time, on a network's disk, holds up its own issuer alone.
static CLIENTS_IN_THE_MAKING: Semaphore = Semaphore::const_new(KEY_CLIENTS_IN_THE_MAKING);

const REDIRECTS_MAX: usize = 3;
const RESPONSE_HEADER_BYTES: u32 = 64 * 1024;
const ERROR_CHARS: usize = 400;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fetcher, HttpSettings, is_loopback};

    #[test]
    fn plain_http_is_for_loopback_or_where_it_is_said() {
        for (url, is_safe) in [
            ("https://idp.example.com/keys", true),
            ("http://localhost:8080/keys", true),
            ("http://127.0.0.1/keys", true),
            ("http://127.9.9.9/keys", true),
            ("http://[::1]:1/keys", true),
            ("http://idp.example.com/keys", false),
            ("http://localhost.example.com/keys", false),
            ("http://idp.localhost/keys", false),
            ("http://127.0.0.1.example.com/keys", false),
            ("http://10.0.0.1/keys", false),
            ("http://[::ffff:127.0.0.1]/keys", false),
        ] {
            let url = url.parse().expect("valid");
            let may_fetch = |allow_http| {
                let settings = HttpSettings {
                    allow_http,
                    ..HttpSettings::default()
                };
                Fetcher::new(settings, Duration::ZERO)
                    .may_fetch(&url)
                    .is_ok()
            };
            assert_eq!(may_fetch(false), is_safe, "{url}");
            assert!(may_fetch(true), "{url}");
        }
    }

    #[test]
    fn no_other_scheme_is_ever_fetched() {
        let settings = HttpSettings {
            allow_http: true,
            ..HttpSettings::default()
        };
        let fetcher = Fetcher::new(settings, Duration::ZERO);
        for url in [
            "file:///etc/passwd",
            "data:application/json,{}",
            "ftp://localhost/keys",
        ] {
            let url = url.parse().expect("valid");
            assert!(fetcher.may_fetch(&url).is_err(), "{url}");
        }
        assert!(!is_loopback(&"data:,".parse().expect("valid")));
    }
}
