use std::path::Path;

use serde_json::Value;

use super::schema;
use crate::config::parse;
use crate::config::tests::{EVERYTHING, LEAST, files};

#[test]
fn the_schema_accepts_what_is_accepted() {
    let directory = files();
    for text in [EVERYTHING, LEAST] {
        let config = parse(text, directory.path()).expect("good");
        for text in [text, &config.effective_yaml] {
            assert_eq!(fault(text), None, "{text}");
        }
        assert_eq!(Judge::new().judge(&config.effective), Ok(()));
    }
}

#[test]
fn the_schema_refuses_what_a_schema_can_tell() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config_errors");
    for name in [
        "algorithms",
        "claim_paths",
        "credentials",
        "empty_lists",
        "missing_keys",
        "no_issuers",
        "no_values",
        "not_a_map",
        "require",
        "secrets",
        "texts",
        "unknown_keys",
        "unsupported",
        "words",
        "wrong_kinds",
    ] {
        let text = std::fs::read_to_string(golden.join(name).with_extension("yaml"));
        assert!(fault(&text.expect("readable")).is_some(), "{name}");
    }
}

#[test]
fn the_schema_says_what_every_key_is_for() {
    fn undescribed(schema: &Value, place: &str, found: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, property) in properties.into_iter().flatten() {
            if property.get("description").is_none() {
                found.push(format!("{place}.{key}"));
            }
        }
    }
    let schema = schema().to_value();
    let mut found = Vec::new();
    undescribed(&schema, "", &mut found);
    for (name, schema) in schema["$defs"].as_object().expect("a map") {
        undescribed(schema, name, &mut found);
    }
    assert_eq!(found, [] as [String; 0]);
}

/// What the schema has against a text.
fn fault(text: &str) -> Option<String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let value = serde_saphyr::from_str_with_options(text, options).expect("YAML");
    Judge::new().judge(&value).err()
}

/// As much of JSON Schema as our schema uses. What it does not know is a panic, not a pass.
struct Judge {
    root: Value,
}

impl Judge {
    fn new() -> Self {
        let root = schema().to_value();
        Self { root }
    }

    fn judge(&self, value: &Value) -> Result<(), String> {
        self.apply(&self.root, value, "")
    }

    fn apply(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        if *schema == Value::Bool(true) {
            return Ok(());
        }
        let keywords = schema.as_object().expect("a schema");
        for (keyword, argument) in keywords {
            if !self.holds(keyword, argument, schema, value, place)? {
                return Err(format!("{place}: {keyword} {argument}, found {value}"));
            }
        }
        Ok(())
    }

    /// Whether one keyword holds; an error from further down is more precise.
    fn holds(
        &self,
        keyword: &str,
        argument: &Value,
        schema: &Value,
        value: &Value,
        place: &str,
    ) -> Result<bool, String> {
        let matching = |schemas: &Value| {
            let schemas = schemas.as_array().expect("a list").iter();
            schemas
                .filter(|schema| self.apply(schema, value, place).is_ok())
                .count()
        };
        let size = match value {
            Value::String(text) => text.chars().count(),
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        } as u64;
        Ok(match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "properties" => true, // with additionalProperties
            "$ref" => {
                let pointer = argument.as_str().expect("a text").trim_start_matches('#');
                let target = self.root.pointer(pointer).expect("it is there");
                self.apply(target, value, place).map(|()| true)?
            }
            "type" => has_type(value, argument.as_str().expect("a text")),
            "const" => value == argument,
            "enum" => argument.as_array().expect("a list").contains(value),
            "anyOf" => matching(argument) >= 1,
            "oneOf" => matching(argument) == 1,
            "minimum" => value.as_f64() >= argument.as_f64(),
            "maximum" => value.as_f64() <= argument.as_f64(),
            "minLength" | "minItems" | "minProperties" => size >= argument.as_u64().expect("size"),
            "maxProperties" => size <= argument.as_u64().expect("size"),
            "pattern" => {
                let pattern = regex::Regex::new(argument.as_str().expect("a text"));
                let text = value.as_str().unwrap_or_default();
                pattern.expect("compiles").is_match(text)
            }
            "required" => {
                let mut keys = argument.as_array().expect("a list").iter();
                keys.all(|key| value.get(key.as_str().expect("a text")).is_some())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.apply(argument, item, &format!("{place}[{index}]"))?;
                }
                true
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(|map| map.keys()) {
                    self.apply(argument, &name.as_str().into(), place)?;
                }
                true
            }
            "additionalProperties" => {
                for (key, member) in value.as_object().into_iter().flatten() {
                    let place = format!("{place}.{key}");
                    match schema.get("properties").and_then(|known| known.get(key)) {
                        Some(known) => self.apply(known, member, &place)?,
                        None if *argument == Value::Bool(false) => return Ok(false),
                        None => self.apply(argument, member, &place)?,
                    }
                }
                true
            }
            other => panic!("keyword {other}"),
        })
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    }
}
