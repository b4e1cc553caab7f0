//! Where a token is looked for. The input is a target and the lines of a head. Whatever is taken
//! out of a request, no token is left in it.

use http::HeaderName;
use jotgate::credentials::{CredentialSource, Credentials, OnMultiple, Stripped};
use jotgate::reason::Reason;
use jotgate::request::RequestView;

pub fn run(data: &[u8]) {
    let request = Request::read(data);
    for on_multiple in [OnMultiple::Reject, OnMultiple::First] {
        let credentials = credentials(on_multiple);
        let found = credentials.find(&&request);
        if let Ok(found) = found {
            assert!(!found.token.is_empty() && found.source < credentials.sources.len());
            assert!(!found.token.iter().any(|byte| b" \t,\"".contains(byte)));
        }
        let stripped = credentials.strip(&&request);
        if matches!(found, Err(Reason::TokenMissing)) {
            continue;
        }
        // Line by line: two lines that hold no token are still ambiguous together.
        for line in request.without(&stripped).lines() {
            let found = credentials.find(&&line).err();
            assert_eq!(found, Some(Reason::TokenMissing), "something is left");
        }
    }
}

fn credentials(on_multiple: OnMultiple) -> Credentials {
    let header = |name, scheme: Option<&str>| CredentialSource::Header {
        name: HeaderName::from_static(name),
        scheme: scheme.map(Box::from),
    };
    Credentials {
        sources: Box::new([
            header("authorization", Some("Bearer")),
            header("x-token", None),
            CredentialSource::Cookie("t".into()),
            CredentialSource::Query("t".into()),
        ]),
        on_multiple,
    }
}

#[derive(Clone, Debug)]
struct Request {
    target: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Request {
    fn read(data: &[u8]) -> Self {
        let mut lines = data.split(|byte| *byte == b'\n');
        let target = lines.next().unwrap_or_default().to_vec();
        let header = |line: &[u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((line[..colon].to_vec(), line[colon + 1..].to_vec()))
        };
        let headers = lines.filter_map(header).collect();
        Self { target, headers }
    }

    /// The target and each header line, as if it were all there is.
    fn lines(self) -> impl Iterator<Item = Self> {
        let target = Self {
            target: self.target,
            headers: Vec::new(),
        };
        let headers = self.headers.into_iter().map(|header| Self {
            target: Vec::new(),
            headers: vec![header],
        });
        std::iter::once(target).chain(headers)
    }

    /// What a gateway makes of it.
    fn without(&self, stripped: &Stripped) -> Self {
        let mut rest = self.clone();
        let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        rest.headers.retain(|(name, _)| {
            let is_removed = stripped
                .headers
                .iter()
                .any(|other| is(name, other.as_str()));
            let is_replaced = stripped.cookie.is_some() && is(name, "cookie");
            !is_removed && !is_replaced
        });
        if let Some(cookie) = &stripped.cookie {
            rest.headers
                .push((b"cookie".to_vec(), cookie.as_bytes().to_vec()));
        }
        let end = self.target.iter().position(|byte| *byte == b'#');
        let target = &self.target[..end.unwrap_or(self.target.len())];
        if let Some(at) = target.iter().position(|byte| *byte == b'?') {
            let parameters = target[at + 1..].split(|byte| *byte == b'&');
            let kept: Vec<_> = parameters
                .filter(|parameter| {
                    let name = parameter.split(|byte| *byte == b'=').next();
                    let name = String::from_utf8_lossy(name.unwrap_or_default());
                    !stripped.query.iter().any(|other| **other == *name)
                })
                .collect();
            rest.target = [&target[..=at], &kept.join(&b'&')].concat();
        }
        rest
    }
}

impl<'a> RequestView<'a> for &'a Request {
    fn method(&self) -> &'a [u8] {
        b"GET"
    }

    fn host(&self) -> &'a [u8] {
        b""
    }

    fn scheme(&self) -> &'a [u8] {
        b""
    }

    fn target(&self) -> &'a [u8] {
        &self.target
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        let this: &'a Request = self;
        this.headers
            .iter()
            .for_each(|(name, value)| visit(name, value));
    }
}
