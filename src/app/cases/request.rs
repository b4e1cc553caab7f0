//! A request that somebody wrote down.

use crate::credentials::CredentialSource;
use crate::request::RequestView;

/// A request as a gateway would describe it.
#[derive(Clone)]
pub struct CaseRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The host, perhaps with a port.
    pub host: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Path and query.
    pub path: String,
    /// The header lines, in order.
    pub headers: Vec<(String, String)>,
}

impl CaseRequest {
    /// Puts `token` where a client would that was told to use `place`.
    pub(super) fn carry(&mut self, token: &str, place: &CredentialSource) {
        match place {
            CredentialSource::Header { name, scheme } => {
                let value = match scheme {
                    Some(scheme) => format!("{scheme} {token}"),
                    None => token.to_owned(),
                };
                self.headers.push((name.to_string(), value));
            }
            CredentialSource::Cookie(name) => {
                let cookie = format!("{name}={token}");
                let is_cookie =
                    |(name, _): &&mut (String, String)| name.eq_ignore_ascii_case("cookie");
                match self.headers.iter_mut().find(is_cookie) {
                    Some((_, cookies)) => *cookies = format!("{cookies}; {cookie}"),
                    None => self.headers.push(("cookie".to_owned(), cookie)),
                }
            }
            CredentialSource::Query(name) => {
                let separator = if self.path.contains('?') { '&' } else { '?' };
                self.path = format!("{}{separator}{name}={token}", self.path);
            }
        }
    }
}

/// It, as the authorizer sees requests.
pub(super) struct View<'a>(pub(super) &'a CaseRequest);

impl<'a> RequestView<'a> for View<'a> {
    fn method(&self) -> &'a [u8] {
        self.0.method.as_bytes()
    }

    fn host(&self) -> &'a [u8] {
        self.0.host.as_bytes()
    }

    fn scheme(&self) -> &'a [u8] {
        self.0.scheme.as_bytes()
    }

    fn target(&self) -> &'a [u8] {
        self.0.path.as_bytes()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in &self.0.headers {
            visit(name.as_bytes(), value.as_bytes());
        }
    }
}
