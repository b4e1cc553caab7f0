//! One pass over a text, byte by byte where it must be and eight at a time where it can.
//!
//! Where it stands is an argument and a result of each step, so that it stays in a register:
//! waiting for it to come back from memory would take longer than the rest of the scan. For the
//! same reason strings and members are inlined by force.

use std::ops::Range;

use super::text::Spelling;
use super::{Malformed, Member, Text};

/// Reads strictly. Every method reads from `at` on and returns where what it read ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Where the next byte is that is no whitespace.
    pub(super) fn token(self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(at) {
            at += 1;
        }
        at
    }

    /// A value without whitespace before it.
    #[inline(always)]
    pub(super) fn value(self, at: usize, depth_left: usize) -> Result<usize, Malformed> {
        match self.byte(at) {
            Some(b'"') => self.string(at, |_| ()).map(|(end, _)| end),
            _ => self.other_value(at, depth_left),
        }
    }

    /// A value that is no string.
    fn other_value(self, at: usize, depth_left: usize) -> Result<usize, Malformed> {
        match self.byte(at) {
            Some(b'{') => {
                let depth_left = depth_left.checked_sub(1).ok_or(Malformed)?;
                self.object(at, depth_left, 0, |_| Ok(()))
            }
            Some(b'[') => self.array(at, depth_left.checked_sub(1).ok_or(Malformed)?),
            Some(b't') => self.literal(at, b"true"),
            Some(b'f') => self.literal(at, b"false"),
            Some(b'n') => self.literal(at, b"null"),
            _ => self.number(at),
        }
    }

    pub(super) fn object(
        self,
        at: usize,
        depth_left: usize,
        seed: u64,
        mut visit: impl FnMut(Member<'a>) -> Result<(), Malformed>,
    ) -> Result<usize, Malformed> {
        let mut at = self.token(self.expect(at, b'{')?);
        if self.byte(at) == Some(b'}') {
            return Ok(at + 1);
        }
        loop {
            let member = self.member(at, depth_left, seed)?;
            at = self.token(member.value_end);
            visit(member)?;
            match self.byte(at) {
                Some(b',') => at = self.token(at + 1),
                _ => return self.expect(at, b'}'),
            }
        }
    }

    /// A name, a colon and a value. The hash of the name starts with `seed`.
    #[inline(always)]
    pub(super) fn member(
        self,
        at: usize,
        depth_left: usize,
        seed: u64,
    ) -> Result<Member<'a>, Malformed> {
        let mut name_hash = seed;
        let (end, spelling) = self.string(at, |word| name_hash = mix(name_hash, word))?;
        let (name_start, name_end) = (at + 1, end - 1);
        name_hash = match spelling {
            Spelling::Plain => mix(name_hash, (name_end - name_start) as u64),
            Spelling::Escaped => self.hash_resolved(name_start..name_end, seed),
        };
        let value_start = self.token(self.expect(self.token(end), b':')?);
        Ok(Member {
            text: self.text,
            name_start,
            name_end,
            name_hash,
            spelling,
            value_start,
            value_end: self.value(value_start, depth_left)?,
        })
    }

    fn array(self, at: usize, depth_left: usize) -> Result<usize, Malformed> {
        let mut at = self.token(self.expect(at, b'[')?);
        if self.byte(at) == Some(b']') {
            return Ok(at + 1);
        }
        loop {
            at = self.token(self.value(at, depth_left)?);
            match self.byte(at) {
                Some(b',') => at = self.token(at + 1),
                _ => return self.expect(at, b']'),
            }
        }
    }

    fn expect(self, at: usize, byte: u8) -> Result<usize, Malformed> {
        if self.byte(at) == Some(byte) {
            Ok(at + 1)
        } else {
            Err(Malformed)
        }
    }

    fn literal(self, at: usize, literal: &[u8]) -> Result<usize, Malformed> {
        if self.text.as_bytes()[at..].starts_with(literal) {
            Ok(at + literal.len())
        } else {
            Err(Malformed)
        }
    }

    fn number(self, mut at: usize) -> Result<usize, Malformed> {
        if self.byte(at) == Some(b'-') {
            at += 1;
        }
        at = match self.byte(at) {
            Some(b'0') => at + 1,
            _ => self.digits(at)?,
        };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if matches!(self.byte(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(self.byte(at), Some(b'+' | b'-')) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Ok(at)
    }

    fn digits(self, at: usize) -> Result<usize, Malformed> {
        let mut end = at;
        while matches!(self.byte(end), Some(b'0'..=b'9')) {
            end += 1;
        }
        if end == at { Err(Malformed) } else { Ok(end) }
    }

    /// A string with its quotes. `each` gets what is plain in it as words, as of
    /// [`plain_prefix`].
    #[inline(always)]
    fn string(self, at: usize, mut each: impl FnMut(u64)) -> Result<(usize, Spelling), Malformed> {
        let mut at = self.expect(at, b'"')?;
        let mut spelling = Spelling::Plain;
        loop {
            at += plain_prefix(&self.text.as_bytes()[at..], &mut each);
            match self.byte(at) {
                Some(b'"') => return Ok((at + 1, spelling)),
                Some(b'\\') => {
                    spelling = Spelling::Escaped;
                    at = self.escape(at + 1)?;
                }
                // The end of the text, or a control character.
                _ => return Err(Malformed),
            }
        }
    }

    /// What follows a backslash.
    #[cold]
    fn escape(self, at: usize) -> Result<usize, Malformed> {
        let escape = self.byte(at).ok_or(Malformed)?;
        let at = at + 1;
        match escape {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at),
            b'u' => match self.hex(at)? {
                // The first half of a surrogate pair needs its second half; a second half alone
                // is no character.
                0xD800..=0xDBFF => {
                    let at = self.expect(self.expect(at + 4, b'\\')?, b'u')?;
                    if (0xDC00..=0xDFFF).contains(&self.hex(at)?) {
                        Ok(at + 4)
                    } else {
                        Err(Malformed)
                    }
                }
                0xDC00..=0xDFFF => Err(Malformed),
                _ => Ok(at + 4),
            },
            _ => Err(Malformed),
        }
    }

    /// Four hexadecimal digits, as a number.
    fn hex(self, at: usize) -> Result<u32, Malformed> {
        let digits = self.text.as_bytes().get(at..at + 4).ok_or(Malformed)?;
        digits.iter().try_fold(0, |value, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(Malformed)?;
            Ok(value * 16 + digit)
        })
    }

    /// The hash of a name with escapes: that of the name it stands for.
    #[cold]
    fn hash_resolved(self, name: Range<usize>, seed: u64) -> u64 {
        let name = Text {
            raw: &self.text[name],
            spelling: Spelling::Escaped,
        };
        let (mut hash, mut word, mut len) = (seed, 0, 0);
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
        // One bit off, the quote (0x22) lies right above the control characters (to 0x1f), and the
        // space beyond it. A borrow can only mark bytes above the first real one, and the first is
        // what counts.
        let control_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let marks = (control_or_quote | backslash) & !word & HIGH;
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
