//! Which request a reverse proxy asks about on `/auth`.
//!
//! A proxy describes the request in headers, and so can its client: whatever could have been said
//! by both, in two ways, is refused. The proxy must set every header of the family it uses.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};
use memchr::{memchr, memchr3};

use crate::reason::Reason;
use crate::request::RequestView;

/// Which family of headers describes the original request on `/auth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Original {
    /// Whatever is present, and it must agree.
    #[default]
    Auto,
    /// `X-Original-*` (nginx, ingress-nginx).
    XOriginal,
    /// `X-Forwarded-*` (Traefik, Caddy).
    XForwarded,
}

/// A request that is to be judged. What is not known of it is empty.
#[derive(Clone, Copy, Debug)]
pub struct OriginalRequest<'a> {
    method: &'a [u8],
    scheme: &'a [u8],
    host: &'a [u8],
    target: &'a [u8],
    headers: &'a HeaderMap,
    obeys_redirects: bool,
}

impl Original {
    /// Reads the original request from the headers of the one that asks about it.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if it can be read in two ways, or if the family that is pinned
    /// is not there.
    pub fn read(self, asking: &Parts) -> Result<OriginalRequest<'_>, Reason> {
        let headers = &asking.headers;
        let described = match self {
            Self::XOriginal => Some(x_original(asking)?.ok_or(Reason::PathAmbiguous)?),
            Self::XForwarded => Some(x_forwarded(asking)?.ok_or(Reason::PathAmbiguous)?),
            Self::Auto => match (x_original(asking)?, x_forwarded(asking)?) {
                (Some(one), Some(other)) => Some(one.agreed(&other)?),
                (one, other) => one.or(other),
            },
        };
        Ok(match described {
            None => OriginalRequest::unknown(headers),
            Some(described) => OriginalRequest {
                method: described.method.unwrap_or_default(),
                scheme: described.scheme,
                host: described.host,
                target: described.target.unwrap_or_default(),
                headers,
                obeys_redirects: described.obeys_redirects,
            },
        })
    }
}

impl<'a> OriginalRequest<'a> {
    /// The request that asks, as the one to be judged; its path without `prefix`. `None` if the
    /// path does not go on with a slash behind the prefix.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if it names two hosts.
    pub fn itself(asking: &'a Parts, prefix: &str) -> Option<Result<Self, Reason>> {
        let target = asking.uri.path_and_query()?.as_str();
        let target = target.strip_prefix(prefix)?;
        target.starts_with('/').then(|| {
            Ok(Self {
                method: asking.method.as_str().as_bytes(),
                scheme: b"",
                host: authority(asking)?,
                target: target.as_bytes(),
                headers: &asking.headers,
                obeys_redirects: true,
            })
        })
    }

    const fn unknown(headers: &'a HeaderMap) -> Self {
        Self {
            method: b"",
            scheme: b"",
            host: b"",
            target: b"",
            headers,
            obeys_redirects: false,
        }
    }

    /// Whether the proxy hands a redirect on to the client. nginx does not.
    #[must_use]
    pub const fn obeys_redirects(&self) -> bool {
        self.obeys_redirects
    }
}

impl<'a> RequestView<'a> for OriginalRequest<'a> {
    fn method(&self) -> &'a [u8] {
        self.method
    }

    fn host(&self) -> &'a [u8] {
        self.host
    }

    fn scheme(&self) -> &'a [u8] {
        self.scheme
    }

    fn target(&self) -> &'a [u8] {
        self.target
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in self.headers {
            visit(name.as_str().as_bytes(), value.as_bytes());
        }
    }
}

/// What one family of headers says.
struct Described<'a> {
    method: Option<&'a [u8]>,
    /// Empty if the family does not say.
    scheme: &'a [u8],
    /// Named by the family, or the host of the asking request.
    host: &'a [u8],
    target: Option<&'a [u8]>,
    obeys_redirects: bool,
}

impl Described<'_> {
    /// This, if `other` says the same. What only one of them says may be the client's invention,
    /// so that is no agreement either.
    fn agreed(self, other: &Self) -> Result<Self, Reason> {
        let agrees = self.method == other.method
            && self.target == other.target
            && is_same_host(self.host, other.host);
        if agrees {
            Ok(self)
        } else {
            Err(Reason::PathAmbiguous)
        }
    }
}

/// `X-Original-Method` with `X-Original-URI` or `X-Original-URL`, if any of them is there.
fn x_original(asking: &Parts) -> Result<Option<Described<'_>>, Reason> {
    let headers = &asking.headers;
    let method = method(headers, "x-original-method")?;
    let uri = only(headers, "x-original-uri")?.map(target).transpose()?;
    let url = only(headers, "x-original-url")?
        .map(split_url)
        .transpose()?;
    if method.is_none() && uri.is_none() && url.is_none() {
        return Ok(None);
    }
    let Some((named, target)) = url else {
        let host = authority(asking)?;
        let target = uri;
        return Ok(Some(Described {
            method,
            scheme: b"",
            host,
            target,
            obeys_redirects: false,
        }));
    };
    let (scheme, host) = named.unzip();
    let host = match (host, uri) {
        (Some(host), None) => host,
        (None, None) => authority(asking)?,
        // Proxies send one of the two, so one is the client's, and it must not choose the host.
        (host, Some(uri)) => {
            let asked = authority(asking)?;
            let is_same = host.is_none_or(|host| is_same_host(host, asked)) && uri == target;
            if !is_same {
                return Err(Reason::PathAmbiguous);
            }
            asked
        }
    };
    Ok(Some(Described {
        method,
        scheme: scheme.unwrap_or_default(),
        host,
        target: Some(target),
        obeys_redirects: false,
    }))
}

/// `X-Forwarded-Method`, `-Host` and `-Uri`, if method or URI is there. The others alone are what
/// every proxy sends with every request.
fn x_forwarded(asking: &Parts) -> Result<Option<Described<'_>>, Reason> {
    let headers = &asking.headers;
    let method = method(headers, "x-forwarded-method")?;
    let target = only(headers, "x-forwarded-uri")?.map(target).transpose()?;
    if method.is_none() && target.is_none() {
        return Ok(None);
    }
    let host = match only(headers, "x-forwarded-host")? {
        Some(named) => host(named)?,
        None => authority(asking)?,
    };
    Ok(Some(Described {
        method,
        scheme: only(headers, "x-forwarded-proto")?.unwrap_or_default(),
        host,
        target,
        obeys_redirects: true,
    }))
}

/// The value of a header that must not repeat; an empty one says nothing.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a [u8]>, Reason> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().map(HeaderValue::as_bytes);
    match lines.next() {
        None => Ok(line.filter(|value| !value.is_empty())),
        Some(_) => Err(Reason::PathAmbiguous),
    }
}

fn method<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a [u8]>, Reason> {
    match only(headers, name)? {
        Some(method) if Method::from_bytes(method).is_err() => Err(Reason::PathAmbiguous),
        method => Ok(method),
    }
}

/// Path and query as on the request line.
fn target(value: &[u8]) -> Result<&[u8], Reason> {
    if value.starts_with(b"/") || value == b"*" {
        Ok(value)
    } else {
        Err(Reason::PathAmbiguous)
    }
}

/// Scheme with host, if they are there, and target of an absolute URL or a path.
fn split_url(url: &[u8]) -> Result<(Option<Origin<'_>>, &[u8]), Reason> {
    if url.starts_with(b"/") {
        return Ok((None, url));
    }
    let colon = memchr(b':', url).ok_or(Reason::PathAmbiguous)?;
    let (scheme, rest) = url.split_at(colon);
    let is_web = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    let rest = rest.strip_prefix(b"://").filter(|_| is_web);
    let rest = rest.ok_or(Reason::PathAmbiguous)?;
    let end = memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len());
    let (named, rest) = rest.split_at(end);
    let path = if rest.is_empty() { b"/" } else { rest };
    Ok((Some((scheme, host(named)?)), target(path)?))
}

/// Scheme and host of a URL.
type Origin<'a> = (&'a [u8], &'a [u8]);

/// Host and port and nothing else: no list, no user, no path.
fn host(value: &[u8]) -> Result<&[u8], Reason> {
    let is_odd = |byte: &u8| !byte.is_ascii_graphic() || b",@/\\?#".contains(byte);
    if value.is_empty() || value.iter().any(is_odd) {
        Err(Reason::PathAmbiguous)
    } else {
        Ok(value)
    }
}

/// The host that the asking request names; empty if none. Both places for it must agree.
fn authority(asking: &Parts) -> Result<&[u8], Reason> {
    let line = only(&asking.headers, header::HOST.as_str())?;
    let authority = asking
        .uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let named = match (authority, line) {
        (Some(authority), Some(line)) if !is_same_host(authority, line) => {
            return Err(Reason::PathAmbiguous);
        }
        (authority, line) => authority.or(line),
    };
    named.map_or(Ok(&[]), host)
}

/// Compared as the rules compare: without case, port and trailing dot.
fn is_same_host(one: &[u8], other: &[u8]) -> bool {
    fn bare(host: &[u8]) -> &[u8] {
        let end = match memchr(b']', host) {
            Some(bracket) => bracket + 1,
            None => memchr(b':', host).unwrap_or(host.len()),
        };
        let name = &host[..end];
        name.strip_suffix(b".").unwrap_or(name)
    }
    bare(one).eq_ignore_ascii_case(bare(other))
}

#[cfg(test)]
mod tests;
