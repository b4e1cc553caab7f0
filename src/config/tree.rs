//! The YAML text as a tree that remembers lines, order and which of its nodes could not be read.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, NonFiniteFloatPolicy, Spanned};

/// One value of the file.
#[derive(Debug)]
pub(super) struct Node {
    /// The line of its key or, in a list, its own; counted from 1.
    pub(super) line: u64,
    /// What it is.
    pub(super) value: Value,
    /// Set once an error was reported for it: from then on it is read as if it were not there, so
    /// that the errors elsewhere come to light.
    pub(super) broken: Cell<bool>,
}

/// What YAML knows.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// As written: in order, and a name may stand there twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads a text that holds one YAML document.
    ///
    /// # Errors
    /// The line, if there is one, and a sentence, if it is not YAML or is unreasonably large.
    pub(super) fn parse(yaml: &str) -> Result<Self, (Option<u64>, String)> {
        serde_saphyr::from_str_with_options(yaml, options(Size::Tree))
            .map_err(|error| explain(&error))
    }

    /// The children that can be read, in order.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        let (list, map): (&[Self], &[(String, Self)]) = match &self.value {
            Value::List(list) => (list, &[]),
            Value::Map(map) => (&[], map),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Unsigned(_)
            | Value::Float(_)
            | Value::Text(_) => (&[], &[]),
        };
        list.iter().chain(map.iter().map(|(_, node)| node))
    }

    /// Whether it has `key`, whose value could not be read.
    pub(super) fn has_broken(&self, key: &str) -> bool {
        match &self.value {
            Value::Map(map) => map
                .iter()
                .any(|(name, child)| name == key && child.broken.get()),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Unsigned(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => false,
        }
    }

    /// Whether it or something within it could not be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.broken.get() || self.children().any(Self::is_damaged)
    }
}

/// How much a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// What fits into a tree.
    Tree,
    /// Whatever the file holds, whose size is bounded: it is read entry by entry.
    File,
}

/// How YAML is read. `yes` and `010` are text, as people expect since YAML 1.2.
pub(super) fn options(size: Size) -> serde_saphyr::Options {
    let (nodes_max, scalar_bytes_max) = match size {
        Size::Tree => (NODES_MAX, SCALAR_BYTES_MAX),
        Size::File => (usize::MAX / 8, usize::MAX),
    };
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: nodes_max,
            max_events: 4 * nodes_max,
            max_total_scalar_bytes: scalar_bytes_max,
            max_reader_input_bytes: None,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: NODES_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // Snippets and its own refusal of infinite numbers would show secrets.
        with_snippet: false,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    }
}

/// The line and a sentence for what is wrong with a text.
pub(super) fn explain(error: &serde_saphyr::Error) -> (Option<u64>, String) {
    let line = error.location().map(|location| location.line());
    let second = matches!(
        error.without_snippet(),
        serde_saphyr::Error::MultipleDocuments { .. }
    );
    let problem = if second {
        "a second document begins: a file holds one, remove the `---`".to_owned()
    } else {
        format!("this is not YAML: {}", first_line(error))
    };
    (line, problem)
}

/// The YAML library explains at length; the first line says what is wrong.
fn first_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.trim_start_matches("error: ");
    line.split(" at line ").next().unwrap_or(line).to_owned()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self {
            line: spanned.referenced.line(),
            value: spanned.value,
            broken: Cell::new(false),
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // A key in hexadecimal may look like a very large number.
        if !value.is_finite() {
            return Err(E::custom(
                "a number that is none; for a text put it in quotes",
            ));
        }
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = access.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let mut node: Node = access.next_value()?;
            node.line = key.referenced.line();
            map.push((key.value, node));
        }
        Ok(Value::Map(map))
    }
}

/// Maps and lists within each other: three times what a configuration needs.
const DEPTH_MAX: usize = 48;
/// Values in one file, aliases expanded: ten thousand consumers fit.
const NODES_MAX: usize = 200_000;
/// The library's own default.
const SCALAR_BYTES_MAX: usize = 64 * 1024 * 1024;
