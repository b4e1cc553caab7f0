//! The scanner of claims beside serde_json: both read the same, or the scanner refuses for a
//! reason of its own.

use std::collections::HashSet;
use std::fmt;

use jotgate::limits::TOP_LEVEL_MEMBERS;
use jotgate::token::json::{Json, Kind, scan_object};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

const DEPTH: usize = 16;

pub fn run(data: &[u8]) {
    let mut visited = 0;
    let scanned = scan_object(data, DEPTH, |member| {
        visited += 1;
        let _ = (member.name().to_cow(), member.value().kind());
    });
    let reference = reference(data);
    match (scanned, reference) {
        (Ok(json), Some(members)) => {
            assert_eq!(visited, members.len());
            assert_eq!(json.members().count(), members.len());
            for ((name, value), (wanted_name, wanted)) in json.members().zip(&members) {
                assert_eq!(name.to_cow(), wanted_name.as_str());
                same(value, wanted);
            }
        }
        // serde_json refuses numbers that no double can hold; they are numbers nevertheless.
        (Ok(json), None) => assert!(has_huge_number(json), "only we read it"),
        (Err(_), Some(members)) => {
            let names: HashSet<_> = members.iter().map(|(name, _)| name).collect();
            let is_repeated = names.len() < members.len();
            let is_deep = members.iter().any(|(_, value)| depth(value) >= DEPTH);
            let is_long = members.len() > TOP_LEVEL_MEMBERS;
            assert!(is_repeated || is_deep || is_long, "only we refuse it");
        }
        (Err(_), None) => {}
    }
}

/// The members of the object that serde_json sees, duplicates and all.
fn reference(data: &[u8]) -> Option<Vec<(String, Value)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(data);
    let members = reader.deserialize_map(Members).ok()?;
    reader.end().ok()?;
    Some(members)
}

fn same(json: Json<'_>, wanted: &Value) {
    match wanted {
        Value::Null => assert!(json.is_null()),
        Value::Bool(value) => assert_eq!(json.raw(), value.to_string()),
        Value::Number(number) => {
            assert_eq!(json.kind(), Kind::Number);
            assert!(json.as_f64().expect("a number").is_finite());
            // "1.0" is no whole number to us, and none to serde_json.
            if let Some(whole) = number.as_i64() {
                assert_eq!(json.as_i64(), Some(whole));
            }
        }
        Value::String(text) => {
            let read = json.as_text().expect("a string");
            assert_eq!(read.to_cow(), text.as_str());
            assert!(read == **text);
            assert_eq!(read.resolve(&mut String::new()), text);
        }
        Value::Array(wanted) => {
            assert_eq!(json.elements().count(), wanted.len());
            json.elements()
                .zip(wanted)
                .for_each(|(json, wanted)| same(json, wanted));
        }
        Value::Object(wanted) => {
            assert_eq!(json.kind(), Kind::Object);
            // A name that stands twice in an inner object: the last one counts for both.
            for (name, value) in wanted {
                same(json.get(name).expect("it is there"), value);
            }
            assert!(
                json.members()
                    .all(|(name, _)| wanted.contains_key(&*name.to_cow()))
            );
        }
    }
}

fn has_huge_number(json: Json<'_>) -> bool {
    let is_huge = json.as_f64().is_some_and(f64::is_infinite);
    is_huge
        || json.elements().any(has_huge_number)
        || json.members().any(|(_, value)| has_huge_number(value))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
