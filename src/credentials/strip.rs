//! Taking the token out of a request before it goes upstream.

use http::{HeaderName, HeaderValue, header};

use super::places;
use super::{CredentialSource, Credentials};
use crate::request::{RequestView, are_twins};

/// What to change in a request so that it carries no token any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// Headers to remove.
    pub headers: Vec<HeaderName>,
    /// The cookies that remain, if one had to go and others stay: the new `Cookie` header.
    pub cookie: Option<HeaderValue>,
    /// Parameters of the query to remove, as they are spelled in the request.
    pub query: Vec<Box<str>>,
}

impl Credentials {
    /// How to take every token out of a request: not only the one that was judged, since whoever
    /// comes behind may read the others.
    #[must_use]
    pub fn strip<'a>(&self, request: &impl RequestView<'a>) -> Stripped {
        let mut stripped = Stripped::default();
        let mut jar = Jar::default();
        request.for_each_header(&mut |name, value| {
            if name.eq_ignore_ascii_case(b"cookie") {
                jar.add_line(value, |pair| self.is_token_cookie(pair));
            }
            self.strip_header(name, value, &mut stripped.headers);
        });
        if jar.has_token {
            match jar.into_header() {
                Some(cookie) => stripped.cookie = Some(cookie),
                None => stripped.headers.push(header::COOKIE),
            }
        }
        for source in &self.sources {
            if let CredentialSource::Query(name) = source {
                strip_query(request.target(), name, &mut stripped.query);
            }
        }
        stripped
    }

    fn strip_header(&self, name: &[u8], value: &[u8], removed: &mut Vec<HeaderName>) {
        for source in &self.sources {
            let CredentialSource::Header {
                name: wanted,
                scheme,
            } = source
            else {
                continue;
            };
            let ours = wanted.as_str().as_bytes();
            let is_token = are_twins(name, ours) && !self.is_source(name)
                || name.eq_ignore_ascii_case(ours)
                    && places::in_header(value, scheme.as_deref()).is_some();
            // What is no name cannot be removed by it, and no gateway lets it in.
            if is_token
                && let Ok(name) = HeaderName::from_bytes(name)
                && !removed.contains(&name)
            {
                removed.push(name);
            }
        }
    }

    fn is_token_cookie(&self, pair: &[u8]) -> bool {
        self.sources.iter().any(|source| match source {
            CredentialSource::Cookie(name) => places::cookie_value(pair, name).is_some(),
            CredentialSource::Header { .. } | CredentialSource::Query(_) => false,
        })
    }
}

fn strip_query(target: &[u8], name: &str, removed: &mut Vec<Box<str>>) {
    for parameter in places::parameters(target) {
        if parameter.credential(name).is_some() {
            let spelled = String::from_utf8_lossy(parameter.split().0).into_owned();
            if !removed.iter().any(|other| **other == *spelled) {
                removed.push(spelled.into());
            }
        }
    }
}

/// The cookies of a request without the token.
#[derive(Default)]
struct Jar {
    kept: Vec<u8>,
    has_token: bool,
}

impl Jar {
    /// Keeps every other cookie byte for byte; a further `Cookie` line joins as HTTP/2 has it
    /// (RFC 9113 8.2.3).
    fn add_line(&mut self, line: &[u8], is_token: impl Fn(&[u8]) -> bool) {
        let mut is_first_of_line = true;
        for pair in places::cookies(line) {
            if is_token(pair) {
                self.has_token = true;
                continue;
            }
            let pair = if is_first_of_line {
                places::trim_start(pair)
            } else {
                pair
            };
            if !self.kept.is_empty() {
                let separator: &[u8] = if is_first_of_line { b"; " } else { b";" };
                self.kept.extend_from_slice(separator);
            }
            self.kept.extend_from_slice(pair);
            is_first_of_line = false;
        }
    }

    /// The new header; `None` if no cookie is left, or if the bytes are no field value.
    fn into_header(self) -> Option<HeaderValue> {
        if self.kept.iter().all(|byte| b" \t;".contains(byte)) {
            return None;
        }
        let mut cookie = HeaderValue::from_bytes(&self.kept).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}
