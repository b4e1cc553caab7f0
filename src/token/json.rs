//! JSON read where it lies: one pass checks the text (RFC 8259, strictly), the values borrow it.
//!
//! [`scan_object`] is the only way in. It refuses what readers disagree about: duplicate names at
//! the top level, lone surrogates, trailing data, a byte order mark, nesting beyond the limit.
//! A [`Json`] therefore always holds valid text, and walking it again cannot fail.

use std::borrow::Cow;

use crate::limits::TOP_LEVEL_MEMBERS;

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
    mut visit: impl FnMut(Text<'a>, Json<'a>),
) -> Result<Json<'a>, Malformed> {
    let text = simdutf8::basic::from_utf8(bytes).map_err(|_| Malformed)?;
    let mut scanner = Scanner { text, at: 0 };
    let mut names = Names::new();
    scanner.skip_whitespace();
    let start = scanner.at;
    scanner.object(depth_max.checked_sub(1).ok_or(Malformed)?, |name, value| {
        names.insert(name)?;
        visit(name, value);
        Ok(())
    })?;
    let object = Json {
        raw: &text[start..scanner.at],
    };
    scanner.skip_whitespace();
    if scanner.at == text.len() {
        Ok(object)
    } else {
        Err(Malformed)
    }
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
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    raw: &'a str,
}

impl<'a> Json<'a> {
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
        (self.kind() == Kind::String).then(|| Text {
            raw: &self.raw[1..self.raw.len() - 1],
        })
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

/// The content of a JSON string or name, escapes and all.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    raw: &'a str,
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

/// The members of an object, in order.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    walk: Walk<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let scanner = self.walk.next_item()?;
        let name = scanner.string().ok()?;
        scanner.skip_whitespace();
        scanner.expect(b':').ok()?;
        Some((name, scanner.value(usize::MAX).ok()?))
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
        self.walk.next_item()?.value(usize::MAX).ok()
    }
}

/// Goes from item to item of an array or object that was checked before.
#[derive(Clone, Debug)]
struct Walk<'a>(Option<Scanner<'a>>);

impl<'a> Walk<'a> {
    fn inside(raw: &'a str, is_container: bool) -> Self {
        Self(is_container.then_some(Scanner { text: raw, at: 1 }))
    }

    fn next_item(&mut self) -> Option<&mut Scanner<'a>> {
        let scanner = self.0.as_mut()?;
        scanner.skip_whitespace();
        if scanner.peek() == Some(b',') {
            scanner.at += 1;
            scanner.skip_whitespace();
        }
        if matches!(scanner.peek(), None | Some(b']' | b'}')) {
            self.0 = None;
        }
        self.0.as_mut()
    }
}

/// Reads strictly from `at` on. Every method leaves `at` behind what it read.
#[derive(Clone, Debug)]
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth_left: usize) -> Result<Json<'a>, Malformed> {
        self.skip_whitespace();
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{') => {
                self.object(depth_left.checked_sub(1).ok_or(Malformed)?, |_, _| Ok(()))?;
            }
            Some(b'[') => self.array(depth_left.checked_sub(1).ok_or(Malformed)?)?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => self.number()?,
        }
        Ok(Json {
            raw: &self.text[start..self.at],
        })
    }

    fn object(
        &mut self,
        depth_left: usize,
        mut visit: impl FnMut(Text<'a>, Json<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{')?;
        self.skip_whitespace();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_whitespace();
            let name = self.string()?;
            self.skip_whitespace();
            self.expect(b':')?;
            let value = self.value(depth_left)?;
            visit(name, value)?;
            self.skip_whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b'}'),
            }
        }
    }

    fn array(&mut self, depth_left: usize) -> Result<(), Malformed> {
        self.expect(b'[')?;
        self.skip_whitespace();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth_left)?;
            self.skip_whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b']'),
            }
        }
    }

    fn literal(&mut self, literal: &str) -> Result<(), Malformed> {
        if !self.text[self.at..].starts_with(literal) {
            return Err(Malformed);
        }
        self.at += literal.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(Malformed)
        } else {
            Ok(())
        }
    }

    /// A string with its quotes; returns what stands between them.
    fn string(&mut self) -> Result<Text<'a>, Malformed> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            self.at += plain_prefix(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text { raw });
                }
                Some(b'\\') => self.escape()?,
                // The end of the text, or a control character.
                _ => return Err(Malformed),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        self.expect(b'\\')?;
        let escape = self.peek().ok_or(Malformed)?;
        self.at += 1;
        match escape {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.hex()? {
                // The first half of a surrogate pair needs its second half; a second half alone
                // is no character.
                0xD800..=0xDBFF => {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    let low = self.hex()?;
                    if (0xDC00..=0xDFFF).contains(&low) {
                        Ok(())
                    } else {
                        Err(Malformed)
                    }
                }
                0xDC00..=0xDFFF => Err(Malformed),
                _ => Ok(()),
            },
            _ => Err(Malformed),
        }
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at..self.at + 4)
            .ok_or(Malformed)?;
        let mut value = 0;
        for digit in digits {
            value = value * 16 + char::from(*digit).to_digit(16).ok_or(Malformed)?;
        }
        self.at += 4;
        Ok(value)
    }
}

/// How many bytes from the start are neither a quote, a backslash nor a control character.
/// Eight at a time: strings are most of a token, and this loop most of reading one.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = 0;
    for chunk in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        // A borrow can only mark bytes above the first real one, and the first is what counts.
        let marks = ((quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word))
            & HIGH;
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    at + bytes[at..].iter().take_while(|byte| is_plain(byte)).count()
}

/// The names seen so far at the top level. A hash of each is compared first, all in one sweep.
struct Names<'a> {
    hashes: [u32; TOP_LEVEL_MEMBERS],
    names: [Text<'a>; TOP_LEVEL_MEMBERS],
    len: usize,
}

impl<'a> Names<'a> {
    const fn new() -> Self {
        Self {
            hashes: [0; TOP_LEVEL_MEMBERS],
            names: [Text { raw: "" }; TOP_LEVEL_MEMBERS],
            len: 0,
        }
    }

    fn insert(&mut self, name: Text<'a>) -> Result<(), Malformed> {
        if self.len == TOP_LEVEL_MEMBERS {
            return Err(Malformed);
        }
        let hash = hash(name);
        let seen = self.hashes[..self.len].iter().zip(&self.names);
        for (seen_hash, seen_name) in seen {
            if *seen_hash == hash && *seen_name == name {
                return Err(Malformed);
            }
        }
        self.hashes[self.len] = hash;
        self.names[self.len] = name;
        self.len += 1;
        Ok(())
    }
}

/// FNV-1a over the characters, so that an escaped name has the hash of the plain one. Collisions
/// cost a comparison, no more: the number of names is bounded.
fn hash(name: Text<'_>) -> u32 {
    let step = |hash: u32, code: u32| (hash ^ code).wrapping_mul(0x0100_0193);
    name.chars().fold(0x811C_9DC5, |hash, character| {
        step(hash, u32::from(character))
    })
}

#[cfg(test)]
mod tests;
