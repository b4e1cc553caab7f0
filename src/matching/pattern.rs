//! Patterns for paths.

use std::fmt;
use std::str::FromStr;

use crate::limits::PATTERN_SEGMENTS;
use crate::path::decode;

/// A path, segment by segment: `{name}` and `*` stand for one whole segment, `**` at the end for
/// everything below and the path itself, all else for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: Box<str>,
    pub(super) segments: Box<[Segment]>,
    pub(super) reach: Reach,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// These bytes, decoded; empty after a trailing slash.
    Literal(Box<[u8]>),
    /// Whatever is not empty.
    Any,
}

/// Which paths match, seen from the last segment of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that end there.
    Here,
    /// Those and all below.
    Below,
}

impl fmt::Display for PathPattern {
    /// As it was written.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for PathPattern {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let inside = text.strip_prefix('/').ok_or(PathError::NoLeadingSlash)?;
        let (inside, reach) = match inside.strip_suffix("**") {
            Some("") => ("", Reach::Below),
            Some(above) if above.ends_with('/') => (&above[..above.len() - 1], Reach::Below),
            Some(_) | None => (inside, Reach::Here),
        };
        let is_root = text == "/**";
        let count = inside.split('/').count();
        if count > PATTERN_SEGMENTS {
            return Err(PathError::TooLong);
        }
        let segments = inside.split('/').take(if is_root { 0 } else { count });
        let may_be_empty = |index| index + 1 == count && reach == Reach::Here;
        let segments = segments.enumerate().map(|(index, segment)| match segment {
            "" if !may_be_empty(index) => Err(PathError::EmptySegment),
            _ => Segment::parse(segment),
        });
        Ok(Self {
            segments: segments.collect::<Result<_, _>>()?,
            reach,
            text: text.into(),
        })
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, PathError> {
        let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        match (text, name) {
            ("**", _) => return Err(PathError::StarsNotLast),
            (_, Some("")) => return Err(PathError::NoName),
            ("*", _) | (_, Some(_)) => return Ok(Self::Any),
            (_, None) => {}
        }
        if text.contains(['?', '#']) {
            return Err(PathError::Query);
        }
        let mut literal = Vec::new();
        match decode(text.as_bytes(), &mut literal) {
            Ok(None) if matches!(&*literal, b"." | b"..") => Err(PathError::DotSegment),
            Ok(None) => Ok(Self::Literal(literal.into())),
            Ok(Some(_)) => Err(PathError::Parameters),
            Err(_) => Err(PathError::Ambiguous),
        }
    }
}

/// Why a text is no pattern for paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No path starts otherwise.
    #[error("has no leading slash: write it as /orders or /orders/**")]
    NoLeadingSlash,
    /// `**` before the end.
    #[error("`**` stands for everything below, so it must come last: write * for one segment")]
    StarsNotLast,
    /// `{}`
    #[error("`{{}}` names nothing: write {{id}} or *")]
    NoName,
    /// `//`
    #[error("has an empty segment, which no request keeps: write one slash instead of two")]
    EmptySegment,
    /// `.` or `..`
    #[error("has a dot segment, which no request keeps: write the path without it")]
    DotSegment,
    /// `?` or `#`
    #[error("the query is no part of the path: remove it, or write %3F or %23 for the character")]
    Query,
    /// `;`
    #[error(
        "has parameters (;), without which a path must meet the same rule: write it without them"
    )]
    Parameters,
    /// What no request may have.
    #[error(
        "matches nothing, because paths like it are refused (path_ambiguous): remove backslashes, \
         spaces, control characters, their escapes, escaped slashes and broken escapes"
    )]
    Ambiguous,
    /// More than [`PATTERN_SEGMENTS`].
    #[error("has more than {} segments: end it with /** earlier", PATTERN_SEGMENTS)]
    TooLong,
}
