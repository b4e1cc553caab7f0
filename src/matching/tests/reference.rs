//! The index finds what an evaluator finds that tries every rule, with nothing but strings.

use http::HeaderName;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::Asked;
use crate::matching::{HeaderPattern, Match, MatchIndex};
use crate::path::PathScratch;
use crate::reason::Reason;

/// A rule as it would be written.
#[derive(Clone, Debug)]
struct Written {
    hosts: Vec<&'static str>,
    methods: Vec<&'static str>,
    paths: Vec<String>,
    headers: Vec<(&'static str, &'static str)>,
}

impl Written {
    fn parse(&self) -> Match {
        let header = |(name, value): &(&'static str, &str)| HeaderPattern {
            name: HeaderName::from_static(name),
            value: value.as_bytes().into(),
        };
        Match {
            hosts: self.hosts.iter().map(|it| it.parse().unwrap()).collect(),
            methods: self.methods.iter().map(|it| it.parse().unwrap()).collect(),
            paths: self.paths.iter().map(|it| it.parse().unwrap()).collect(),
            headers: self.headers.iter().map(header).collect(),
        }
    }

    fn is_met(&self, asked: &Asked, path: Option<&str>) -> bool {
        let has = |(name, value): &(&str, &str)| {
            let lines = asked.headers.iter().filter(|(other, _)| other == name);
            let lines: Vec<&str> = lines.map(|(_, line)| line.as_str()).collect();
            !lines.is_empty() && lines.join(", ") == *value
        };
        let is_host = |pattern: &&str| is_host(pattern, &asked.host);
        let is_path = |pattern: &String| path.is_some_and(|path| is_path(pattern, path));
        (self.hosts.is_empty() || self.hosts.iter().any(is_host))
            && (self.methods.is_empty() || self.methods.contains(&asked.method.as_str()))
            && (self.paths.is_empty() || self.paths.iter().any(is_path))
            && self.headers.iter().all(has)
    }
}

fn is_host(pattern: &str, host: &str) -> bool {
    let host = host.to_lowercase();
    let host = host.strip_suffix(":8080").unwrap_or(&host);
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix('*') {
        Some(end) => host.len() > end.len() && host.ends_with(end),
        None => host == pattern,
    }
}

fn is_path(pattern: &str, path: &str) -> bool {
    if let Some(above) = pattern.strip_suffix("/**") {
        let depth = above.matches('/').count();
        let starts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        let end = starts.get(depth).copied().unwrap_or(path.len());
        return above.is_empty() || is_path(above, &path[..end]);
    }
    let (wanted, found): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, found): (&&str, &&str)| match *wanted {
        "*" | "{id}" => !found.is_empty(),
        literal => literal == *found,
    };
    wanted.len() == found.len() && wanted.iter().zip(&found).all(fits)
}

fn expected(rules: &[Written], asked: &Asked) -> Result<Option<usize>, Reason> {
    let mut scratch = PathScratch::default();
    let text = |bytes| std::str::from_utf8(bytes).expect("made of text");
    let first = |path| rules.iter().position(|rule| rule.is_met(asked, path));
    let Some(path) = scratch.read(asked.target.as_bytes())? else {
        return Ok(first(None));
    };
    let with = first(Some(text(path.as_bytes())));
    match path.without_parameters() {
        Some(without) if first(Some(text(without))) != with => Err(Reason::PathAmbiguous),
        _ => Ok(with),
    }
}

fn written() -> impl Strategy<Value = Written> {
    let path = "(/(a|b|\\*|\\{id\\})){0,3}(/|/c|/\\*\\*)";
    let hosts = subsequence(HOST_PATTERNS, 0..=2);
    let methods = subsequence(METHODS, 0..=2);
    let headers = subsequence(HEADERS, 0..=1);
    // Most rules have one kind of pattern, so that more than one is met.
    let paths = prop_oneof![1 => Just(Vec::new()), 3 => vec(path, 1..3)];
    let rarely = |likely: bool| if likely { 1 } else { 3 };
    let or_none = |strategy: BoxedStrategy<Vec<&'static str>>, likely| prop_oneof![rarely(likely) => Just(Vec::new()), 2 => strategy];
    let hosts = or_none(hosts.boxed(), true);
    let methods = or_none(methods.boxed(), false);
    let headers = prop_oneof![4 => Just(Vec::new()), 1 => headers];
    (hosts, methods, paths, headers).prop_map(|(hosts, methods, paths, headers)| Written {
        hosts,
        methods,
        paths,
        headers,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let target = prop_oneof![
        1 => Just(String::new()),
        8 => "(/(a|b|c|d)){0,4}/?",
        2 => "(/(a|b|a;x|;|\\.|\\.\\.|%61|)){0,4}(\\?a)?",
    ];
    let lines = vec(
        (select(&["x-env", "x-b"][..]), select(&["a", "b"][..])),
        0..3,
    );
    (select(METHODS), select(HOSTS), target, lines).prop_map(|(method, host, target, lines)| {
        let owned = |(name, line): (&str, &str)| (name.to_owned(), line.to_owned());
        Asked {
            method: method.to_owned(),
            host: host.to_owned(),
            target,
            headers: lines.into_iter().map(owned).collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_index_agrees_with_trying_every_rule(
        rules in vec(written(), 0..12),
        requests in vec(asked(), 1..12),
    ) {
        let index = MatchIndex::new(rules.iter().map(Written::parse));
        for asked in &requests {
            prop_assert_eq!(asked.find(&index), expected(&rules, asked), "{:?}", asked);
        }
    }
}

const METHODS: &[&str] = &["GET", "POST", "DELETE"];
const HEADERS: &[(&str, &str)] = &[("x-env", "a"), ("x-env", "a, b"), ("x-b", "b")];
const HOST_PATTERNS: &[&str] = &[
    "a.example",
    "b.a.example",
    "*.example",
    "*.a.example",
    "[::1]",
];
const HOSTS: &[&str] = &[
    "",
    "a.example",
    "A.Example:8080",
    "b.a.example.",
    "c.b.a.example",
    "b.example",
    "example",
    "[::1]:8080",
    "other",
];
