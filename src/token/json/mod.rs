//! JSON read where it lies: one pass checks the text (RFC 8259, strictly), the values borrow it.
//!
//! [`scan_object`] is the only way in. It refuses what readers disagree about: duplicate names at
//! the top level, lone surrogates, trailing data, a byte order mark, nesting beyond the limit.
//! A [`Json`] therefore always holds valid text, and walking it again cannot fail.

mod member;
mod names;
mod scanner;
mod text;

use std::fmt;
use std::ops::Range;

pub use member::Member;
use names::{Names, Seen, seed};
use scanner::Scanner;
pub(super) use text::TextPlace;
pub use text::{Chars, Text};

/// The text is not one strict JSON object within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Checks that `bytes` are exactly one JSON object in UTF-8 whose names at the top level differ,
/// and calls `visit` for each of these members, in order.
///
/// # Errors
/// [`Malformed`] if not, or if objects and arrays nest deeper than `depth_max`.
pub fn scan_object<'a>(
    bytes: &'a [u8],
    depth_max: usize,
    visit: impl FnMut(Member<'a>),
) -> Result<Json<'a>, Malformed> {
    let text = utf8(bytes)?;
    let object = scan_text(text, depth_max, visit)?;
    Ok(Json::read_before(text, &object))
}

/// The text that `bytes` are.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Malformed)
}

/// Checks `text` as [`scan_object`] does; returns where in it the object stands.
pub(super) fn scan_text<'a>(
    text: &'a str,
    depth_max: usize,
    mut visit: impl FnMut(Member<'a>),
) -> Result<Range<usize>, Malformed> {
    let scanner = Scanner { text };
    let mut names = Names::new();
    let start = scanner.token(0);
    let depth_left = depth_max.checked_sub(1).ok_or(Malformed)?;
    let end = scanner.object(start, depth_left, seed(), |member| {
        match names.insert(member.name_hash) {
            Seen::Never => {}
            Seen::Perhaps if !is_repeated(&member, start) => {}
            Seen::Perhaps | Seen::TooMany => return Err(Malformed),
        }
        visit(member);
        Ok(())
    })?;
    match scanner.byte(scanner.token(end)) {
        None => Ok(start..end),
        Some(_) => Err(Malformed),
    }
}

/// Whether an object that starts at `start` has another member of this name before `member`.
#[cold]
fn is_repeated(member: &Member<'_>, start: usize) -> bool {
    let name = member.name();
    let walk = Walk::at(member.before(), start + 1);
    Members { walk }.any(|(earlier, _)| earlier == name)
}

/// What a [`Json`] value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[…]`
    Array,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
    /// A number, of any size.
    Number,
    /// `{…}`
    Object,
    /// `"…"`
    String,
}

/// One JSON value, borrowed from a text that was checked.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    raw: &'a str,
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Claims stay out of logs.
        write!(formatter, "Json({:?})", self.kind())
    }
}

impl<'a> Json<'a> {
    /// The value that was found at `place` when `text` was scanned.
    pub(super) fn read_before(text: &'a str, place: &Range<usize>) -> Self {
        Self {
            raw: &text[place.clone()],
        }
    }

    /// The value as it stands in the text.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.raw
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.raw.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Whether it is `null`, which counts as absent where presence is asked for.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<Text<'a>> {
        (self.kind() == Kind::String).then(|| Text::new(&self.raw[1..self.raw.len() - 1]))
    }

    /// The number as a double, if it is one; infinite where a double cannot hold it.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() == Kind::Number {
            self.raw.parse().ok()
        } else {
            None
        }
    }

    /// The whole number, if it is one without fraction and exponent and fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        if self.kind() == Kind::Number {
            self.raw.parse().ok()
        } else {
            None
        }
    }

    /// The members of an object; nothing for other values.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members {
            walk: Walk::inside(self.raw, Kind::Object == self.kind()),
        }
    }

    /// The elements of an array; nothing for other values.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements {
            walk: Walk::inside(self.raw, Kind::Array == self.kind()),
        }
    }

    /// The member called `name`, if this is an object that has one. Where an inner object repeats
    /// a name the last counts, as for most readers.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Self> {
        self.members()
            .filter(|(key, _)| *key == *name)
            .last()
            .map(|(_, value)| value)
    }
}

/// The members of an object, in order.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    walk: Walk<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (scanner, at) = self.walk.next_item()?;
        let member = scanner.member(at, usize::MAX, 0).ok()?;
        self.walk.at = member.value_end;
        Some((member.name(), member.value()))
    }
}

/// The elements of an array, in order.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    walk: Walk<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let (scanner, at) = self.walk.next_item()?;
        self.walk.at = scanner.value(at, usize::MAX).ok()?;
        Some(Json {
            raw: &scanner.text[at..self.walk.at],
        })
    }
}

/// Goes from item to item of an array or object that was checked before.
#[derive(Clone, Debug)]
struct Walk<'a> {
    scanner: Scanner<'a>,
    at: usize,
}

impl<'a> Walk<'a> {
    fn inside(raw: &'a str, is_container: bool) -> Self {
        Self::at(if is_container { raw } else { "" }, 1)
    }

    fn at(text: &'a str, at: usize) -> Self {
        let scanner = Scanner { text };
        Self { scanner, at }
    }

    fn next_item(&mut self) -> Option<(Scanner<'a>, usize)> {
        let mut at = self.scanner.token(self.at);
        if self.scanner.byte(at) == Some(b',') {
            at = self.scanner.token(at + 1);
        }
        match self.scanner.byte(at) {
            None | Some(b']' | b'}') => None,
            Some(_) => Some((self.scanner, at)),
        }
    }
}

#[cfg(test)]
mod tests;
