//! A `VerifyRequest` from JSON. What is not understood is refused: a misspelled `scopes` would
//! otherwise be a question that asks for less.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::grpc::proto::jotgate::v1::{RequestContext, VerifyRequest};

/// Reads one question.
///
/// The error names place and kind of the mistake and never repeats a value, which could be a
/// token.
pub(super) fn parse(body: &[u8]) -> Result<VerifyRequest, String> {
    let question: Question = serde_json::from_slice(body).map_err(|error| describe(&error))?;
    Ok(VerifyRequest {
        token: question.token.unwrap_or_default(),
        request: question.request.map(|request| RequestContext {
            method: request.method.unwrap_or_default(),
            host: request.host.unwrap_or_default(),
            path: request.path.unwrap_or_default(),
            headers: request.headers.unwrap_or_default().0,
        }),
        rule: question.rule.unwrap_or_default(),
        audiences: question.audiences.unwrap_or_default(),
        scopes: question.scopes.unwrap_or_default(),
        explain: question.explain.unwrap_or_default(),
    })
}

/// In the mapping `null` stands for the default, hence the options. All names are one word, so
/// lowerCamelCase and the names of the proto file are the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    token: Option<String>,
    request: Option<Context>,
    rule: Option<String>,
    audiences: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    explain: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    method: Option<String>,
    host: Option<String>,
    path: Option<String>,
    headers: Option<Headers>,
}

/// Headers by name. A name that repeats would hide a value from us, not from others.
#[derive(Default)]
struct Headers(HashMap<String, String>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Distinct;

        impl<'de> Visitor<'de> for Distinct {
            type Value = Headers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = HashMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if headers.insert(name, value).is_some() {
                        return Err(A::Error::custom("a header repeats"));
                    }
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_map(Distinct)
    }
}

/// The mistake in words. serde repeats values of the wrong type, so these are left out.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("invalid ") && error.is_data() {
        let (line, column) = (error.line(), error.column());
        return format!("a value has the wrong type at line {line} column {column}");
    }
    text.chars().take(DETAIL_CHARACTERS_MAX).collect()
}

/// An unknown member may have a name of any length.
const DETAIL_CHARACTERS_MAX: usize = 200;
