//! Reads the tree into the mirror structs with serde, and goes on after errors.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::nearest::nearest;
use super::problems::{HIDDEN, Problems, first_word, push_index, push_key};
use super::tree::{Node, Value};

/// Reads `tree`; every error goes to `problems`. What could not be read is missing in the result,
/// and marked as broken in the tree. `None` if nothing could be read.
///
/// serde stops at the first error. So the offending node is marked, left out, and everything is
/// read again, until it can be read: each round mends a node, so the rounds are bounded.
pub(super) fn read<T: DeserializeOwned>(tree: &Node, problems: &mut Problems<'_>) -> Option<T> {
    loop {
        let error = match T::deserialize(Reader(tree)) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut path = String::new();
        for step in error.steps.iter().rev() {
            match step {
                Step::Key(key) => push_key(&mut path, key),
                Step::Index(index) => push_index(&mut path, *index),
            }
        }
        if !error.is_consequence {
            problems.record(path, error.line, error.problem);
        }
        // Without a line there is no node to leave out: the file as a whole is no map.
        error.line?;
    }
}

/// What serde could not read.
#[derive(Debug)]
pub(super) struct ReadError {
    /// The way to it, innermost first.
    steps: Vec<Step>,
    /// Its line, once it is known.
    line: Option<u64>,
    problem: String,
    /// The key that is missing, if that is the problem.
    missing: Option<&'static str>,
    /// Whether it only says that what was broken is not there.
    is_consequence: bool,
    /// Whether it is about a key that nobody knows, where a secret is due.
    is_strange: bool,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl ReadError {
    /// Adds a step on the way up; the innermost node is the broken one.
    fn within(mut self, mut step: Step, node: &Node) -> Self {
        if self.line.is_none() {
            // `{SECRET}`: for YAML a key without a value.
            if self.is_strange && matches!(node.value, Value::Null) {
                step = Step::Key(HIDDEN.to_owned());
            }
            node.broken.set(true);
            self.line = Some(node.line);
            self.is_consequence = self.missing.is_some_and(|key| node.has_broken(key));
        }
        self.steps.push(step);
        self
    }
}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self {
            steps: Vec::new(),
            line: None,
            problem: problem.to_string(),
            missing: None,
            is_consequence: false,
            is_strange: false,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::custom(format_args!("`{field}` is missing in it: add it"));
        error.missing = Some(field);
        error
    }

    /// Never shows the value: it may be a secret in the wrong place.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "a string" => "a text".to_owned(),
            "a boolean" => "true or false".to_owned(),
            "a sequence" => "a list".to_owned(),
            "u64" => "a whole number".to_owned(),
            mirror if mirror.starts_with("struct ") => "a map of keys".to_owned(),
            other => other.to_owned(),
        };
        let (found, remedy) = match found {
            Unexpected::Bool(_) => ("true or false", "; for a text put it in quotes"),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
                ("a number", "; for a text put it in quotes")
            }
            Unexpected::Unit | Unexpected::Option => {
                let empty = if expected.ends_with("map of keys") {
                    ", `{}` will do"
                } else {
                    ""
                };
                return Self::custom(format_args!(
                    "has no value: write one{empty}, or remove the key"
                ));
            }
            Unexpected::Seq => ("a list", ""),
            Unexpected::Map => ("a map", ""),
            Unexpected::Char(_)
            | Unexpected::Str(_)
            | Unexpected::Bytes(_)
            | Unexpected::NewtypeStruct
            | Unexpected::Enum
            | Unexpected::UnitVariant
            | Unexpected::NewtypeVariant
            | Unexpected::TupleVariant
            | Unexpected::StructVariant
            | Unexpected::Other(_) => ("a text", ""),
        };
        let remedy = if expected.contains("text") {
            remedy
        } else {
            ""
        };
        Self::custom(format_args!("expected {expected}, found {found}{remedy}"))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let near = nearest(field, known.iter().copied());
        let glued = field
            .split_once(':')
            .and_then(|(name, _)| nearest(name, known.iter().copied()));
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if let Some(near) = glued => {
                format!("did you mean `{near}: …`, with a space after the colon?")
            }
            None if known.is_empty() => "nothing can be set here; write `{}`".to_owned(),
            None => format!("known here: {}", known.join(", ")),
        };
        let mut error = Self::custom(format_args!("unknown key; {advice}"));
        error.is_strange = near.is_none() && known.contains(&"value");
        error
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problem)
    }
}

impl std::error::Error for ReadError {}

/// A node for serde.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t Node);

impl<'t, 'de> Deserializer<'de> for Reader<'t> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(list) => visitor.visit_seq(ListReader(list.iter().enumerate())),
            Value::Map(map) => visitor.visit_map(MapReader {
                entries: map.iter(),
                entry: None,
            }),
        }
    }

    /// A key without a value is not the same as no key: it is an error of whoever rendered the
    /// file, and must not turn a check off.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    /// serde would take a list as the values of the keys in their order, which nobody means.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.0.value {
            Value::List(_) => Err(ReadError::invalid_type(Unexpected::Seq, &visitor)),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Unsigned(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Map(_) => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct ListReader<'t>(std::iter::Enumerate<std::slice::Iter<'t, Node>>);

impl<'de> SeqAccess<'de> for ListReader<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let Some((index, node)) = self.0.find(|(_, node)| !node.broken.get()) else {
            return Ok(None);
        };
        seed.deserialize(Reader(node))
            .map(Some)
            .map_err(|error| error.within(Step::Index(index), node))
    }
}

struct MapReader<'t> {
    entries: std::slice::Iter<'t, (String, Node)>,
    entry: Option<&'t (String, Node)>,
}

impl<'de> MapAccess<'de> for MapReader<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        self.entry = self.entries.find(|(_, node)| !node.broken.get());
        let Some((key, node)) = self.entry else {
            return Ok(None);
        };
        let reader: StrDeserializer<'_, ReadError> = key.as_str().into_deserializer();
        seed.deserialize(reader).map(Some).map_err(|error| {
            let key = first_word(key).into_owned();
            error.within(Step::Key(key), node)
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, node) = self.entry.expect("serde asks for the key before the value");
        seed.deserialize(Reader(node)).map_err(|error| {
            let key = match node.value {
                Value::Null => first_word(key).into_owned(),
                Value::Bool(_)
                | Value::Integer(_)
                | Value::Unsigned(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Map(_) => key.clone(),
            };
            error.within(Step::Key(key), node)
        })
    }
}
