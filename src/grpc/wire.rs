//! A `CheckRequest` read where it lies: the few fields that matter, borrowed from the message.
//!
//! Decoding the generated type costs thirty times as much, most of it for maps that are read once.
//! The generated decoder is the reference in tests.

use crate::request::RequestView;

/// The message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What a decision needs of a `CheckRequest`.
#[derive(Debug, Default)]
pub struct CheckView<'a> {
    method: &'a [u8],
    scheme: &'a [u8],
    host: &'a [u8],
    path: &'a [u8],
    /// The first header fields, so that nobody has to read the message again for them.
    fields: [Field<'a>; FIELDS],
    /// How many fields there are, beyond those too.
    field_count: usize,
    /// `AttributeContext.HttpRequest`, checked to be readable.
    http: &'a [u8],
    rule: Option<&'a [u8]>,
}

/// Name and value.
type Field<'a> = (&'a [u8], &'a [u8]);

/// Browsers and Envoy together make some twenty. Where there are more, the message is read again.
const FIELDS: usize = 32;

impl<'a> CheckView<'a> {
    /// Reads `message`, all of it, so that nothing can go wrong later.
    ///
    /// # Errors
    /// [`Malformed`], also for a message within it that occurs twice: the encoding allows that,
    /// Envoy never does it, and one of the two would not be judged.
    pub fn parse(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut view = Self::default();
        let Some(attributes) = only(message, CHECK_REQUEST_ATTRIBUTES)? else {
            return Ok(view);
        };
        let mut fields = Fields(attributes);
        let mut request = None;
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (ATTRIBUTES_REQUEST, Value::Bytes(bytes)) => once(&mut request, bytes)?,
                (ATTRIBUTES_CONTEXT_EXTENSIONS, Value::Bytes(entry)) => {
                    let (key, value) = pair(entry)?;
                    if key == RULE_EXTENSION {
                        view.rule = Some(value);
                    }
                }
                _ => {}
            }
        }
        if let Some(request) = request
            && let Some(http) = only(request, REQUEST_HTTP)?
        {
            view.read_http(http)?;
        }
        Ok(view)
    }

    /// The rule that the route names in `context_extensions`. Bytes that are no text name none.
    #[must_use]
    pub fn rule(&self) -> Option<&'a str> {
        self.rule
            .map(|rule| std::str::from_utf8(rule).unwrap_or("\u{fffd}"))
    }

    fn read_http(&mut self, http: &'a [u8]) -> Result<(), Malformed> {
        self.http = http;
        let header = |field| {
            if let Some(room) = self.fields.get_mut(self.field_count) {
                *room = field;
            }
            self.field_count += 1;
        };
        let other = |number, bytes| match number {
            HTTP_METHOD => self.method = bytes,
            HTTP_PATH => self.path = bytes,
            HTTP_HOST => self.host = bytes,
            HTTP_SCHEME => self.scheme = bytes,
            _ => {}
        };
        each_of_http(http, header, other)
    }
}

/// Reads an `HttpRequest` to its end: its header fields, in whichever of two places they are, and whatever
/// else has a number and bytes.
#[inline]
fn each_of_http<'a>(
    http: &'a [u8],
    mut header: impl FnMut(Field<'a>),
    mut other: impl FnMut(u64, &'a [u8]),
) -> Result<(), Malformed> {
    let mut fields = Fields(http);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (HTTP_HEADERS, Value::Bytes(entry)) => header(pair(entry)?),
            (HTTP_HEADER_MAP, Value::Bytes(map)) => {
                let mut entries = Fields(map);
                while let Some((number, value)) = entries.next()? {
                    if let (HEADER_MAP_HEADERS, Value::Bytes(entry)) = (number, value) {
                        header(pair(entry)?);
                    }
                }
            }
            (number, Value::Bytes(bytes)) => other(number, bytes),
            (_, Value::Number) => {}
        }
    }
    Ok(())
}

impl<'a> RequestView<'a> for CheckView<'a> {
    fn method(&self) -> &'a [u8] {
        self.method
    }

    fn host(&self) -> &'a [u8] {
        self.host
    }

    fn scheme(&self) -> &'a [u8] {
        self.scheme
    }

    fn target(&self) -> &'a [u8] {
        self.path
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        match self.fields.get(..self.field_count) {
            Some(fields) => fields.iter().for_each(|(name, value)| visit(name, value)),
            None => {
                // It was read to its end before, so it can be.
                let header = |(name, value): Field<'a>| visit(name, value);
                let _ = each_of_http(self.http, header, |_, _| ());
            }
        }
    }
}

/// One field's value, as far as it is needed.
#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Bytes(&'a [u8]),
    Number,
}

/// The fields of one message, in order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    #[inline]
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed);
        }
        let value = match key & 7 {
            0 => {
                self.varint()?;
                Value::Number
            }
            1 => {
                self.take(8)?;
                Value::Number
            }
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(usize::try_from(length).map_err(|_| Malformed)?)?)
            }
            5 => {
                self.take(4)?;
                Value::Number
            }
            // Groups are gone since proto2, and 6 and 7 never were.
            _ => return Err(Malformed),
        };
        Ok(Some((number, value)))
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        // Nearly every number in a request has one byte or two.
        match *self.0 {
            [byte @ 0..=0x7f, ref rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(byte))
            }
            [low, high @ 0..=0x7f, ref rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        const BYTES_MAX: usize = 10;
        let mut value = 0;
        for (index, byte) in self.0.iter().take(BYTES_MAX).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                // The tenth byte has room for one bit.
                if index == BYTES_MAX - 1 && *byte > 1 {
                    return Err(Malformed);
                }
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

/// The message in field `number` of `message`, if it is there.
fn only(message: &[u8], number: u64) -> Result<Option<&[u8]>, Malformed> {
    let mut found = None;
    let mut fields = Fields(message);
    while let Some((at, value)) = fields.next()? {
        if let (true, Value::Bytes(bytes)) = (at == number, value) {
            once(&mut found, bytes)?;
        }
    }
    Ok(found)
}

fn once<'a>(slot: &mut Option<&'a [u8]>, bytes: &'a [u8]) -> Result<(), Malformed> {
    if slot.replace(bytes).is_some() {
        Err(Malformed)
    } else {
        Ok(())
    }
}

/// Key and value of a map's entry; a `HeaderValue` has the same numbers, and `raw_value` as 3.
#[inline]
fn pair(entry: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    match usual_pair(entry) {
        Some(pair) => Ok(pair),
        None => any_pair(entry),
    }
}

/// What every encoder writes: the key, then the value, and nothing else.
#[inline]
fn usual_pair(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: u8 = 1 << 3 | 2;
    const VALUE: u8 = 2 << 3 | 2;
    let [KEY, length @ 0..=0x7f, rest @ ..] = entry else {
        return None;
    };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    let (length, value) = match rest {
        [VALUE, length @ 0..=0x7f, value @ ..] => (usize::from(*length), value),
        [VALUE, low, high @ 0..=0x7f, value @ ..] => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, value)
        }
        _ => return None,
    };
    (value.len() == length).then_some((key, value))
}

#[cold]
fn any_pair(entry: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (mut key, mut value, mut raw) = (&[][..], &[][..], &[][..]);
    let mut fields = Fields(entry);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(bytes)) => value = bytes,
            (3, Value::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    match (value, raw) {
        (value, []) => Ok((key, value)),
        ([], raw) => Ok((key, raw)),
        // Envoy sets one of the two; of both, one would not be judged.
        (_, _) => Err(Malformed),
    }
}

// Field numbers of Envoy's public API.
const CHECK_REQUEST_ATTRIBUTES: u64 = 1;
const ATTRIBUTES_REQUEST: u64 = 4;
const ATTRIBUTES_CONTEXT_EXTENSIONS: u64 = 10;
const REQUEST_HTTP: u64 = 2;
const HTTP_METHOD: u64 = 2;
const HTTP_HEADERS: u64 = 3;
const HTTP_PATH: u64 = 4;
const HTTP_HOST: u64 = 5;
const HTTP_SCHEME: u64 = 6;
const HTTP_HEADER_MAP: u64 = 13;
const HEADER_MAP_HEADERS: u64 = 1;

/// The key in `context_extensions` that names a rule.
const RULE_EXTENSION: &[u8] = b"jotgate.rule";

#[cfg(test)]
mod tests;
