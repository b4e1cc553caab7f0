//! `rules[].match`

use std::fmt::Display;
use std::str::FromStr;

use http::HeaderName;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::problems::quoted;
use crate::matching::{HostPattern, MethodPattern, PathPattern};

use super::entries::Entries;
use super::scalar::{Line, Scalar, Written};

/// Which requests a rule is for: everything that stands here must hold, and of each list one member.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Match {
    /// Hosts, without port; `*.example.org` is every host below, not example.org itself.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) hosts: Option<Vec<Written<HostPattern>>>,
    /// Methods, in upper case.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) methods: Option<Vec<Written<MethodPattern>>>,
    /// Paths, without query; `{name}` and `*` stand for one segment, `/**` at the end for
    /// everything below and the path itself.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) paths: Option<Vec<Written<PathPattern>>>,
    /// Headers and their exact values, all of them.
    #[schemars(extend("minProperties" = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) headers: Option<Entries<HeaderName, Written<Line>>>,
}

impl Scalar for HostPattern {
    const EXPECTED: &'static str = "a host (api.example.com, *.example.org)";

    fn parse(text: &str) -> Result<Self, String> {
        pattern(text)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(\\*\\.)?[^*/@,\\s]+$" })
    }
}

impl Scalar for MethodPattern {
    const EXPECTED: &'static str = "a method (GET, POST)";

    fn parse(text: &str) -> Result<Self, String> {
        pattern(text)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[-A-Z0-9_.!#$%&'*+^`|~]+$" })
    }
}

impl Scalar for PathPattern {
    const EXPECTED: &'static str = "a path (/orders/{id}, /orders/**)";

    fn parse(text: &str) -> Result<Self, String> {
        pattern(text)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^/[^?#;\\\\\\s]*$" })
    }
}

fn pattern<P: FromStr<Err: Display>>(text: &str) -> Result<P, String> {
    text.parse()
        .map_err(|error| format!("{}: {error}", quoted(text)))
}
