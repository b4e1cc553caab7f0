//! Secrets, and values that may be written in more than one shape.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::config::problems::quoted;
use crate::token::ClaimPath;

use super::scalar::{FilePath, Line, Written};

/// A secret: a file that holds it, an environment variable, or the text itself.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
#[serde(
    deny_unknown_fields,
    expecting = "one of {file: …}, {env: …}, {value: …}"
)]
pub(in crate::config) struct Secret {
    /// The file that holds it; one newline at the end does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) file: Option<Written<FilePath>>,
    /// The environment variable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) env: Option<Written<Line>>,
    /// The text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) value: Option<SecretText>,
}

/// A text that is not shown.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
#[serde(transparent)]
pub(in crate::config) struct SecretText(
    #[schemars(with = "String")]
    #[serde(deserialize_with = "zeroizing")]
    pub(in crate::config) Zeroizing<String>,
);

fn zeroizing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// The value of a header to send: a secret, or a text, which is treated as one all the same.
#[derive(Debug)]
pub(in crate::config) enum HeaderText {
    Secret(Secret),
    Text(SecretText),
}

impl Serialize for HeaderText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Secret(secret) => secret.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderTextVisitor)
    }
}

impl JsonSchema for HeaderText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HeaderText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<Secret>()] })
    }
}

struct HeaderTextVisitor;

impl<'de> Visitor<'de> for HeaderTextVisitor {
    type Value = HeaderText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or one of {file: …}, {env: …}, {value: …}")
    }

    fn visit_str<E>(self, text: &str) -> Result<HeaderText, E> {
        Ok(HeaderText::Text(SecretText(text.to_owned().into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<HeaderText, A::Error> {
        Secret::deserialize(MapAccessDeserializer::new(access)).map(HeaderText::Secret)
    }
}

/// The path to a claim: `realm_access.roles`, or a list of names where a name has dots.
#[derive(Clone, Debug)]
pub(in crate::config) enum ClaimName {
    Dotted(String, ClaimPath),
    List(Vec<String>, ClaimPath),
}

impl ClaimName {
    /// From the dotted form.
    pub(super) fn dotted<E: Error>(text: &str) -> Result<Self, E> {
        match ClaimPath::dotted(text) {
            Ok(path) => Ok(Self::Dotted(text.to_owned(), path)),
            Err(_) => Err(E::custom(format_args!(
                "{} is not a path to a claim: write a name, names with single dots between \
                 them, or a list of names",
                quoted(text)
            ))),
        }
    }

    /// From the list form.
    pub(super) fn list<'de, A: SeqAccess<'de>>(access: A) -> Result<Self, A::Error> {
        let names = Vec::<String>::deserialize(SeqAccessDeserializer::new(access))?;
        match ClaimPath::list(names.iter().map(String::as_str)) {
            Ok(path) => Ok(Self::List(names, path)),
            Err(_) => Err(A::Error::custom(
                "a path to a claim needs a name, and none may be empty",
            )),
        }
    }

    /// What it says.
    pub(in crate::config) fn path(&self) -> &ClaimPath {
        match self {
            Self::Dotted(_, path) | Self::List(_, path) => path,
        }
    }
}

impl Serialize for ClaimName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dotted(text, _) => serializer.serialize_str(text),
            Self::List(names, _) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClaimNameVisitor)
    }
}

impl JsonSchema for ClaimName {
    fn schema_name() -> Cow<'static, str> {
        "ClaimPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description":
                "The path to a claim, with dots, or a list of names where a name has dots.",
            "anyOf": [
                { "type": "string", "pattern": "^[^.]+(\\.[^.]+)*$" },
                { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
            ],
        })
    }
}

struct ClaimNameVisitor;

impl<'de> Visitor<'de> for ClaimNameVisitor {
    type Value = ClaimName;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the path to a claim (a text or a list of texts)")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ClaimName, E> {
        ClaimName::dotted(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<ClaimName, A::Error> {
        ClaimName::list(access)
    }
}

/// What stands in the effective configuration instead of a secret.
const REDACTED: &str = "[redacted]";
