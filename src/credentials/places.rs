//! What one header, cookie or query parameter says: the reading that finding and stripping share.

use memchr::{memchr, memchr3};
use percent_encoding::percent_decode;

use crate::reason::Reason;

/// What stands in one place: a token, or why there cannot be one.
pub(super) type Credential<'a> = Result<&'a [u8], Reason>;

/// The credential in the value of a header; `None` if it carries none of ours, such as another
/// scheme. After the scheme come one or more spaces and exactly one token (RFC 6750 2.1).
pub(super) fn in_header<'a>(value: &'a [u8], scheme: Option<&str>) -> Option<Credential<'a>> {
    let value = trim(value);
    let Some(scheme) = scheme else {
        return in_value(value);
    };
    let Some(rest) = after_scheme(value, scheme) else {
        // Envoy joins repeated header fields with a comma: ours may be the second.
        let is_joined = value
            .split(|byte| *byte == b',')
            .skip(1)
            .any(|element| after_scheme(trim(element), scheme).is_some());
        // A reader that trims more than we do finds our scheme behind what no scheme begins with.
        let is_odd = value.first().is_some_and(|byte| !is_token_byte(*byte));
        return match (is_joined, is_odd) {
            (true, _) => Some(Err(Reason::TokenAmbiguous)),
            (false, true) => Some(Err(Reason::TokenMalformed)),
            (false, false) => None,
        };
    };
    if memchr(b',', rest).is_some() {
        return Some(Err(Reason::TokenAmbiguous));
    }
    let token = rest.trim_ascii_start();
    let gap = &rest[..rest.len() - token.len()];
    if gap.is_empty() || gap.iter().any(|byte| *byte != b' ') {
        return Some(Err(Reason::TokenMalformed));
    }
    in_value(token).or(Some(Err(Reason::TokenMalformed)))
}

/// The credential in a header without a scheme, a cookie or a parameter; `None` if the value is
/// empty, as proxies and cleared cookies leave it. The verifier refuses all that is no token; here
/// it only matters that nobody sees two.
pub(super) fn in_value(value: &[u8]) -> Option<Credential<'_>> {
    if value.is_empty() {
        None
    } else if memchr(b',', value).is_some() {
        Some(Err(Reason::TokenAmbiguous))
    } else if memchr3(b' ', b'\t', b'"', value).is_some() {
        Some(Err(Reason::TokenMalformed))
    } else {
        Some(Ok(value))
    }
}

/// The pairs of one `Cookie` line (RFC 6265 4.2.1), each as it stands between the semicolons.
pub(super) fn cookies(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';')
}

/// The value of the cookie if it is called `name`. Space around the name or the value does not
/// make it another cookie: some readers drop it.
pub(super) fn cookie_value<'a>(pair: &'a [u8], name: &str) -> Option<Credential<'a>> {
    let value = |pair: &'a [u8]| {
        let at = memchr(b'=', pair)?;
        (trim(&pair[..at]) == name.as_bytes()).then(|| trim(&pair[at + 1..]))
    };
    if let Some(value) = value(pair) {
        return Some(Ok(value));
    }
    // Envoy joins repeated `Cookie` fields with a comma; its upstreams get them one by one.
    let mut joined = pair.split(|byte| *byte == b',').skip(1);
    let is_joined = joined.any(|element| value(element).is_some());
    is_joined.then_some(Err(Reason::TokenAmbiguous))
}

/// The parameters of the query, from the first `?` to the fragment.
pub(super) fn parameters(target: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let target = &target[..memchr(b'#', target).unwrap_or(target.len())];
    let query = match memchr(b'?', target) {
        Some(at) => &target[at + 1..],
        None => &[],
    };
    query.split(|byte| *byte == b'&').map(Parameter)
}

/// One parameter of a query as it stands between the ampersands.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a>(&'a [u8]);

impl<'a> Parameter<'a> {
    /// Name and value as they are spelled.
    pub(super) fn split(self) -> (&'a [u8], &'a [u8]) {
        match memchr(b'=', self.0) {
            Some(at) => (&self.0[..at], &self.0[at + 1..]),
            None => (self.0, &[]),
        }
    }

    /// What it says of the parameter called `name`. Names are compared as readers will see them,
    /// so that `access%5Ftoken` does not slip through.
    pub(super) fn credential(self, name: &str) -> Option<Credential<'a>> {
        if memchr(b';', self.0).is_some() {
            // Old readers separate parameters with semicolons, new ones do not.
            let is_hidden = |part| Parameter(part).is_called(name);
            let has_name = self.0.split(|byte| *byte == b';').any(is_hidden);
            return has_name.then_some(Err(Reason::TokenAmbiguous));
        }
        if !self.is_called(name) {
            return None;
        }
        in_value(self.split().1)
    }

    fn is_called(self, name: &str) -> bool {
        let spelled = self.split().0;
        // An escape is never shorter than what it stands for.
        spelled.len() >= name.len() && percent_decode(spelled).eq(name.bytes())
    }
}

/// What follows the scheme, if the value begins with it and with no longer word.
fn after_scheme<'a>(value: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(scheme.len())?;
    let is_whole = !rest.first().copied().is_some_and(is_token_byte);
    (is_whole && start.eq_ignore_ascii_case(scheme.as_bytes())).then_some(rest)
}

/// Whether a byte may be part of a scheme (RFC 9110 5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Without the white space before a field value. No other byte: what is cut off here could make a
/// token of what was none.
pub(super) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Without the white space that is no part of a field value (RFC 9110 5.5).
fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
