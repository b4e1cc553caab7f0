//! A map of names, read entry by entry from YAML or JSON.
//!
//! A text whose first character is `{` is JSON, and read much faster.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::json::JsonNode;
use super::tree::{self, Node};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// With the next entry.
    On,
    /// No: nobody wants to know the rest.
    Enough,
}

/// Hands every entry of the map in `reader` to `each`, which may end it early.
///
/// # Errors
/// The line, if there is one, and a sentence, if it is no map in YAML or JSON.
pub(super) fn entries(
    mut reader: impl BufRead,
    mut each: impl FnMut((String, Node)) -> Flow,
) -> Result<(), (Option<u64>, String)> {
    let start = reader
        .fill_buf()
        .map_err(|error| (None, format!("cannot be read: {error}")))?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_ended = Cell::new(false);
    let mut each = |entry| {
        let flow = each(entry);
        is_ended.set(flow == Flow::Enough);
        flow
    };
    let outcome = match first {
        None => return Ok(()),
        Some(b'{') => json(reader, &mut each),
        Some(_) => yaml(reader, &mut each),
    };
    // Who ends it early has errors enough of his own.
    if is_ended.get() { Ok(()) } else { outcome }
}

fn yaml(
    reader: impl Read,
    each: &mut dyn FnMut((String, Node)) -> Flow,
) -> Result<(), (Option<u64>, String)> {
    let outcome = serde_saphyr::with_deserializer_from_reader_with_options(
        reader,
        tree::options(tree::Size::File),
        |deserializer| deserializer.deserialize_map(YamlVisitor(each)),
    );
    outcome.map_err(|error| tree::explain(&error))
}

fn json(
    reader: impl Read,
    each: &mut dyn FnMut((String, Node)) -> Flow,
) -> Result<(), (Option<u64>, String)> {
    let line = Cell::new(1);
    let reader = Lines {
        reader,
        line: &line,
    };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let outcome = deserializer
        .deserialize_map(JsonVisitor { each, line: &line })
        .and_then(|()| deserializer.end());
    outcome.map_err(|error| {
        let line = u64::try_from(error.line()).ok().filter(|line| *line > 0);
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default();
        let remedy = "a file that begins with `{` is read as JSON";
        (line, format!("this is not JSON: {problem}; {remedy}"))
    })
}

struct YamlVisitor<'e>(&'e mut dyn FnMut((String, Node)) -> Flow);

impl<'de> Visitor<'de> for YamlVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(name) = access.next_key::<Spanned<String>>()? {
            let mut node: Node = access.next_value()?;
            node.line = name.referenced.line();
            if (self.0)((name.value, node)) == Flow::Enough {
                return Err(A::Error::custom(ENOUGH));
            }
        }
        Ok(())
    }
}

struct JsonVisitor<'e> {
    each: &'e mut dyn FnMut((String, Node)) -> Flow,
    line: &'e Cell<u64>,
}

impl<'de> Visitor<'de> for JsonVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(name) = access.next_key::<String>()? {
            let line = self.line.get();
            let mut node = access.next_value_seed(JsonNode(self.line))?;
            node.line = line;
            if (self.each)((name, node)) == Flow::Enough {
                return Err(A::Error::custom(ENOUGH));
            }
        }
        Ok(())
    }
}

/// Counts lines. serde_json reads byte by byte and never ahead of what it needs, so the count is
/// where it stands.
struct Lines<'l, R> {
    reader: R,
    line: &'l Cell<u64>,
}

impl<R: Read> Read for Lines<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let breaks = buffer[..count].iter().filter(|byte| **byte == b'\n');
        self.line.set(self.line.get() + breaks.count() as u64);
        Ok(count)
    }
}

const EXPECTED: &str = "a map of names";
const ENOUGH: &str = "nobody wants to know the rest";

#[cfg(test)]
mod tests {
    use super::super::tree::Value;
    use super::{Flow, entries};

    type Found = Vec<(u64, String, Value)>;

    fn read(text: &str) -> Result<Found, (Option<u64>, String)> {
        let mut found = Vec::new();
        entries(text.as_bytes(), |(name, node)| {
            found.push((node.line, name, node.value));
            Flow::On
        })?;
        Ok(found)
    }

    #[test]
    fn yaml_and_json_come_to_the_same_with_their_lines() {
        let yaml = "# who\n\na: {x: 1, y: [true, ~]}\nb:\n  x: -1.5\n";
        let json = "{\n\n \"a\": {\"x\": 1, \"y\": [true, null]},\n\"b\": {\n  \"x\": -1.5}}\n";
        for text in [yaml, json] {
            let shown: Vec<_> = read(text)
                .expect("a map")
                .into_iter()
                .map(|(line, name, value)| {
                    let Value::Map(members) = value else {
                        panic!("a map")
                    };
                    (
                        line,
                        name,
                        members[0].1.line,
                        format!("{:?}", members[0].1.value),
                    )
                })
                .collect();
            let expected = [(3, "a", 3, "Unsigned(1)"), (4, "b", 5, "Float(-1.5)")];
            let expected = expected
                .map(|(line, name, inner, value)| (line, name.to_owned(), inner, value.to_owned()));
            assert_eq!(shown, expected, "{text}");
        }
        for empty in ["", "\n", "# nobody\n", "{}"] {
            assert!(read(empty).expect("a map").is_empty(), "{empty:?}");
        }
    }

    #[test]
    fn what_is_no_map_is_an_error_with_its_line() {
        for (text, line) in [
            ("{\"a\": {},\n\"b\": }", Some(2)),
            ("{\"a\": {}} {}", Some(1)),
            ("{\"a\": {}", Some(1)),
            ("{a: {}}", Some(1)),
            ("- a\n", Some(1)),
            ("a: {}\nb: [\n", Some(2)),
            ("a: {}\n---\nb: {}\n", Some(3)),
            ("a: &x {}\nb: *y\n", Some(2)),
        ] {
            let (found, problem) = read(text).expect_err(text);
            assert_eq!(found, line, "{text}: {problem}");
        }
    }

    #[test]
    fn it_ends_when_enough_is_known() {
        for text in ["a: {}\nb: {}\n!!!", "{\"a\": {}, \"b\": {}, !!!"] {
            let mut count = 0;
            let outcome = entries(text.as_bytes(), |_| {
                count += 1;
                Flow::Enough
            });
            assert_eq!((outcome, count), (Ok(()), 1), "{text}");
        }
    }
}
