//! A member of an object, not yet cut out of the text.

use super::text::{Spelling, TextPlace};
use super::{Json, Text};

/// A member of an object: where its name and its value stand. Most are skipped, and only those
/// that are not are worth cutting out of the text.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub(super) text: &'a str,
    pub(super) name_start: usize,
    pub(super) name_end: usize,
    pub(super) name_hash: u64,
    pub(super) spelling: Spelling,
    pub(super) value_start: usize,
    pub(super) value_end: usize,
}

impl<'a> Member<'a> {
    /// Where its name stands among `names`, escapes resolved. They are ASCII and of one length, so
    /// that most names of a token are known to be others by their length alone.
    pub(in crate::token) fn position<const N: usize, const LEN: usize>(
        &self,
        names: &[&[u8; LEN]; N],
    ) -> Option<usize> {
        match self.spelling {
            Spelling::Plain => {
                let name = &self.text.as_bytes()[self.name_start..self.name_end];
                let name: &[u8; LEN] = name.try_into().ok()?;
                names.iter().position(|other| *other == name)
            }
            Spelling::Escaped => names.iter().position(|other| {
                let other = other.iter().copied().map(char::from);
                self.name().chars().eq(other)
            }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Text<'a> {
        Text {
            raw: &self.text[self.name_start..self.name_end],
            spelling: self.spelling,
        }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> Json<'a> {
        Json {
            raw: &self.text[self.value_start..self.value_end],
        }
    }

    /// Where its value stands in the text, if it is one.
    pub(in crate::token) fn text_place(&self) -> Option<TextPlace> {
        let value = self.value().as_text()?;
        Some(value.place(self.value_start + 1))
    }

    /// The text before it.
    pub(super) fn before(&self) -> &'a str {
        // From the quote on.
        &self.text[..self.name_start - 1]
    }
}
