//! Empty segments, dot segments and parameters: from the path as sent to the path as read.

use memchr::{memchr, memrchr};

use super::decode::{Semicolon, decode};
use crate::reason::Reason;

/// What goes first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Slashes merge, then dot segments go. This is the order that counts.
    SlashesFirst,
    /// RFC 3986 5.2.4 to the letter: `..` takes away an empty segment too. Slashes merge then.
    DotsFirst,
}

/// What becomes of everything from a `;` to the end of its segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameters {
    Kept,
    Dropped,
}

/// What was met on the way.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    has_empty: bool,
    has_parent: bool,
    has_raw_semicolon: bool,
    /// As the first of its segment.
    has_encoded_semicolon: bool,
}

impl Seen {
    /// Whether the other [`Order`] may give another path.
    pub(super) const fn order_may_matter(self) -> bool {
        self.has_empty && self.has_parent
    }

    /// Whether a reader may see parameters.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if readers who take `%3B` for a `;` and those who do not see
    /// different ones: with the reader who sees none there would be three.
    pub(super) const fn has_parameters(self) -> Result<bool, Reason> {
        match (self.has_raw_semicolon, self.has_encoded_semicolon) {
            (true, true) => Err(Reason::PathAmbiguous),
            (raw, encoded) => Ok(raw || encoded),
        }
    }
}

/// Writes the canonical form of `path`, which starts with a slash, into `out`.
///
/// # Errors
/// [`Reason::PathAmbiguous`], see [`decode`].
pub(super) fn resolve(
    path: &[u8],
    order: Order,
    parameters: Parameters,
    out: &mut Vec<u8>,
) -> Result<Seen, Reason> {
    out.clear();
    let mut seen = Seen::default();
    let mut ends_with_slash = false;
    // The leading slash separates the first segment from nothing.
    for segment in path.split(|byte| *byte == b'/').skip(1) {
        let start = out.len();
        out.push(b'/');
        match decode(segment, out)? {
            Some(Semicolon::Raw) => seen.has_raw_semicolon = true,
            Some(Semicolon::Encoded) => seen.has_encoded_semicolon = true,
            None => {}
        }
        let text = start + 1;
        if parameters == Parameters::Dropped
            && let Some(at) = memchr(b';', &out[text..])
        {
            out.truncate(text + at);
        }
        ends_with_slash = match &out[text..] {
            b"" => {
                seen.has_empty = true;
                if order == Order::SlashesFirst {
                    out.truncate(start);
                }
                true
            }
            b"." => {
                out.truncate(start);
                true
            }
            b".." => {
                seen.has_parent = true;
                out.truncate(start);
                // Above the root is the root.
                out.truncate(memrchr(b'/', out).unwrap_or(0));
                true
            }
            _ => false,
        };
    }
    if ends_with_slash {
        out.push(b'/');
    }
    out.dedup_by(|next, previous| *next == b'/' && *previous == b'/');
    Ok(seen)
}
