//! Tables that list everything of a kind: settings, reasons, metrics, commands.

use std::collections::{BTreeMap, BTreeSet};

use ::jotgate::cli::Cli;
use ::jotgate::reason::{Class, Reason, grpc_code};
use clap::CommandFactory as _;
use serde_json::Value;

use super::document::Document;
use crate::support::jotgate;

#[test]
fn every_setting_is_documented_with_its_default() {
    let document = Document::read("docs/configuration.md");
    let rows = document.rows().into_iter();
    let rows: BTreeMap<String, Vec<String>> = rows.map(|row| (row[0].clone(), row)).collect();
    let output = jotgate::command()
        .arg("schema")
        .output()
        .expect("the binary runs");
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut settings = Settings {
        schema: &schema,
        found: BTreeMap::new(),
        within: Vec::new(),
    };
    settings.walk("", &schema);
    for (path, default) in &settings.found {
        let row = rows
            .get(path)
            .unwrap_or_else(|| panic!("no row for `{path}`"));
        if let Some(default) = default {
            assert_eq!(row[1], format!("`{default}`"), "{path}");
        }
    }
    for path in rows.keys() {
        let is_known = settings
            .found
            .keys()
            .any(|known| known.starts_with(path.as_str()));
        assert!(is_known, "there is no setting `{path}`");
    }
}

/// Settings of the schema with their defaults, as paths like `issuers.*.keys[].jwks_url`.
struct Settings<'s> {
    schema: &'s Value,
    found: BTreeMap<String, Option<String>>,
    /// The places around this one: what repeats itself within itself is listed once.
    within: Vec<Value>,
}

impl Settings<'_> {
    fn walk(&mut self, path: &str, place: &Value) {
        // A reference may have a description of its own beside it.
        let itself = place.get("$ref").unwrap_or(place);
        if self.within.contains(itself) {
            let path = path.trim_end_matches("[]");
            self.found.insert(path.to_owned(), None);
            return;
        }
        self.within.push(itself.clone());
        let default = match &place["default"] {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(place["default"].to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let before = self.found.len();
        for schema in self.alternatives(place) {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                let separator = if path.is_empty() { "" } else { "." };
                self.walk(&format!("{path}{separator}{name}"), property);
            }
            for (key, suffix) in [("additionalProperties", ".*"), ("items", "[]")] {
                if self.has_settings(&schema[key]) {
                    self.walk(&format!("{path}{suffix}"), &schema[key]);
                }
            }
        }
        if self.found.len() == before {
            self.found.insert(path.to_owned(), default);
        }
        self.within.pop();
    }

    /// Whether there are named settings within.
    fn has_settings(&self, place: &Value) -> bool {
        let named = |schema: &Value| {
            schema["properties"]
                .as_object()
                .is_some_and(|it| !it.is_empty())
        };
        self.alternatives(place)
            .into_iter()
            .any(|schema| named(&schema))
    }

    /// The schemas that a place may have, references followed. A secret is one value.
    fn alternatives(&self, place: &Value) -> Vec<Value> {
        if let Some(reference) = place["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            if pointer.ends_with("/Secret") {
                return Vec::new();
            }
            let target = self
                .schema
                .pointer(pointer)
                .expect("references lead somewhere");
            return self.alternatives(target);
        }
        match place["anyOf"].as_array() {
            // What a map must have beside its properties.
            _ if place["properties"].is_object() => vec![place.clone()],
            Some(choices) => choices
                .iter()
                .flat_map(|choice| self.alternatives(choice))
                .collect(),
            None => vec![place.clone()],
        }
    }
}

#[test]
fn every_reason_is_documented_with_its_status() {
    let rows = Document::read("docs/reasons.md").rows();
    let documented: Vec<(&str, &str)> = rows.iter().map(|row| (&*row[0], &*row[1])).collect();
    let statuses = Reason::ALL.map(|reason| {
        let status = reason.class().http_status();
        format!("{status} / {}", grpc_code(status))
    });
    let reasons = Reason::ALL.iter().zip(&statuses);
    let expected: Vec<(&str, &str)> = reasons
        .map(|(reason, status)| (reason.code(), status.as_str()))
        .collect();
    assert_eq!(documented, expected);
    for row in rows
        .iter()
        .filter(|row| !row.iter().any(|cell| cell.starts_with("*Reserved")))
    {
        let reason = Reason::ALL
            .into_iter()
            .find(|reason| reason.code() == row[0]);
        let cells = match reason.expect("compared above").class() {
            Class::Allowed => 4,
            Class::Missing | Class::Invalid | Class::Forbidden | Class::Unavailable => 5,
        };
        assert_eq!(
            row.iter().filter(|cell| !cell.is_empty()).count(),
            cells,
            "{row:?}"
        );
    }
}

#[test]
fn the_readme_counts_the_reasons() {
    let count = format!("[{} reasons]", Reason::ALL.len());
    assert!(Document::read("README.md").text.contains(&count), "{count}");
}

#[test]
fn every_metric_is_documented() {
    let golden = include_str!("../../golden/metrics.txt").lines();
    let names = golden.filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next());
    let expected: BTreeSet<String> = names.map(str::to_owned).collect();
    let rows = Document::read("docs/operations.md").rows().into_iter();
    let documented: BTreeSet<String> = rows
        .map(|row| row[0].clone())
        .filter(|cell| cell.starts_with("jotgate_") && !cell.contains(' '))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn every_command_is_documented() {
    let rows = Document::read("docs/operations.md").rows().into_iter();
    let documented: BTreeSet<String> = rows
        .filter_map(|row| {
            Some(
                row[0]
                    .strip_prefix("jotgate ")?
                    .split(' ')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    let commands = Cli::command();
    let names = commands
        .get_subcommands()
        .map(|command| command.get_name().to_owned());
    assert_eq!(documented, names.collect());
}
