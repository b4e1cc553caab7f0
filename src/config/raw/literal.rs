//! Values that a claim is compared with: anything that JSON can say.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// A JSON value that is not `null`, which counts as no claim at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(in crate::config) struct Literal(pub(in crate::config) Value);

/// A number, of any kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(in crate::config) struct PlainNumber(pub(in crate::config) Number);

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let member = Member::deserialize(deserializer)?;
        if member.0.is_null() {
            return Err(D::Error::custom(
                "no claim equals null, which counts as absent: write `exists: false` instead",
            ));
        }
        Ok(Self(member.0))
    }
}

impl<'de> Deserialize<'de> for PlainNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor).map(Self)
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

impl JsonSchema for PlainNumber {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PlainNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

/// A value within a value, which may be `null`.
struct Member(Value);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor).map(Self)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        NumberVisitor.visit_i64(number).map(Value::Number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        NumberVisitor.visit_u64(number).map(Value::Number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        NumberVisitor.visit_f64(number).map(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Member(member)) = access.next_element()? {
            members.push(member);
        }
        Ok(members.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Member(member))) = access.next_entry()? {
            members.insert(name, member);
        }
        Ok(members.into())
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(number.into())
    }

    /// YAML knows numbers that JSON does not, and so large a one was rounded when it was read.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Number::from_f64(number)
            .filter(|_| number.abs() <= EXACT_MAX)
            .ok_or_else(|| {
                E::custom(
                    "this number cannot be compared exactly: write a whole one from -2^63 to \
                     2^64-1 without point or exponent, or one that is closer to 0",
                )
            })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        Err(E::invalid_type(Unexpected::Str(text), &self))
    }
}

/// 2^53: from here on a double cannot tell one whole number from the next.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
