//! Requests, with what a reader would say of their hosts and paths written beside them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::fixture::NOW;
use crate::request::RequestView;

/// A request. What it carries is one of the tokens of its case.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The place of the rule that is asked for by its name.
    pub(super) rule: Option<usize>,
    pub(super) method: &'static str,
    pub(super) host: Spelled,
    pub(super) target: Spelled,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) carried: Carried,
    pub(super) now: i64,
}

/// What stands where the token is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carried {
    Nothing,
    /// `Basic`, which is none of our business.
    AnotherScheme,
    /// `Bearer` with something that is no token.
    Rubbish,
    /// One of the tokens.
    Token(Index),
    /// One of them in each of two lines.
    TwoLines(Index, Index),
}

/// A host or a path as it is sent, and how it can be read.
type Spelled = (&'static str, Reading);

#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    Unknown,
    /// In one way.
    Clear(&'static str),
    /// In these two ways, of which either may be an upstream's.
    Either(&'static str, &'static str),
    /// In too many.
    Ambiguous,
}

/// A request with its tokens.
pub(super) struct Sent<'a> {
    asked: &'a Asked,
    authorization: Vec<String>,
}

impl Asked {
    pub(super) fn with(&self, tokens: &[String]) -> Sent<'_> {
        let bearer = |index: &Index| format!("Bearer {}", index.get(tokens));
        let authorization = match &self.carried {
            Carried::Nothing => Vec::new(),
            Carried::AnotherScheme => vec!["Basic YTpi".to_owned()],
            Carried::Rubbish => vec!["bearer x.y".to_owned()],
            Carried::Token(index) => vec![bearer(index)],
            Carried::TwoLines(one, other) => vec![bearer(one), bearer(other)],
        };
        Sent {
            asked: self,
            authorization,
        }
    }
}

impl<'a> RequestView<'a> for &'a Sent<'a> {
    fn method(&self) -> &'a [u8] {
        self.asked.method.as_bytes()
    }

    fn host(&self) -> &'a [u8] {
        self.asked.host.0.as_bytes()
    }

    fn scheme(&self) -> &'a [u8] {
        b"https"
    }

    fn target(&self) -> &'a [u8] {
        self.asked.target.0.as_bytes()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in &self.asked.headers {
            visit(name.as_bytes(), value.as_bytes());
        }
        for line in &self.authorization {
            visit(b"Authorization", line.as_bytes());
        }
    }
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let token = any::<Index>();
    let carried = prop_oneof![
        2 => Just(Carried::Nothing),
        1 => Just(Carried::AnotherScheme),
        1 => Just(Carried::Rubbish),
        12 => token.prop_map(Carried::Token),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Carried::TwoLines(one, other)),
    ];
    let rule = prop_oneof![4 => Just(None), 1 => (0_usize..6).prop_map(Some)];
    let headers = vec(select(HEADERS), 0..3);
    let what = (rule, select(METHODS), select(HOSTS), select(TARGETS));
    (what, headers, carried, select(TIMES)).prop_map(|(what, headers, carried, now)| {
        let (rule, method, host, target) = what;
        Asked {
            rule,
            method,
            host,
            target,
            headers,
            carried,
            now,
        }
    })
}

/// The short-lived tokens end between the last two, leeway included.
const TIMES: &[i64] = &[NOW, NOW + 109, NOW + 110];
const METHODS: &[&str] = &["GET", "POST", "DELETE"];
const HEADERS: &[(&str, &str)] = &[
    ("x-env", "prod"),
    ("X-Env", "prod"),
    ("x-b", "1"),
    ("x-b", "2"),
];
const HOSTS: &[Spelled] = &[
    ("api.example", Reading::Clear("api.example")),
    ("API.example:8443", Reading::Clear("api.example")),
    ("x.api.example.", Reading::Clear("x.api.example")),
    ("other", Reading::Clear("other")),
    ("", Reading::Unknown),
    ("a@b", Reading::Ambiguous),
];
const TARGETS: &[Spelled] = &[
    ("/", Reading::Clear("/")),
    ("/a", Reading::Clear("/a")),
    ("/a/", Reading::Clear("/a/")),
    ("/a/b", Reading::Clear("/a/b")),
    ("/a/b?x=/c", Reading::Clear("/a/b")),
    ("/c/b", Reading::Clear("/c/b")),
    ("/A", Reading::Clear("/A")),
    ("//a//b", Reading::Clear("/a/b")),
    ("/c/../a", Reading::Clear("/a")),
    ("/%61", Reading::Clear("/a")),
    ("/a/b/c", Reading::Clear("/a/b/c")),
    ("", Reading::Unknown),
    ("/a;v=1", Reading::Either("/a;v=1", "/a")),
    ("/a/b;v=1", Reading::Either("/a/b;v=1", "/a/b")),
    ("/a%2fb", Reading::Ambiguous),
    ("/a\\b", Reading::Ambiguous),
    ("a", Reading::Ambiguous),
];
