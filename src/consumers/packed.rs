//! Texts and lists one behind the other, each with its length before it.

use zeroize::Zeroizing;

/// Writes a record.
#[derive(Default)]
pub(super) struct Packer {
    /// What was written; wiped afterwards, because secrets pass through.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether something was too long for its length to be written.
    pub(super) is_too_long: bool,
}

impl Packer {
    pub(super) fn number(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn some(&mut self, bytes: &[u8]) {
        self.length(Some(bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn option(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.some(text.as_bytes()),
            None => self.length(None),
        }
    }

    pub(super) fn list(&mut self, texts: Option<&[Box<str>]>) {
        self.length(texts.map(<[_]>::len));
        for text in texts.into_iter().flatten() {
            self.some(text.as_bytes());
        }
    }

    fn length(&mut self, length: Option<usize>) {
        let length = length.map_or(Some(ABSENT), |length| {
            u16::try_from(length)
                .ok()
                .filter(|length| *length != ABSENT)
        });
        self.is_too_long |= length.is_none();
        self.bytes
            .extend_from_slice(&length.unwrap_or_default().to_le_bytes());
    }
}

/// Reads a record in the order in which it was written.
pub(super) struct Unpacker<'s>(pub(super) &'s [u8]);

impl<'s> Unpacker<'s> {
    pub(super) fn number(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(super) fn some(&mut self) -> &'s [u8] {
        let length = self.length().expect("written by `some`");
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    pub(super) fn text(&mut self) -> &'s str {
        std::str::from_utf8(self.some()).expect("written from a text")
    }

    pub(super) fn option(&mut self) -> Option<&'s str> {
        let mut ahead = Self(self.0);
        if ahead.length().is_some() {
            Some(self.text())
        } else {
            *self = ahead;
            None
        }
    }

    pub(super) fn list(&mut self) -> Option<Box<[Box<str>]>> {
        let length = self.length()?;
        Some((0..length).map(|_| self.text().into()).collect())
    }

    fn length(&mut self) -> Option<usize> {
        let length = u16::from_le_bytes(self.array());
        (length != ABSENT).then_some(usize::from(length))
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let (array, rest) = self
            .0
            .split_first_chunk()
            .expect("as long as it was written");
        self.0 = rest;
        *array
    }
}

/// The length of what is not there.
const ABSENT: u16 = u16::MAX;
