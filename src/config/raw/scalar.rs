//! Values that are written as one text: durations, addresses, names.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use http::HeaderName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::config::nearest::nearest;
use crate::config::problems::{first_word, quoted};
use crate::listen::{Address, ClientName};
use crate::signature::Algorithm;

/// A type whose values are written as one text, some also as a number.
pub(in crate::config) trait Scalar: Sized {
    /// "a duration (10s, 5m, 24h)"
    const EXPECTED: &'static str;

    /// From the text in the file.
    ///
    /// # Errors
    /// What is wrong, and the remedy.
    fn parse(text: &str) -> Result<Self, String>;

    /// From a number in the file, where one makes sense.
    ///
    /// # Errors
    /// What is wrong, and the remedy.
    fn from_number(_number: u64) -> Result<Self, String> {
        Err(format!(
            "expected {}, found a number; for a text put it in quotes",
            Self::EXPECTED
        ))
    }

    /// As it stands in the effective configuration; reads back to the same value.
    fn write(&self) -> String;

    /// The same as a number, where it is written as one.
    fn number(&self) -> Option<u64> {
        None
    }

    /// Which texts are right, as far as JSON Schema can tell.
    fn schema() -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A [`Scalar`] in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::config) struct Written<T>(pub(in crate::config) T);

impl<T: Scalar> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.number() {
            Some(number) => serializer.serialize_u64(number),
            None => serializer.serialize_str(&self.0.write()),
        }
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ScalarVisitor(PhantomData))
            .map(Self)
    }
}

impl<T: Scalar> JsonSchema for Written<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::EXPECTED.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::from_number(number).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(format_args!(
                "expected {}, found a negative number",
                T::EXPECTED
            ))),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Float(number), &self))
    }
}

impl Scalar for Address {
    const EXPECTED: &'static str = "an address (0.0.0.0:9191, unix:///run/jotgate/grpc.sock)";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error| format!("{} is {error}", quoted(text)))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Scalar for ClientName {
    const EXPECTED: &'static str = "a DNS name or a URI";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error| format!("{} is {error}", quoted(text)))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Scalar for HeaderName {
    const EXPECTED: &'static str = "a header name";

    fn parse(text: &str) -> Result<Self, String> {
        Self::from_bytes(text.as_bytes()).map_err(|_| {
            format!(
                "{} is not a header name: letters, digits and -_.!#$%&'*+^`|~ only",
                quoted(&first_word(text))
            )
        })
    }

    fn write(&self) -> String {
        self.as_str().to_owned()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": TOKEN_PATTERN })
    }
}

impl Scalar for Url {
    const EXPECTED: &'static str = "an http or https URL";

    fn parse(text: &str) -> Result<Self, String> {
        let url = Self::parse(text)
            .map_err(|error| format!("is not a URL ({error}): write https://HOST/PATH"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only https and http are fetched: write https://HOST/PATH".to_owned());
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("has no host: write https://HOST/PATH".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "holds a user name or password: send them in `headers`, from a file or a variable"
                    .to_owned(),
            );
        }
        if url.fragment().is_some() {
            return Err("has a fragment: remove the # and what follows".to_owned());
        }
        Ok(url)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[hH][tT][tT][pP][sS]?:" })
    }
}

impl Scalar for Algorithm {
    const EXPECTED: &'static str = "the name of an algorithm";

    fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Err("`none` is no signature and never allowed".to_owned());
        }
        Self::from_name(text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            match nearest(text, names).filter(|near| near.eq_ignore_ascii_case(text)) {
                Some(near) => format!("{} is not an algorithm: write {near}", quoted(text)),
                None => format!("{} is not one of {}", quoted(text), names.join(", ")),
            }
        })
    }

    fn write(&self) -> String {
        self.name().to_owned()
    }

    fn schema() -> Schema {
        let names = Self::ALL.into_iter().map(Self::name).chain(["EdDSA"]);
        json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
    }
}

/// A text on one line: not empty, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Line(pub(in crate::config) Box<str>);

impl Scalar for Line {
    const EXPECTED: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty: write a text, or remove the key".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("has a control character or line break in it: remove that".to_owned());
        }
        Ok(Self(text.into()))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$" })
    }
}

/// A scope (RFC 6749 3.3), which may stand in a challenge as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct ScopeName(pub(in crate::config) Box<str>);

impl Scalar for ScopeName {
    const EXPECTED: &'static str = "a scope";

    fn parse(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if text.contains(' ') {
            return Err(format!(
                "{} holds a space: write each scope as a member of the list",
                quoted(text)
            ));
        }
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(format!(
                "{} is not a scope: printable ASCII without space, \" and \\ only",
                quoted(text)
            ));
        }
        Ok(Self(text.into()))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$" })
    }
}

/// A token in the sense of HTTP (RFC 9110 5.6.2): a scheme, the name of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Word(pub(in crate::config) Box<str>);

impl Scalar for Word {
    const EXPECTED: &'static str = "a word";

    fn parse(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(format!(
                "{} is not a word: letters, digits and -_.!#$%&'*+^`|~ only",
                quoted(text)
            ));
        }
        Ok(Self(text.into()))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": TOKEN_PATTERN })
    }
}

/// The path of a file, as written; relative ones start at the directory of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct FilePath(pub(in crate::config) PathBuf);

impl Scalar for FilePath {
    const EXPECTED: &'static str = "the path of a file";

    fn parse(text: &str) -> Result<Self, String> {
        let Line(line) = Line::parse(text)?;
        Ok(Self(PathBuf::from(&*line)))
    }

    fn write(&self) -> String {
        self.0.display().to_string()
    }

    fn schema() -> Schema {
        Line::schema()
    }
}

/// The SHA-256 of a public key (SPKI), base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Pin(pub(in crate::config) [u8; 32]);

impl Scalar for Pin {
    const EXPECTED: &'static str = "a SHA-256 in base64";

    fn parse(text: &str) -> Result<Self, String> {
        let bytes = base64_simd::STANDARD.decode_to_vec(text).ok();
        let digest = bytes.and_then(|bytes| bytes.try_into().ok());
        digest.map(Self).ok_or_else(|| {
            "is not the base64 of 32 bytes: pipe the key's SPKI through \
             `openssl dgst -sha256 -binary | base64`"
                .to_owned()
        })
    }

    fn write(&self) -> String {
        base64_simd::STANDARD.encode_to_string(self.0)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$" })
    }
}

const TOKEN_PATTERN: &str = "^[-A-Za-z0-9_.!#$%&'*+^`|~]+$";
