//! A file of cases as it is written: serde's mirror. Without `Debug`, for there are tokens in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::words::Word;
use crate::app::cases::{HeaderFate, Signed};
use crate::reason::Reason;
use crate::time::UnixMillis;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) request: Request,
    pub(super) token: Option<Token>,
    pub(super) jwt: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) at: Option<Word<UnixMillis>>,
    pub(super) expect: Option<Expect>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) scheme: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, Lines>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            host: String::new(),
            scheme: "https".to_owned(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Token {
    pub(super) issuer: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) alg: Option<Word<Signed>>,
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) verdict: Option<Word<Verdict>>,
    pub(super) reason: Option<Word<Reason>>,
    pub(super) rule: Option<String>,
    pub(super) headers: BTreeMap<String, Fate>,
    pub(super) status: Option<u64>,
    pub(super) body: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) subject: Option<String>,
}

/// `allow`, `deny` or `unavailable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict(pub(super) &'static str);

/// The lines of a header: a text, or a list of them.
pub(super) struct Lines(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesVisitor).map(Self)
    }
}

struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<String>, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = access.next_element()? {
            lines.push(line);
        }
        Ok(lines)
    }
}

/// What a header is to become: a text, or `null` where it is to be removed.
#[derive(Debug)]
pub(super) struct Fate(pub(super) HeaderFate);

impl<'de> Deserialize<'de> for Fate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FateVisitor).map(Self)
    }
}

struct FateVisitor;

impl Visitor<'_> for FateVisitor {
    type Value = HeaderFate;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, or null for a header that is removed")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HeaderFate, E> {
        Ok(HeaderFate::Set(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<HeaderFate, E> {
        Ok(HeaderFate::Removed)
    }
}
