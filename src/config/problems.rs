//! Where the errors come together: each at its place, none that only follows from another.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::error::{ConfigError, ConfigErrors};
use super::nearest::nearest;
use super::tree::{Node, Value};

/// A place in the file, built on the way down.
#[derive(Clone, Copy)]
pub(crate) struct At<'p> {
    parent: Option<&'p Self>,
    segment: Segment<'p>,
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Segment<'p> {
    Root,
    Key(&'p str),
    /// Position among the members that could be read.
    Index(usize),
}

impl<'p> At<'p> {
    /// The file as a whole.
    pub(crate) const ROOT: At<'static> = At {
        parent: None,
        segment: Segment::Root,
    };

    /// The value of `key`.
    pub(crate) fn key<'c>(&'c self, key: &'c str) -> At<'c>
    where
        'p: 'c,
    {
        At {
            parent: Some(self),
            segment: Segment::Key(key),
        }
    }

    /// A member of a list, counted from 0.
    pub(crate) fn index<'c>(&'c self, index: usize) -> At<'c>
    where
        'p: 'c,
    {
        At {
            parent: Some(self),
            segment: Segment::Index(index),
        }
    }

    fn segments(&self) -> Vec<Segment<'_>> {
        let mut segments = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            segments.push(here.segment);
            at = here.parent;
        }
        segments.reverse();
        segments
    }
}

/// The errors found so far.
pub(crate) struct Problems<'t> {
    tree: &'t Node,
    found: Vec<ConfigError>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(tree: &'t Node) -> Self {
        let found = Vec::new();
        Self { tree, found }
    }

    /// Reports keys that stand twice in one map; the first counts.
    pub(super) fn find_duplicates(&mut self) {
        self.find_duplicates_in(self.tree, "");
    }

    fn find_duplicates_in(&mut self, node: &Node, path: &str) {
        match &node.value {
            Value::List(list) => {
                for (index, child) in list.iter().enumerate() {
                    let mut path = path.to_owned();
                    push_index(&mut path, index);
                    self.find_duplicates_in(child, &path);
                }
            }
            Value::Map(map) => {
                let mut lines: HashMap<&str, u64> = HashMap::new();
                for (key, child) in map {
                    let mut path = path.to_owned();
                    let twice = lines.contains_key(key.as_str());
                    // `{SECRET, SECRET}`
                    let hidden = twice && matches!(child.value, Value::Null);
                    push_key(&mut path, if hidden { HIDDEN } else { key });
                    if let Some(first) = lines.get(key.as_str()) {
                        child.broken.set(true);
                        let problem = format!("stands on line {first} already: remove one");
                        self.record(path, Some(child.line), problem);
                    } else {
                        lines.insert(key, child.line);
                        self.find_duplicates_in(child, &path);
                    }
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Unsigned(_)
            | Value::Float(_)
            | Value::Text(_) => {}
        }
    }

    /// Reports what is wrong at `at`, unless it only follows from something reported there before.
    pub(crate) fn push(&mut self, at: &At<'_>, problem: impl Into<String>) {
        let place = self.locate(at);
        if !place.damaged {
            self.record(place.path, Some(place.line), problem.into());
        }
    }

    /// Reports that a key is missing, unless it was misspelt.
    pub(crate) fn missing(&mut self, at: &At<'_>, key: &str, remedy: &str) {
        let child = at.key(key);
        let place = self.locate(&child);
        let misspelt = place
            .broken_siblings
            .iter()
            .any(|sibling| nearest(sibling, [key]).is_some());
        if !place.damaged && !misspelt {
            self.record(
                place.path,
                Some(place.line),
                format!("is missing: {remedy}"),
            );
        }
    }

    /// Reports a finished error.
    pub(super) fn record(&mut self, path: String, line: Option<u64>, problem: String) {
        if self.found.len() < ERRORS_MAX {
            self.found.push(ConfigError {
                path,
                line,
                problem,
            });
        }
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether there are as many as are told.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= ERRORS_MAX
    }

    /// All of them, in the order of the file.
    pub(super) fn into_errors(mut self) -> ConfigErrors {
        self.found.sort_by_key(|error| error.line);
        ConfigErrors(self.found)
    }

    /// Follows a path through the tree as far as it goes.
    fn locate<'k>(&'k self, at: &'k At<'_>) -> Place<'k> {
        let mut place = Place {
            path: String::new(),
            line: self.tree.line.max(1),
            damaged: false,
            broken_siblings: Vec::new(),
        };
        let mut node = Some(self.tree);
        for segment in at.segments() {
            let next = match segment {
                Segment::Root => continue,
                Segment::Key(key) => {
                    let (key, child) = child(node, key);
                    push_key(&mut place.path, key);
                    child
                }
                Segment::Index(index) => {
                    let (index, member) = member(node, index);
                    push_index(&mut place.path, index);
                    member
                }
            };
            place.broken_siblings = broken_keys(node);
            node = next;
            if let Some(node) = node {
                place.line = node.line;
                place.damaged |= node.broken.get();
            }
        }
        place.damaged |= node.is_some_and(Node::is_damaged);
        place
    }
}

/// A path found in the tree.
struct Place<'k> {
    path: String,
    line: u64,
    damaged: bool,
    broken_siblings: Vec<&'k str>,
}

/// The value of a key, and the key as it is written: of header names case does not matter.
fn child<'k>(node: Option<&'k Node>, key: &'k str) -> (&'k str, Option<&'k Node>) {
    let Some(Value::Map(map)) = node.map(|node| &node.value) else {
        return (key, None);
    };
    let alike = |(name, _): &&(String, Node)| name.eq_ignore_ascii_case(key);
    map.iter()
        .find(|(name, _)| name == key)
        .or_else(|| map.iter().find(alike))
        .map_or((key, None), |(name, node)| (name, Some(node)))
}

/// The `index`-th member that can be read, and its real position.
fn member(node: Option<&Node>, index: usize) -> (usize, Option<&Node>) {
    let found = node.and_then(|node| {
        node.children()
            .enumerate()
            .filter(|(_, child)| !child.broken.get())
            .nth(index)
    });
    found.map_or((index, None), |(position, child)| (position, Some(child)))
}

fn broken_keys(node: Option<&Node>) -> Vec<&str> {
    match node.map(|node| &node.value) {
        Some(Value::Map(map)) => map
            .iter()
            .filter(|(_, child)| child.broken.get())
            .map(|(name, _)| name.as_str())
            .collect(),
        _ => Vec::new(),
    }
}

/// Appends a key to a path; keys with other than plain characters stand in quotes.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(plain) {
        path.push_str(key);
    } else {
        path.push_str(&quoted(&name_of(key)));
    }
}

/// A key as it is told. `secret:VALUE` without a space is a key for YAML, and a secret for whoever
/// wrote it: what follows a name of ours is not shown.
fn name_of(key: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let end = key.bytes().position(|byte| !plain(byte));
    match end.map(|end| &key[..end]) {
        Some(name) if SECRETS.contains(&name) => Cow::Owned(format!("{name}…")),
        Some(_) | None => Cow::Borrowed(key),
    }
}

/// What may be shown of a key that nobody knows, or that has no value: its first word. For YAML
/// `authorization:SECRET` is one, and `authorization SECRET`.
pub(crate) fn first_word(key: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    match key.find(|letter| !plain(letter)) {
        Some(end) => Cow::Owned(format!("{}…", &key[..end])),
        None => Cow::Borrowed(key),
    }
}

/// A key that is not shown.
pub(super) const HIDDEN: &str = "…";

/// The keys whose values are never shown.
const SECRETS: [&str; 5] = ["env", "file", "secret", "secret_hash", "value"];

/// Appends a position to a path.
pub(super) fn push_index(path: &mut String, index: usize) {
    path.push_str(&format!("[{index}]"));
}

/// A text from the file as it may stand in an error: in quotes, escaped, not too long.
pub(crate) fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// `a`, `b` or `c`
pub(crate) fn one_of<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// More than anybody reads; the rest shows up once these are mended.
const ERRORS_MAX: usize = 100;
