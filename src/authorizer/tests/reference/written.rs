//! Rules as they would be written.

use http::HeaderName;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::bearer::{AUDIENCES, ISSUERS, SCOPES};
use crate::issuers::Audiences;
use crate::matching::{HeaderPattern, Match};
use crate::requirement::{Condition, Lines, Names, Requirement};
use crate::rules::{Access, RuleSettings};

/// A rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) hosts: Vec<&'static str>,
    pub(super) methods: Vec<&'static str>,
    pub(super) paths: Vec<&'static str>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) access: Access,
    pub(super) issuers: Option<Vec<&'static str>>,
    /// An empty list is `any`.
    pub(super) audiences: Option<Vec<&'static str>>,
    pub(super) require: Vec<Line>,
}

/// What it asks of a token: one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// This scope.
    Scope(&'static str),
    /// A method that is not DELETE, which reads the request.
    NoDelete,
    /// A path that is not `/a`, in whichever way it is read.
    NotA,
    /// Anybody but the consumer, which reads neither the claims nor the request.
    NoConsumer,
}

impl Written {
    pub(super) fn settings(&self, name: &str) -> RuleSettings {
        let header = |(name, value): &(&'static str, &str)| HeaderPattern {
            name: HeaderName::from_static(name),
            value: value.as_bytes().into(),
        };
        let matches = Match {
            hosts: self.hosts.iter().map(|it| it.parse().unwrap()).collect(),
            methods: self.methods.iter().map(|it| it.parse().unwrap()).collect(),
            paths: self.paths.iter().map(|it| it.parse().unwrap()).collect(),
            headers: self.headers.iter().map(header).collect(),
        };
        RuleSettings {
            name: Some(name.into()),
            matches,
            access: self.access,
            issuers: self.issuers.as_deref().map(texts),
            audiences: self.audiences.as_deref().map(audiences),
            require: Lines::new(self.require.iter().map(|line| line.requirement())),
            ..RuleSettings::default()
        }
    }
}

impl Line {
    fn requirement(self) -> Requirement {
        let cel = |source| Requirement::Cel(Condition::new(source).expect(source));
        match self {
            Self::Scope(scope) => Requirement::Scope(Names::All(texts(&[scope]))),
            Self::NoDelete => cel("request.method != 'DELETE'"),
            Self::NotA => cel("request.path != '/a'"),
            Self::NoConsumer => cel("!has(consumer.name)"),
        }
    }
}

/// An empty list is `any`.
pub(super) fn audiences(names: &[&str]) -> Audiences {
    match names {
        [] => Audiences::Any,
        names => Audiences::OneOf(texts(names)),
    }
}

fn texts(texts: &[&str]) -> Box<[Box<str>]> {
    texts.iter().map(|text| Box::from(*text)).collect()
}

pub(super) fn written() -> impl Strategy<Value = Written> {
    // Most rules have few patterns, so that most requests meet one.
    let seldom = |patterns: &'static [&'static str]| prop_oneof![3 => Just(Vec::new()), 1 => subsequence(patterns, 1..=2)];
    let paths = prop_oneof![1 => Just(Vec::new()), 2 => subsequence(PATHS, 1..=3)];
    let headers = prop_oneof![4 => Just(Vec::new()), 1 => subsequence(HEADERS, 1..=2)];
    let access = prop_oneof![
        4 => Just(Access::Required),
        2 => Just(Access::Optional),
        2 => Just(Access::Permissive),
        1 => Just(Access::Public),
        1 => Just(Access::Denied),
    ];
    let asked = (
        access,
        prop_oneof![2 => Just(None), 1 => subsequence(ISSUERS, 1..=2).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => subsequence(AUDIENCES, 0..=2).prop_map(Some)],
        prop_oneof![1 => Just(Vec::new()), 1 => proptest::collection::vec(line(), 1..3)],
    );
    let met = (seldom(HOSTS), seldom(METHODS), paths, headers);
    (met, asked).prop_map(|(met, asked)| {
        let (hosts, methods, paths, headers) = met;
        let (access, issuers, audiences, require) = asked;
        Written {
            hosts,
            methods,
            paths,
            headers,
            access,
            issuers,
            audiences,
            require,
        }
    })
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        2 => select(SCOPES).prop_map(Line::Scope),
        1 => Just(Line::NoDelete),
        1 => Just(Line::NotA),
        1 => Just(Line::NoConsumer),
    ]
}

const HOSTS: &[&str] = &["api.example", "*.example", "*.api.example"];
const METHODS: &[&str] = &["GET", "POST", "DELETE"];
const PATHS: &[&str] = &["/", "/a", "/a/", "/a/b", "/a/{id}", "/a/**", "/*/b", "/**"];
const HEADERS: &[(&str, &str)] = &[("x-env", "prod"), ("x-env", "prod, prod"), ("x-b", "1")];
