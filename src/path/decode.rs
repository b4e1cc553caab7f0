//! One segment decoded, or refused.

use crate::reason::Reason;

/// How the first semicolon of a segment is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semicolon {
    Raw,
    Encoded,
}

/// Appends the bytes that the escapes of `segment` (RFC 3986 2.1) stand for to `out`, and says how
/// its first semicolon was spelled. `segment` lies between two slashes.
///
/// # Errors
/// [`Reason::PathAmbiguous`] for what no two readers need to agree on.
pub(crate) fn decode(segment: &[u8], out: &mut Vec<u8>) -> Result<Option<Semicolon>, Reason> {
    let start = out.len();
    let mut semicolon = None;
    let mut rest = segment;
    while let [spelled, after @ ..] = rest {
        let (byte, spelling) = if *spelled == b'%' {
            rest = after.get(2..).ok_or(Reason::PathAmbiguous)?;
            let byte = escaped(after).ok_or(Reason::PathAmbiguous)?;
            (byte, Semicolon::Encoded)
        } else {
            rest = after;
            (*spelled, Semicolon::Raw)
        };
        // The request line ends its target at a space.
        let is_refused = matches!(byte, b'/' | b'\\') || byte.is_ascii_control();
        if is_refused || *spelled == b' ' {
            return Err(Reason::PathAmbiguous);
        }
        if byte == b';' {
            let follows_dots = matches!(&out[start..], b"." | b"..");
            // Where the parameters start depends on whether `%3B` is a `;`.
            let has_two_starts =
                (semicolon, spelling) == (Some(Semicolon::Encoded), Semicolon::Raw);
            if follows_dots || has_two_starts {
                return Err(Reason::PathAmbiguous);
            }
            semicolon = semicolon.or(Some(spelling));
        }
        out.push(byte);
    }
    let decoded = &out[start..];
    if is_encoded_twice(decoded) || is_overlong(decoded) || is_dots_and_spaces(decoded) {
        return Err(Reason::PathAmbiguous);
    }
    Ok(semicolon)
}

/// The byte that the two digits after a `%` stand for.
fn escaped(after: &[u8]) -> Option<u8> {
    let digit = |index: usize| {
        let digit = char::from(*after.get(index)?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    Some(digit(0)? << 4 | digit(1)?)
}

/// Whether a reader who decodes once more would see another structure: `%252e%252e`.
fn is_encoded_twice(decoded: &[u8]) -> bool {
    let hides = |byte: u8| matches!(byte, b'.' | b'/' | b'\\' | b';' | b'%');
    decoded
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .filter_map(|(at, _)| escaped(&decoded[at + 1..]))
        .any(|byte| hides(byte) || byte.is_ascii_control())
}

/// Whether Windows, which drops spaces at the end of a name, would see a dot segment: `..%20`.
fn is_dots_and_spaces(decoded: &[u8]) -> bool {
    let name = decoded.trim_ascii_end();
    name.len() < decoded.len() && matches!(name, b"." | b"..")
}

/// Whether lenient readers of UTF-8 would see another character, as with `%c0%af`, which some take
/// for a slash (RFC 3629 10). Other bytes that are no UTF-8 are left alone: they may be Latin-1.
fn is_overlong(decoded: &[u8]) -> bool {
    decoded.windows(2).any(|pair| {
        matches!(
            pair,
            [0xc0 | 0xc1, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]
        )
    })
}
