//! Hosts: patterns, and the host of a request as they are compared with it.

use std::fmt;
use std::str::FromStr;

use memchr::memchr;

use crate::limits::HOST_BYTES;
use crate::reason::Reason;

/// One host or all below one, in lower case, without port and trailing dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// This host; an IPv6 address stands in brackets and is compared as text.
    Exact(Box<str>),
    /// One or more labels below this name, which itself does not match: `*.example.org`.
    Below(Box<str>),
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => formatter.write_str(name),
            Self::Below(name) => write!(formatter, "*.{name}"),
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (form, name): (fn(_) -> _, _) = match text.strip_prefix("*.") {
            Some(name) => (Self::Below, name),
            None => (Self::Exact, text),
        };
        if text == "*" {
            return Err(HostError::Everything);
        }
        if text.contains('/') {
            return Err(HostError::Url);
        }
        if name.contains('*') || (name != text && name.starts_with('[')) {
            return Err(HostError::Star);
        }
        if name.matches(':').count() > 1 && !name.starts_with('[') {
            return Err(HostError::Brackets);
        }
        let is_ascii = name.is_ascii();
        match bare_host(name.as_bytes()) {
            Some(bare) if is_ascii && bare.len() <= HOST_BYTES => {
                if name[bare.len()..].contains(':') {
                    return Err(HostError::Port);
                }
                Ok(form(name[..bare.len()].to_ascii_lowercase().into()))
            }
            Some(_) if is_ascii => Err(HostError::TooLong),
            Some(_) => Err(HostError::NotAscii),
            None => Err(HostError::Malformed),
        }
    }
}

/// Why a text is no pattern for hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// `*`
    #[error("every host matches where there are no `hosts`: remove the key")]
    Everything,
    /// A star in another place than the first label.
    #[error("a star stands for all labels before a name, as in *.example.org")]
    Star,
    /// With a scheme or a path.
    #[error("is a URL: write the host alone, like api.example.com")]
    Url,
    /// With a port.
    #[error("the port of a request is not compared: write the host alone")]
    Port,
    /// IPv6 as it never stands in a request.
    #[error("an IPv6 address stands in brackets: write [::1]")]
    Brackets,
    /// Letters that no request has.
    #[error("is not ASCII: write the name as DNS has it, like xn--bcher-kva.example")]
    NotAscii,
    /// Longer than [`HOST_BYTES`].
    #[error("is longer than any name that DNS has ({} characters)", HOST_BYTES)]
    TooLong,
    /// Anything else.
    #[error("is not a host: write a name like api.example.com or *.example.org")]
    Malformed,
}

/// The host of a request, ready to be looked up.
pub(super) struct Host {
    /// The end of the name in lower case: all that a pattern can be compared with.
    tail: [u8; TAIL_BYTES],
    length: usize,
    /// Whether the name is longer than that, and so matches no exact pattern.
    is_cut: bool,
}

impl Host {
    /// Reads the host of a request; `None` if it is unknown.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if it is no host with perhaps a port: readers may find different
    /// hosts in `a.example,b.example` or `a@b`.
    pub(super) fn read(host: &[u8]) -> Result<Option<Self>, Reason> {
        if host.is_empty() {
            return Ok(None);
        }
        let name = bare_host(host).ok_or(Reason::PathAmbiguous)?;
        let start = name.len().saturating_sub(TAIL_BYTES);
        let mut tail = [0; TAIL_BYTES];
        let length = name.len() - start;
        tail[..length].copy_from_slice(&name[start..]);
        tail[..length].make_ascii_lowercase();
        Ok(Some(Self {
            tail,
            length,
            is_cut: start > 0,
        }))
    }

    /// The whole name, if a pattern can be as long.
    pub(super) fn exact(&self) -> Option<&[u8]> {
        (!self.is_cut).then_some(&self.tail[..self.length])
    }

    /// Every name that this host is below of, the longest first.
    pub(super) fn parents(&self) -> impl Iterator<Item = &[u8]> {
        let tail = &self.tail[..self.length];
        memchr::memchr_iter(b'.', tail).map(|dot| &tail[dot + 1..])
    }
}

/// A host without port and trailing dot; `None` if it is not one.
#[must_use]
pub fn bare_host(host: &[u8]) -> Option<&[u8]> {
    let end = match host {
        [b'[', ..] => memchr(b']', host)? + 1,
        _ => memchr(b':', host).unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let is_name = match name {
        [b'[', address @ .., b']'] => {
            let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b":._-".contains(byte);
            !address.is_empty() && address.iter().all(fits)
        }
        _ => {
            // Labels may have bytes that DNS does not know; what separates hosts may not be in them.
            let fits = |byte: &u8| {
                !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_~!$&'*+=".contains(byte)
            };
            let name = name.strip_suffix(b".").unwrap_or(name);
            name.split(|byte| *byte == b'.')
                .all(|label| !label.is_empty() && label.iter().all(fits))
        }
    };
    (is_port && is_name).then(|| name.strip_suffix(b".").unwrap_or(name))
}

/// The longest pattern and the dot before it.
const TAIL_BYTES: usize = HOST_BYTES + 1;
