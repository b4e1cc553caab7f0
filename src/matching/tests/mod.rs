//! Which rule is met.

mod hosts;
mod patterns;
mod reference;

use http::HeaderName;

use super::{HeaderPattern, Match, MatchIndex};
use crate::path::PathScratch;
use crate::reason::Reason;
use crate::request::RequestView;

/// A request in a test; what is not said is not known.
#[derive(Clone, Debug, Default)]
struct Asked {
    method: String,
    host: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    fn target(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            ..Self::default()
        }
    }

    fn host(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            ..Self::default()
        }
    }

    fn method(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..Self::default()
        }
    }

    fn headers(headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            headers: headers.iter().map(owned).collect(),
            ..Self::default()
        }
    }

    /// Which of the rules it meets.
    fn find(&self, index: &MatchIndex) -> Result<Option<usize>, Reason> {
        let mut scratch = PathScratch::default();
        let path = scratch.read(self.target.as_bytes())?;
        index.find(&self, path.as_ref())
    }
}

impl<'a> RequestView<'a> for &'a Asked {
    fn method(&self) -> &'a [u8] {
        self.method.as_bytes()
    }

    fn host(&self) -> &'a [u8] {
        self.host.as_bytes()
    }

    fn scheme(&self) -> &'a [u8] {
        b""
    }

    fn target(&self) -> &'a [u8] {
        self.target.as_bytes()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in &self.headers {
            visit(name.as_bytes(), value.as_bytes());
        }
    }
}

/// A rule for these paths.
fn paths(patterns: &[&str]) -> Match {
    let parse = |text: &&str| text.parse().expect("a pattern");
    Match {
        paths: patterns.iter().map(parse).collect(),
        ..Match::default()
    }
}

/// A rule for these hosts.
fn hosts(patterns: &[&str]) -> Match {
    let parse = |text: &&str| text.parse().expect("a pattern");
    Match {
        hosts: patterns.iter().map(parse).collect(),
        ..Match::default()
    }
}

/// A rule for these methods.
fn methods(names: &[&str]) -> Match {
    let parse = |text: &&str| text.parse().expect("a method");
    Match {
        methods: names.iter().map(parse).collect(),
        ..Match::default()
    }
}

/// A rule for these headers.
fn headers(headers: &[(&'static str, &str)]) -> Match {
    let pattern = |(name, value): &(&'static str, &str)| HeaderPattern {
        name: HeaderName::from_static(name),
        value: value.as_bytes().into(),
    };
    Match {
        headers: headers.iter().map(pattern).collect(),
        ..Match::default()
    }
}

#[test]
fn a_path_meets_the_patterns_that_the_contract_says() {
    for (pattern, met, unmet) in [
        ("/", &["/", "//", "/.", "/a/..", "/?a"][..], &["/a", ""][..]),
        (
            "/x/**",
            &[
                "/x", "/x/", "/x/y", "/x/y/z/", "//x//y", "/x/%2e", "/y/../x",
            ],
            &["/", "/xy", "/X", "/y/x", "/x/../y", "/x/..", ""],
        ),
        ("/**", &["/", "/a", "/a/b/"], &[""]),
        (
            "/orders/{id}",
            &[
                "/orders/1",
                "/orders/%31",
                "/orders/a;b",
                "/orders/*",
                "/orders/{id}",
            ],
            &[
                "/orders",
                "/orders/",
                "/orders/1/",
                "/orders/1/x",
                "/orders//",
            ],
        ),
        (
            "/*/x",
            &["/a/x", "/**/x"],
            &["/x", "//x", "/a/b/x", "/a/x/"],
        ),
        ("/*/", &["/a/"], &["/a", "/"]),
        ("/*/**", &["/a", "/a/", "/a/b"], &["/"]),
        ("/a/", &["/a/", "/a//", "/a/.", "/a/b/.."], &["/a"]),
        ("/a", &["/a", "/%61", "//a", "/./a"], &["/a/", "/A", "/a/b"]),
        ("/a@b", &["/a@b", "/a%40b"], &["/a%2540b"]),
        ("/a%40b", &["/a@b", "/a%40b"], &["/a%2540b"]),
        ("/%C3%A9", &["/é", "/%c3%a9", "/%C3%a9"], &["/e", "/%E9"]),
        ("/100%25", &["/100%25"], &["/100"]),
        ("/a%3Fb", &["/a%3fb"], &["/a", "/a?b"]),
        ("/a*", &["/a*", "/a%2A"], &["/ab", "/a"]),
        ("/x**", &["/x**"], &["/x", "/x/y"]),
        ("/{a}b", &["/%7Ba%7Db"], &["/ab"]),
        ("/..a/.b", &["/..a/.b"], &["/a/b"]),
    ] {
        let index = MatchIndex::new([paths(&[pattern])]);
        for target in met {
            assert_eq!(
                Asked::target(target).find(&index),
                Ok(Some(0)),
                "{pattern} {target}"
            );
        }
        for target in unmet {
            assert_eq!(
                Asked::target(target).find(&index),
                Ok(None),
                "{pattern} {target}"
            );
        }
    }
}

#[test]
fn a_method_is_compared_with_case() {
    let index = MatchIndex::new([methods(&["GET", "POST"]), methods(&["PURGE"])]);
    for (method, expected) in [
        ("GET", Some(0)),
        ("POST", Some(0)),
        ("PURGE", Some(1)),
        ("get", None),
        ("GETS", None),
        ("", None),
    ] {
        assert_eq!(Asked::method(method).find(&index), Ok(expected), "{method}");
    }
}

#[test]
fn a_header_has_exactly_this_value_and_its_lines_are_joined() {
    for (pattern, asked, is_met) in [
        (&[("x-env", "prod")][..], &[("x-env", "prod")][..], true),
        (
            &[("x-env", "prod")],
            &[("X-Env", "prod"), ("accept", "*/*")],
            true,
        ),
        (&[("x-env", "prod")], &[("x-env", "Prod")], false),
        (&[("x-env", "prod")], &[("x-env", "prod2")], false),
        (&[("x-env", "prod")], &[("x-env", "pro")], false),
        (
            &[("x-env", "prod")],
            &[("x-env", "prod"), ("x-env", "prod")],
            false,
        ),
        (
            &[("x-env", "prod")],
            &[("x-env", "prod"), ("x-env", "")],
            false,
        ),
        (
            &[("x-env", "prod")],
            &[("x-env", "test"), ("x-env", "prod")],
            false,
        ),
        (
            &[("x-env", "a, b")],
            &[("x-env", "a"), ("accept", ""), ("x-env", "b")],
            true,
        ),
        (&[("x-env", "a, b")], &[("x-env", "a, b")], true),
        (
            &[("x-env", "a, b")],
            &[("x-env", "b"), ("x-env", "a")],
            false,
        ),
        (&[("x-env", "a, b")], &[("x-env", "a,b")], false),
        (&[("x-env", "")], &[("x-env", "")], true),
        (&[("x-env", "")], &[], false),
        (
            &[("x-env", "prod"), ("x-b", "1")],
            &[("x-b", "1"), ("x-env", "prod")],
            true,
        ),
        (
            &[("x-env", "prod"), ("x-b", "1")],
            &[("x-env", "prod")],
            false,
        ),
    ] {
        let index = MatchIndex::new([headers(pattern)]);
        let expected = is_met.then_some(0);
        assert_eq!(
            Asked::headers(asked).find(&index),
            Ok(expected),
            "{asked:?}"
        );
    }
}

#[test]
fn the_first_rule_wins_however_special_a_later_one_is() {
    let index = MatchIndex::new([
        paths(&["/a/{x}/c"]),
        paths(&["/a/b/c", "/a/b"]),
        paths(&["/a/**"]),
        Match {
            hosts: hosts(&["a.example"]).hosts,
            ..paths(&["/z"])
        },
        hosts(&["*.example"]),
        paths(&["/a/b/d"]),
        hosts(&["a.example", "b.example"]),
        Match::default(),
    ]);
    for (host, target, expected) in [
        ("a.example", "/a/b/c", 0),
        ("", "/a/b", 1),
        ("", "/a/b/", 2),
        ("a.example", "/a/b/d", 2),
        ("a.example", "/z", 3),
        ("b.example", "/z", 4),
        ("b.example", "/y", 4),
        ("example", "/y", 7),
        ("", "", 7),
        ("a.example", "", 4),
    ] {
        let asked = Asked {
            host: host.to_owned(),
            ..Asked::target(target)
        };
        assert_eq!(asked.find(&index), Ok(Some(expected)), "{host} {target}");
    }
    assert_eq!(Asked::target("/").find(&MatchIndex::new([])), Ok(None));
}

#[test]
fn parameters_of_a_path_may_not_choose_the_rule() {
    let index = MatchIndex::new([
        paths(&["/admin", "/admin/**"]),
        paths(&["/pub/*"]),
        paths(&["/o/**"]),
    ]);
    for (target, expected) in [
        ("/admin;x", Err(Reason::PathAmbiguous)),
        ("/admin%3Bx", Err(Reason::PathAmbiguous)),
        ("/admin;x/y", Err(Reason::PathAmbiguous)),
        ("/;/admin", Err(Reason::PathAmbiguous)),
        ("/pub/;x", Err(Reason::PathAmbiguous)),
        ("/pub/a;x", Ok(Some(1))),
        ("/admin/a;x", Ok(Some(0))),
        ("/o/a;v=1/b;w=2", Ok(Some(2))),
        ("/none;x", Ok(None)),
    ] {
        assert_eq!(Asked::target(target).find(&index), expected, "{target}");
    }
}
