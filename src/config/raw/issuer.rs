//! `issuers.*`

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::config::problems::quoted;
use crate::limits;
use crate::signature::{Algorithm, AlgorithmSet};

use super::scalar::{Line, Scalar, Written};
use super::secret::ClaimName;
use super::source::KeySource;

/// Who may sign, with what, for whom.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["issuer", "audiences", "keys"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Issuer {
    /// The exact value of `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) issuer: Option<Written<Line>>,
    /// For whom its tokens are: any of these, or the word `any`, which turns the check off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) audiences: Option<AudienceList>,
    /// With what it may sign. HS256, HS384 and HS512 only count when they are listed.
    #[schemars(length(min = 1))]
    pub(in crate::config) algorithms: Vec<Written<Algorithm>>,
    /// Where its keys come from: one or more sources, merged.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) keys: Option<Vec<KeySource>>,
    /// How far clocks may be apart: for `exp`, `nbf` and `iat`.
    pub(in crate::config) leeway: Written<Duration>,
    /// Whether a token must have `exp`.
    pub(in crate::config) require_exp: bool,
    /// The longest time since `iat`; makes `iat` required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max_age: Option<Written<Duration>>,
    /// The longest time from `iat` to `exp`; makes `iat` required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max_lifetime: Option<Written<Duration>>,
    /// What `typ` may be, without case and `application/`; `absent` is no `typ` at all.
    #[schemars(length(min = 1))]
    pub(in crate::config) types: Vec<Written<Line>>,
    /// Whether a token must have `kid`.
    pub(in crate::config) require_kid: bool,
    /// Claims that must be there and not null.
    pub(in crate::config) required_claims: Vec<ClaimName>,
    /// Whether readiness does not wait for its keys.
    pub(in crate::config) optional: bool,
}

impl Default for Issuer {
    fn default() -> Self {
        let algorithms = AlgorithmSet::asymmetric();
        let types = ["at+jwt", "JWT", "absent"];
        Self {
            issuer: None,
            audiences: None,
            algorithms: algorithms.iter().map(Written).collect(),
            keys: None,
            leeway: Written(limits::LEEWAY),
            require_exp: true,
            max_age: None,
            max_lifetime: None,
            types: types.map(|kind| Written(Line(kind.into()))).into(),
            require_kid: false,
            required_claims: Vec::new(),
            optional: false,
        }
    }
}

/// The word `any`, or a list of audiences.
#[derive(Debug)]
pub(in crate::config) enum AudienceList {
    Any,
    List(Vec<Written<Line>>),
}

impl Serialize for AudienceList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AudienceList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

impl JsonSchema for AudienceList {
    fn schema_name() -> Cow<'static, str> {
        "Audiences".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "any" },
            { "type": "array", "minItems": 1, "items": Line::schema() },
        ] })
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = AudienceList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of audiences or the word `any`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<AudienceList, E> {
        match text {
            "any" => Ok(AudienceList::Any),
            other => Err(E::custom(format_args!(
                "expected a list: write [{}], or the word `any` to accept tokens for anybody",
                quoted(other)
            ))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<AudienceList, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(access)).map(AudienceList::List)
    }
}
