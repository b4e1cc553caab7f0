//! A value of the operator's, compared with a claim where that lies.

use std::fmt;

use super::number::Number;
use crate::token::json::{Json, Kind};

/// A JSON value of the operator's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Box<str>),
    /// An array.
    Array(Box<[Self]>),
    /// An object; no name stands twice.
    Object(Box<[(Box<str>, Self)]>),
}

impl Value {
    /// Whether `json` is the same: numbers by value, strings without their escapes, arrays in
    /// order, objects in any. Where an inner object repeats a name the last counts.
    #[must_use]
    pub fn equals(&self, json: Json<'_>) -> bool {
        match (self, json.kind()) {
            (Self::Null, Kind::Null) => true,
            (Self::Bool(value), Kind::Bool) => json.raw() == if *value { "true" } else { "false" },
            (Self::Number(number), Kind::Number) => number.compare(json.raw()).is_eq(),
            (Self::Text(value), Kind::String) => json.as_text().is_some_and(|text| text == **value),
            (Self::Array(values), Kind::Array) => {
                let mut elements = json.elements();
                let mut pairs = values.iter().map(|value| (value, elements.next()));
                let all_equal =
                    pairs.all(|(value, element)| element.is_some_and(|json| value.equals(json)));
                all_equal && elements.next().is_none()
            }
            (Self::Object(members), Kind::Object) => {
                let is_ours = |(name, _)| members.iter().any(|(ours, _)| name == **ours);
                let has = |(name, value): &(Box<str>, Self)| {
                    json.get(name).is_some_and(|json| value.equals(json))
                };
                json.members().all(is_ours) && members.iter().all(has)
            }
            (
                Self::Null
                | Self::Bool(_)
                | Self::Number(_)
                | Self::Text(_)
                | Self::Array(_)
                | Self::Object(_),
                _,
            ) => false,
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value as Written;
        match value {
            Written::Null => Self::Null,
            Written::Bool(value) => Self::Bool(*value),
            Written::Number(number) => Self::Number(number.into()),
            Written::String(text) => Self::Text(text.as_str().into()),
            Written::Array(values) => Self::Array(values.iter().map(Self::from).collect()),
            Written::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

impl fmt::Display for Value {
    /// As JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Array(values) => {
                formatter.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{value}")?;
                }
                formatter.write_str("]")
            }
            Self::Object(members) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{name:?}: {value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}
