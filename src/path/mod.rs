//! A request's path as rules see it, and the refusal to see any that upstreams may read otherwise.
//!
//! Whoever stands behind the gate decodes, merges and resolves in its own way. A rule must hold for
//! what that reader will see, so a path on which readers disagree has no canonical form:
//! [`Reason::PathAmbiguous`]. The others are decoded completely, segment by segment, so that no
//! spelling of a character slips past a literal: `/a%40b` is `/a@b`.

mod decode;
mod resolve;

use memchr::memchr;

pub(crate) use decode::decode;
use resolve::{Order, Parameters, resolve};

use crate::limits::PATH_BYTES;
use crate::reason::Reason;

/// A canonical path: decoded, without empty segments, dot segments and the query. A slash always
/// separates, because an encoded one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'p> {
    whole: &'p [u8],
    without_parameters: Option<&'p [u8]>,
}

impl<'p> Path<'p> {
    /// The path from its leading slash. Other bytes than slashes are decoded; they need not be
    /// UTF-8.
    #[must_use]
    pub const fn as_bytes(&self) -> &'p [u8] {
        self.whole
    }

    /// The same for a reader to whom a `;` starts parameters (RFC 3986 3.3), which are no part of a
    /// segment; `None` if such a reader sees nothing else. A rule must hold for both readings.
    #[must_use]
    pub const fn without_parameters(&self) -> Option<&'p [u8]> {
        self.without_parameters
    }
}

/// Buffers for paths that are not canonical as they were sent. Once they have grown, reading
/// allocates nothing.
#[derive(Debug, Default)]
pub struct PathScratch {
    whole: Vec<u8>,
    without_parameters: Vec<u8>,
    /// What dots first and slashes second would give.
    other_order: Vec<u8>,
}

impl PathScratch {
    /// Reads the path of a request's `target`, which is a path and perhaps a query; `None` if the
    /// target is empty, which means unknown. A path that is canonical already is borrowed.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if readers may disagree on it: anything but an absolute path, a
    /// fragment, a backslash, a control character, a space; an encoded slash, backslash or control
    /// character, also encoded twice; a broken escape, an overlong UTF-8 sequence, parameters of a
    /// dot segment or spaces behind one, dot segments beside empty ones where the order matters.
    /// Also if it is longer than [`PATH_BYTES`].
    pub fn read<'p>(&'p mut self, target: &'p [u8]) -> Result<Option<Path<'p>>, Reason> {
        if target.is_empty() {
            return Ok(None);
        }
        let path = &target[..memchr(b'?', target).unwrap_or(target.len())];
        let is_absolute = path.first() == Some(&b'/');
        // A fragment is never sent; readers that meet one cut there, or do not.
        if !is_absolute || path.len() > PATH_BYTES || memchr(b'#', target).is_some() {
            return Err(Reason::PathAmbiguous);
        }
        if is_canonical(path) {
            return Ok(Some(Path {
                whole: path,
                without_parameters: None,
            }));
        }
        self.resolve(path).map(Some)
    }

    fn resolve(&mut self, path: &[u8]) -> Result<Path<'_>, Reason> {
        let Self {
            whole,
            without_parameters,
            other_order,
        } = self;
        let seen = resolve(path, Order::SlashesFirst, Parameters::Kept, whole)?;
        if seen.order_may_matter() {
            resolve(path, Order::DotsFirst, Parameters::Kept, other_order)?;
            same(whole, other_order)?;
        }
        if !seen.has_parameters()? {
            return Ok(Path {
                whole,
                without_parameters: None,
            });
        }
        let seen = resolve(
            path,
            Order::SlashesFirst,
            Parameters::Dropped,
            without_parameters,
        )?;
        if seen.order_may_matter() {
            resolve(path, Order::DotsFirst, Parameters::Dropped, other_order)?;
            same(without_parameters, other_order)?;
        }
        let is_other = without_parameters != whole;
        Ok(Path {
            whole,
            without_parameters: is_other.then_some(without_parameters),
        })
    }
}

/// Whether a path is what [`resolve()`] would make of it, without a closer look: a segment that
/// starts with a dot gets one.
fn is_canonical(path: &[u8]) -> bool {
    let mut previous = 0;
    path.iter().all(|&byte| {
        let is_plain = byte.is_ascii_graphic() && !matches!(byte, b'%' | b';' | b'\\');
        let starts_odd = previous == b'/' && matches!(byte, b'/' | b'.');
        previous = byte;
        is_plain && !starts_odd
    })
}

fn same(one: &[u8], other: &[u8]) -> Result<(), Reason> {
    if one == other {
        Ok(())
    } else {
        Err(Reason::PathAmbiguous)
    }
}

#[cfg(test)]
mod tests;
