//! Regular expressions of the operator's. Time is linear in the text, memory bounded.

use std::fmt;

use regex::{Regex, RegexBuilder};

use crate::limits::PATTERN_BYTES;

/// A regular expression that has to match the whole text.
#[derive(Clone)]
pub struct Pattern {
    source: Box<str>,
    anchored: Regex,
}

impl Pattern {
    /// Compiles it.
    ///
    /// # Errors
    /// [`PatternError`] if it is none, or too large once compiled.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        // As it stands, so that `a)(b` is an error and positions are the operator's.
        compile(source)?;
        // A comment of the `x` flag would swallow what follows it on its line.
        let anchored = compile(&format!(r"\A(?:{source})\z"))
            .or_else(|_| compile(&format!("\\A(?:{source}\n)\\z")))?;
        Ok(Self {
            source: source.into(),
            anchored,
        })
    }

    /// Whether it matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.anchored.is_match(text)
    }

    /// As it was written.
    #[must_use]
    pub const fn source(&self) -> &str {
        &self.source
    }
}

/// Compiles within the bound on memory.
pub(super) fn compile(source: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(source)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| {
            if let regex::Error::CompiledTooBig(_) = error {
                let problem = "is too large once compiled: repeat less, or write smaller classes \
                               of characters";
                return PatternError(problem.to_owned());
            }
            PatternError(format!("is not a regular expression: {}", told(&error)))
        })
}

/// The library draws the expression with a mark below the place; on one line that is a column.
fn told(error: &regex::Error) -> String {
    const INDENT: usize = 4;
    let text = error.to_string();
    let mark = text.lines().find_map(|line| {
        let is_mark = line.contains('^') && line.trim_matches([' ', '^']).is_empty();
        is_mark.then(|| line.find('^'))?
    });
    let words = text.lines().last().unwrap_or_default();
    let words = words.trim_start_matches("error: ");
    match mark {
        Some(column) if text.lines().count() == LINES_OF_A_DRAWING => {
            format!("column {}: {words}", column + 1 - INDENT.min(column))
        }
        Some(_) | None => words.to_owned(),
    }
}

/// A title, the expression, the mark and the words: an expression of one line.
const LINES_OF_A_DRAWING: usize = 4;

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", self.source)
    }
}

/// Why a text is no [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);
