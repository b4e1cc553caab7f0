//! One pass over a text, byte by byte where it must be and eight at a time where it can.
//!
//! Strings and members are inlined by force. A call for each would hand `at` over in memory, and
//! waiting for that took longer than the rest of the scan.

use std::ops::Range;

use super::text::Spelling;
use super::{Malformed, Member, Text};

/// Reads strictly from `at` on. Every method leaves `at` behind what it read.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// What hashes of names start with.
    pub(super) seed: u64,
}

impl<'a> Scanner<'a> {
    /// The next byte that is no whitespace, which is not yet read.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                token => return token,
            }
        }
    }

    /// Any value; returns where it starts.
    pub(super) fn value(&mut self, depth_left: usize) -> Result<usize, Malformed> {
        let first = self.peek_token();
        let start = self.at;
        match first {
            Some(b'"') => {
                self.string(|_| ())?;
            }
            Some(b'{') => {
                self.object(depth_left.checked_sub(1).ok_or(Malformed)?, |_| Ok(()))?;
            }
            Some(b'[') => self.array(depth_left.checked_sub(1).ok_or(Malformed)?)?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => self.number()?,
        }
        Ok(start)
    }

    pub(super) fn object(
        &mut self,
        depth_left: usize,
        mut visit: impl FnMut(Member<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.peek_token() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            visit(self.member(depth_left)?)?;
            match self.peek_token() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b'}'),
            }
        }
    }

    /// A name, a colon and a value.
    #[inline(always)]
    pub(super) fn member(&mut self, depth_left: usize) -> Result<Member<'a>, Malformed> {
        self.peek_token();
        let name_start = self.at + 1;
        let mut name_hash = self.seed;
        let spelling = self.string(|word| name_hash = mix(name_hash, word))?;
        let name_end = self.at - 1;
        name_hash = match spelling {
            Spelling::Plain => mix(name_hash, (name_end - name_start) as u64),
            Spelling::Escaped => self.hash_resolved(name_start..name_end),
        };
        self.peek_token();
        self.expect(b':')?;
        let value_start = self.value(depth_left)?;
        Ok(Member {
            text: self.text,
            name_start,
            name_end,
            name_hash,
            spelling,
            value_start,
            value_end: self.at,
        })
    }

    fn array(&mut self, depth_left: usize) -> Result<(), Malformed> {
        self.expect(b'[')?;
        if self.peek_token() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth_left)?;
            match self.peek_token() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b']'),
            }
        }
    }

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

    fn literal(&mut self, literal: &[u8]) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(literal) {
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

    /// A string with its quotes. `each` gets what is plain in it as words, as of
    /// [`plain_prefix`].
    #[inline(always)]
    fn string(&mut self, mut each: impl FnMut(u64)) -> Result<Spelling, Malformed> {
        self.expect(b'"')?;
        let mut spelling = Spelling::Plain;
        loop {
            self.at += plain_prefix(&self.text.as_bytes()[self.at..], &mut each);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(spelling);
                }
                Some(b'\\') => {
                    spelling = Spelling::Escaped;
                    self.escape()?;
                }
                // The end of the text, or a control character.
                _ => return Err(Malformed),
            }
        }
    }

    #[cold]
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

    /// The hash of a name with escapes: that of the name it stands for.
    #[cold]
    fn hash_resolved(&self, name: Range<usize>) -> u64 {
        let name = Text {
            raw: &self.text[name],
            spelling: Spelling::Escaped,
        };
        let (mut hash, mut word, mut len) = (self.seed, 0, 0);
        for character in name.chars() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                word |= u64::from(byte) << (8 * (len % 8));
                len += 1;
                if len % 8 == 0 {
                    hash = mix(hash, word);
                    word = 0;
                }
            }
        }
        mix(mix(hash, word), len)
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

/// How many bytes from the start are neither a quote, a backslash nor a control character. `each`
/// gets them as words, the last one filled up with zeros.
///
/// Eight at a time: strings are most of a token, and this loop most of reading one.
#[inline(always)]
fn plain_prefix(bytes: &[u8], mut each: impl FnMut(u64)) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        // A borrow can only mark bytes above the first real one, and the first is what counts.
        let marks = (quote.wrapping_sub(ONES)
            | backslash.wrapping_sub(ONES)
            | word.wrapping_sub(ONES * 0x20))
            & !word
            & HIGH;
        if marks != 0 {
            let bits = marks.trailing_zeros() & !7;
            each(word & ((1 << bits) - 1));
            return at + bits as usize / 8;
        }
        each(word);
        at += 8;
    }
    let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    let plain = rest.iter().take_while(is_plain).count();
    let last = rest[..plain].iter().rev();
    each(last.fold(0, |word, byte| word << 8 | u64::from(*byte)));
    at + plain
}

/// Multiplies and folds the halves of the product together.
const fn mix(hash: u64, word: u64) -> u64 {
    // 2^64 divided by the golden ratio.
    const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15;
    let product = (hash ^ word) as u128 * FACTOR;
    product as u64 ^ (product >> 64) as u64
}
