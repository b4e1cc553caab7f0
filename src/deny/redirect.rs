//! Sending browsers to log in (`deny.redirect`).
//!
//! Only what a person does in a browser is redirected: a `GET` that accepts HTML and has no token.
//! A program would follow to a page it cannot read.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::request::RequestView;

/// The URL of a login page, with `{url}` where the page is told what the browser asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    before: Box<str>,
    /// What follows `{url}`, if that is in it.
    after: Option<Box<str>>,
}

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlDefect {
    /// It is not `http://…` or `https://…` in printable ASCII.
    NotAbsolute,
    /// `{url}` stands before the query or behind the fragment, or twice.
    Placeholder,
}

impl Redirect {
    /// Reads the URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &str) -> Result<Self, UrlDefect> {
        let has_host = |scheme| {
            url.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        };
        let is_printable = url.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_printable || !(has_host("https://") || has_host("http://")) {
            return Err(UrlDefect::NotAbsolute);
        }
        let Some((before, after)) = url.split_once(PLACEHOLDER) else {
            return Ok(Self {
                before: url.into(),
                after: None,
            });
        };
        // Anywhere else than in the query the requested URL could change where the browser goes.
        if !before.contains('?') || before.contains('#') || after.contains(PLACEHOLDER) {
            return Err(UrlDefect::Placeholder);
        }
        Ok(Self {
            before: before.into(),
            after: Some(after.into()),
        })
    }

    /// Where the sender of `request` is to go; `None` if it is no browser, or if nobody could tell
    /// it the way back.
    #[must_use]
    pub fn location<'r>(&self, request: &impl RequestView<'r>) -> Option<String> {
        if request.method() != b"GET" || !accepts_html(request) {
            return None;
        }
        let Some(after) = &self.after else {
            return Some(self.before.to_string());
        };
        let requested = requested_url(request)?;
        let requested = utf8_percent_encode(&requested, RESERVED);
        Some(format!("{}{requested}{after}", self.before))
    }
}

impl fmt::Display for Redirect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.before)?;
        match &self.after {
            Some(after) => write!(formatter, "{PLACEHOLDER}{after}"),
            None => Ok(()),
        }
    }
}

/// Whether HTML is named in `Accept` (RFC 9110 12.5.1). Programs send `*/*`, browsers name it.
fn accepts_html<'r>(request: &impl RequestView<'r>) -> bool {
    let mut accepts = false;
    request.for_each_header(&mut |name, value| {
        accepts |=
            name.eq_ignore_ascii_case(b"accept") && value.split(|byte| *byte == b',').any(is_html);
    });
    accepts
}

fn is_html(range: &[u8]) -> bool {
    let kind = range.split(|byte| *byte == b';').next();
    kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"text/html"))
}

/// What the browser asked for, if it is a URL beyond doubt: a scheme that browsers use, a host and
/// nothing else, a path.
fn requested_url<'r>(request: &impl RequestView<'r>) -> Option<String> {
    let scheme = match request.scheme() {
        // Nobody said so: the safe one.
        b"" => "https",
        scheme if scheme.eq_ignore_ascii_case(b"https") => "https",
        scheme if scheme.eq_ignore_ascii_case(b"http") => "http",
        _ => return None,
    };
    let host = std::str::from_utf8(request.host()).ok()?;
    let target = std::str::from_utf8(request.target()).ok()?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    let is_target = |byte: u8| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\';
    let is_sound = !host.is_empty()
        && host.bytes().all(is_host)
        && target.starts_with('/')
        && target.bytes().all(is_target);
    is_sound.then(|| format!("{scheme}://{host}{target}"))
}

const PLACEHOLDER: &str = "{url}";

/// Everything but unreserved characters (RFC 3986 2.3), so that nothing of the requested URL means
/// anything in the one it becomes a part of.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::{Redirect, UrlDefect};
    use crate::request::RequestView;

    #[derive(Clone, Copy)]
    struct Asked {
        method: &'static str,
        scheme: &'static str,
        host: &'static str,
        target: &'static str,
        accept: &'static str,
    }

    impl RequestView<'static> for Asked {
        fn method(&self) -> &'static [u8] {
            self.method.as_bytes()
        }

        fn scheme(&self) -> &'static [u8] {
            self.scheme.as_bytes()
        }

        fn host(&self) -> &'static [u8] {
            self.host.as_bytes()
        }

        fn target(&self) -> &'static [u8] {
            self.target.as_bytes()
        }

        fn for_each_header(&self, visit: &mut dyn FnMut(&'static [u8], &'static [u8])) {
            visit(b"Accept", self.accept.as_bytes());
        }
    }

    const BROWSER: Asked = Asked {
        method: "GET",
        scheme: "http",
        host: "shop.example.com:8080",
        target: "/cart?item=1&to=//evil",
        accept: "application/xhtml+xml, text/HTML;q=0.9",
    };

    #[test]
    fn a_browser_is_sent_to_the_login_page_with_its_url_escaped() {
        let redirect =
            Redirect::new("https://login.example.com/?return_to={url}&x=1").expect("URL");
        assert_eq!(
            redirect.location(&BROWSER).as_deref(),
            Some(
                "https://login.example.com/?return_to=http%3A%2F%2Fshop.example.com%3A8080\
                 %2Fcart%3Fitem%3D1%26to%3D%2F%2Fevil&x=1"
            )
        );
        let fixed = Redirect::new("https://login.example.com/").expect("URL");
        assert_eq!(
            fixed.location(&BROWSER).as_deref(),
            Some("https://login.example.com/")
        );
        let unknown = Asked {
            scheme: "",
            ..BROWSER
        };
        let location = redirect.location(&unknown).expect("a browser");
        assert!(location.contains("return_to=https%3A"), "{location}");
    }

    #[test]
    fn what_is_no_browser_or_no_sound_url_is_not_redirected() {
        let redirect = Redirect::new("https://login.example.com/?to={url}").expect("URL");
        for (name, asked) in [
            (
                "a form",
                Asked {
                    method: "POST",
                    ..BROWSER
                },
            ),
            (
                "a program",
                Asked {
                    accept: "*/*",
                    ..BROWSER
                },
            ),
            (
                "json",
                Asked {
                    accept: "application/json, text/html-x",
                    ..BROWSER
                },
            ),
            (
                "no host",
                Asked {
                    host: "",
                    ..BROWSER
                },
            ),
            (
                "a user",
                Asked {
                    host: "shop@evil",
                    ..BROWSER
                },
            ),
            (
                "two hosts",
                Asked {
                    host: "shop,evil",
                    ..BROWSER
                },
            ),
            (
                "a path as host",
                Asked {
                    host: "evil/x",
                    ..BROWSER
                },
            ),
            (
                "no path",
                Asked {
                    target: "",
                    ..BROWSER
                },
            ),
            (
                "a fragment",
                Asked {
                    target: "/#",
                    ..BROWSER
                },
            ),
            (
                "a line",
                Asked {
                    target: "/\r\nx",
                    ..BROWSER
                },
            ),
            (
                "another scheme",
                Asked {
                    scheme: "javascript",
                    ..BROWSER
                },
            ),
        ] {
            assert_eq!(redirect.location(&asked), None, "{name}");
        }
    }

    #[test]
    fn a_login_url_that_could_lead_elsewhere_is_refused() {
        for (url, defect) in [
            ("/login", UrlDefect::NotAbsolute),
            ("https://", UrlDefect::NotAbsolute),
            ("javascript:alert(1)", UrlDefect::NotAbsolute),
            ("https://a/?x=\r\n{url}", UrlDefect::NotAbsolute),
            ("https://{url}/?", UrlDefect::Placeholder),
            ("https://a/{url}", UrlDefect::Placeholder),
            ("https://a/?x#{url}", UrlDefect::Placeholder),
            ("https://a/?x={url}{url}", UrlDefect::Placeholder),
        ] {
            assert_eq!(Redirect::new(url), Err(defect), "{url}");
        }
        for url in ["https://a/?x={url}", "http://a:1/login"] {
            assert_eq!(Redirect::new(url).expect(url).to_string(), url);
        }
    }
}
