//! Names and strings, escapes and all.

use std::borrow::Cow;
use std::ops::Range;

/// The content of a JSON string or name, escapes and all.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) spelling: Spelling,
}

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is.
    Plain,
    /// With escapes.
    Escaped,
}

/// Where a text stands in the one that it was read from.
#[derive(Clone, Debug)]
pub(in crate::token) struct TextPlace {
    range: Range<usize>,
    spelling: Spelling,
}

impl<'a> Text<'a> {
    /// The text that was found at `place` when `text` was scanned.
    pub(in crate::token) fn read_before(text: &'a str, place: &TextPlace) -> Self {
        Self {
            raw: &text[place.range.clone()],
            spelling: place.spelling,
        }
    }

    /// The place of this text, which starts at `start`.
    pub(super) const fn place(self, start: usize) -> TextPlace {
        TextPlace {
            range: start..start + self.raw.len(),
            spelling: self.spelling,
        }
    }

    pub(super) fn new(raw: &'a str) -> Self {
        let escape = memchr::memchr(b'\\', raw.as_bytes());
        let spelling = escape.map_or(Spelling::Plain, |_| Spelling::Escaped);
        Self { raw, spelling }
    }

    /// The text, copied only if it has escapes.
    #[must_use]
    pub fn to_cow(self) -> Cow<'a, str> {
        if self.is_plain() {
            Cow::Borrowed(self.raw)
        } else {
            Cow::Owned(self.chars().collect())
        }
    }

    /// The text; written to `buffer`, whose room is used again, only if it has escapes.
    #[must_use]
    pub fn resolve<'b>(self, buffer: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        if self.is_plain() {
            return self.raw;
        }
        buffer.clear();
        buffer.extend(self.chars());
        buffer
    }

    /// The characters, without escapes.
    #[must_use]
    pub const fn chars(self) -> Chars<'a> {
        Chars { rest: self.raw }
    }

    const fn is_plain(self) -> bool {
        matches!(self.spelling, Spelling::Plain)
    }

    /// As it stands in the text, with its escapes.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.raw
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        if self.is_plain() {
            return self.raw == other;
        }
        // An escape is longer than what it stands for.
        self.raw.len() > other.len() && self.chars().eq(other.chars())
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.is_plain() && other.is_plain() {
            return self.raw == other.raw;
        }
        self.chars().eq(other.chars())
    }
}

/// The characters of a [`Text`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    rest: &'a str,
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '\\' {
            self.rest = chars.as_str();
            return Some(first);
        }
        let escape = chars.next()?;
        self.rest = chars.as_str();
        Some(match escape {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.code_point()?,
            itself => itself,
        })
    }
}

impl Chars<'_> {
    /// Four hexadecimal digits, and four more if they are the first half of a pair.
    fn code_point(&mut self) -> Option<char> {
        let high = self.hex()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        let low = self.hex()?;
        char::from_u32(0x10000 + ((high - 0xD800) << 10) + low.checked_sub(0xDC00)?)
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        u32::from_str_radix(digits, 16).ok()
    }
}
