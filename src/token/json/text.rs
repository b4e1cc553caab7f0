//! Names and strings, escapes and all.

use std::borrow::Cow;

/// The content of a JSON string or name, escapes and all.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub(super) raw: &'a str,
}

impl<'a> Text<'a> {
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

    /// As it stands in the text, with its escapes.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.raw
    }

    fn is_plain(self) -> bool {
        memchr::memchr(b'\\', self.raw.as_bytes()).is_none()
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        if self.raw == other {
            // Equal to the letter, and a backslash in the text would not stand for itself.
            return self.is_plain();
        }
        // An escape is never shorter than what it stands for.
        self.raw.len() > other.len() && !self.is_plain() && self.chars().eq(other.chars())
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw || self.chars().eq(other.chars())
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
