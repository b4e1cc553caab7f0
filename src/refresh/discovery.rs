//! `discovery`: the issuer's metadata says where its keys are (OpenID Connect Discovery 4,
//! RFC 8414 3).

use http::StatusCode;
use serde::Deserialize;
use tokio::time::{Duration, Instant};
use url::Url;

use super::fetch::{Fetcher, Headers};
use super::source::{Answer, Body, RemoteSource, SourceError, Validator};

/// The key set that an issuer's metadata names.
pub(super) struct Discovery {
    issuer: Box<str>,
    fetcher: Fetcher,
    found: Option<Found>,
}

struct Found {
    jwks_uri: Url,
    at: Instant,
}

/// The metadata, as far as it matters.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Discovery {
    /// Of the issuer with exactly this `iss`.
    pub(super) fn new(issuer: &str, fetcher: Fetcher) -> Self {
        Self {
            issuer: issuer.into(),
            fetcher,
            found: None,
        }
    }

    /// Where the keys are: as found before, or found now.
    async fn jwks_uri(&mut self) -> Result<Url, SourceError> {
        match &self.found {
            Some(found) if found.at.elapsed() < METADATA_AGE_MAX => Ok(found.jwks_uri.clone()),
            Some(_) | None => {
                let jwks_uri = self.discover().await?;
                self.found = Some(Found {
                    jwks_uri: jwks_uri.clone(),
                    at: Instant::now(),
                });
                Ok(jwks_uri)
            }
        }
    }

    async fn discover(&self) -> Result<Url, SourceError> {
        let [openid, oauth] = metadata_urls(&self.issuer)?;
        match self.metadata(&openid).await {
            // It has no such document, so it may have the other. Any other failure is a failure:
            // two documents are not two chances.
            Err(SourceError::Status(StatusCode::NOT_FOUND)) => self.metadata(&oauth).await,
            result => result,
        }
    }

    async fn metadata(&self, url: &Url) -> Result<Url, SourceError> {
        let answer = self.fetcher.get(url, Headers::Configured, None).await?;
        let Body::Json { json, .. } = answer.body else {
            return Err(SourceError::Metadata);
        };
        let metadata: Metadata =
            serde_json::from_slice(&json).map_err(|_| SourceError::Metadata)?;
        // To the letter, or one issuer could point at another's keys (RFC 8414 3.3).
        if metadata.issuer != *self.issuer {
            return Err(SourceError::OtherIssuer);
        }
        let jwks_uri = Url::parse(&metadata.jwks_uri).map_err(|_| SourceError::Metadata)?;
        self.fetcher.may_follow(url, &jwks_uri)?;
        Ok(jwks_uri)
    }
}

impl RemoteSource for Discovery {
    async fn fetch(&mut self, known: Option<&Validator>) -> Result<Answer, SourceError> {
        let jwks_uri = self.jwks_uri().await?;
        // Credentials are for the host that the operator named.
        let is_same_host =
            Url::parse(&self.issuer).is_ok_and(|issuer| issuer.origin() == jwks_uri.origin());
        let headers = if is_same_host {
            Headers::Configured
        } else {
            Headers::Plain
        };
        self.fetcher.get(&jwks_uri, headers, known).await
    }

    /// The keys may have moved: the metadata is read again.
    fn refused(&mut self) {
        self.found = None;
    }
}

/// Where the metadata may be: `/.well-known/openid-configuration` after the issuer's path, and
/// `/.well-known/oauth-authorization-server` before it.
fn metadata_urls(issuer: &str) -> Result<[Url; 2], SourceError> {
    let url = Url::parse(issuer).map_err(|_| SourceError::IssuerNotUrl)?;
    if !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Err(SourceError::IssuerNotUrl);
    }
    let path = url.path().trim_end_matches('/');
    let with_path = |path: String| {
        let mut url = url.clone();
        url.set_path(&path);
        url
    };
    Ok([
        with_path(format!("{path}/.well-known/openid-configuration")),
        with_path(format!("/.well-known/oauth-authorization-server{path}")),
    ])
}

/// Keys can move while their old place still answers.
const METADATA_AGE_MAX: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::metadata_urls;

    #[test]
    fn metadata_is_looked_for_in_the_two_places_of_the_standards() {
        for (issuer, openid, oauth) in [
            (
                "https://idp.example.com",
                "https://idp.example.com/.well-known/openid-configuration",
                "https://idp.example.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://idp.example.com/realms/a/",
                "https://idp.example.com/realms/a/.well-known/openid-configuration",
                "https://idp.example.com/.well-known/oauth-authorization-server/realms/a",
            ),
            (
                "https://idp.example.com:8443/x",
                "https://idp.example.com:8443/x/.well-known/openid-configuration",
                "https://idp.example.com:8443/.well-known/oauth-authorization-server/x",
            ),
        ] {
            let urls = metadata_urls(issuer).expect("a URL");
            assert_eq!(urls.map(String::from), [openid, oauth].map(str::to_owned));
        }
        for issuer in [
            "corp",
            "mailto:a@example.com",
            "https://a.example.com?x=1",
            "",
        ] {
            assert!(metadata_urls(issuer).is_err(), "{issuer}");
        }
    }
}
