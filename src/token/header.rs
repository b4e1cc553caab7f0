//! The header of a token, which is read once and known again.

use std::ops::Range;

use super::base64url;
use super::json::{Json, Text, TextPlace, scan_text, utf8};
use crate::limits::KEY_ID_BYTES;
use crate::reason::Reason;

/// The header (RFC 7515 4), as the sender wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    text: &'a str,
    places: &'a Places,
}

impl<'a> Header<'a> {
    /// `alg`
    #[must_use]
    pub fn algorithm(&self) -> Option<Text<'a>> {
        self.parameter(ALGORITHM)
    }

    /// `kid`
    #[must_use]
    pub fn key_id(&self) -> Option<Text<'a>> {
        self.parameter(KEY_ID)
    }

    /// `typ`
    #[must_use]
    pub fn kind(&self) -> Option<Text<'a>> {
        self.parameter(KIND)
    }

    /// `cty`
    #[must_use]
    pub fn content_kind(&self) -> Option<Text<'a>> {
        self.parameter(CONTENT_KIND)
    }

    /// Whether there is a `crit` or a `b64`, neither of which is ever right.
    #[must_use]
    pub const fn demands_extension(&self) -> bool {
        self.places.demands_extension
    }

    /// Every parameter.
    #[must_use]
    pub fn object(&self) -> Json<'a> {
        Json::read_before(self.text, &self.places.object)
    }

    fn parameter(&self, which: usize) -> Option<Text<'a>> {
        let place = self.places.texts[which].as_ref()?;
        Some(Text::read_before(self.text, place))
    }
}

/// Room for a header, and the memory of the last one. Most tokens of a service have the very same
/// header: what was read from the same characters within the same limits is not read again.
#[derive(Debug, Default)]
pub(super) struct HeaderRoom {
    /// The header as it was sent.
    encoded: Vec<u8>,
    /// The depth that it was allowed; `None` if the last header was no good.
    depth_max: Option<usize>,
    decoded: Vec<u8>,
    text: String,
    places: Places,
}

impl HeaderRoom {
    pub(super) fn read(&mut self, encoded: &[u8], depth_max: usize) -> Result<Header<'_>, Reason> {
        if self.depth_max != Some(depth_max) || self.encoded != encoded {
            self.depth_max = None;
            self.read_anew(encoded, depth_max)
                .ok_or(Reason::TokenMalformed)?;
            self.depth_max = Some(depth_max);
        }
        Ok(Header {
            text: &self.text,
            places: &self.places,
        })
    }

    fn read_anew(&mut self, encoded: &[u8], depth_max: usize) -> Option<()> {
        let decoded = base64url::decode(encoded, &mut self.decoded)?;
        let text = utf8(decoded).ok()?;
        self.places = Places::read(text, depth_max)?;
        self.text.clear();
        self.text.push_str(text);
        self.encoded.clear();
        self.encoded.extend_from_slice(encoded);
        Some(())
    }
}

/// Where the parameters stand in the text of a header.
#[derive(Debug, Default)]
struct Places {
    object: Range<usize>,
    texts: [Option<TextPlace>; TEXTS.len()],
    demands_extension: bool,
}

impl Places {
    fn read(text: &str, depth_max: usize) -> Option<Self> {
        let mut places = Self::default();
        let mut is_readable = true;
        places.object = scan_text(text, depth_max, |member| {
            // Everything else is skipped; `jwk`, `jku`, `x5u` and `x5c` above all: keys come from
            // the configuration alone (RFC 8725 3.10).
            if let Some(which) = member.position(&TEXTS) {
                places.texts[which] = member.text_place();
                is_readable &= places.texts[which].is_some();
            }
            let is_demand = member.position(&[b"crit"]).or(member.position(&[b"b64"]));
            places.demands_extension |= is_demand.is_some();
        })
        .ok()?;
        let key_id = places.texts[KEY_ID].as_ref();
        let key_id = key_id.map(|place| Text::read_before(text, place));
        is_readable &= key_id.is_none_or(|id| id.raw().len() <= KEY_ID_BYTES);
        is_readable.then_some(places)
    }
}

/// The texts that are looked at in every header.
const TEXTS: [&[u8; 3]; 4] = [b"alg", b"kid", b"typ", b"cty"];
const ALGORITHM: usize = 0;
const KEY_ID: usize = 1;
const KIND: usize = 2;
const CONTENT_KIND: usize = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::HeaderRoom;
    use crate::token::base64url::encode;

    const DEPTH: usize = 4;

    /// What a header says, or that it is no good.
    fn read(room: &mut HeaderRoom, text: &str, depth_max: usize) -> Option<String> {
        let encoded = encode(text.as_bytes());
        let header = room.read(encoded.as_bytes(), depth_max).ok()?;
        let texts = [
            header.algorithm(),
            header.key_id(),
            header.kind(),
            header.content_kind(),
        ];
        let texts = texts.map(|text| text.map(|text| text.to_cow().into_owned()));
        let object = header.object().raw();
        Some(format!("{texts:?} {} {object}", header.demands_extension()))
    }

    #[test]
    fn a_header_that_is_no_good_is_not_remembered() {
        let mut room = HeaderRoom::default();
        let (good, bad) = (r#"{"alg":"a"}"#, r#"{"alg":1}"#);
        let said = read(&mut room, good, DEPTH);
        assert!(said.is_some());
        for _ in 0..2 {
            assert_eq!(read(&mut room, bad, DEPTH), None);
        }
        assert_eq!(read(&mut room, good, DEPTH), said);
    }

    #[test]
    fn a_header_is_read_anew_within_other_limits() {
        let mut room = HeaderRoom::default();
        let nested = r#"{"alg":"a","x":[[1]]}"#;
        for (depth_max, is_good) in [(3, true), (2, false), (3, true), (4, true), (0, false)] {
            let said = read(&mut room, nested, depth_max);
            assert_eq!(said.is_some(), is_good, "{depth_max}");
        }
    }

    fn header() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            r#"{"alg":"RS256","kid":"k1"}"#,
            r#"{"alg":"RS256","kid":"k2"}"#,
            r#"{"alg":"ES256","kid":"k1"}"#,
            r#" {"kid":"a\/b","typ":"JWT"}"#,
            r#"{"crit":[],"cty":"JWT"}"#,
            r#"{"alg":"RS256","kid":"k1"} "#,
            r#"{"alg":"RS256","alg":"k1"}"#,
            "{}",
            "[]",
            "",
        ])
    }

    proptest! {
        #[test]
        fn what_was_read_before_changes_nothing(headers in prop::collection::vec(header(), 0..9)) {
            let mut room = HeaderRoom::default();
            for text in headers {
                let fresh = read(&mut HeaderRoom::default(), text, DEPTH);
                prop_assert_eq!(read(&mut room, text, DEPTH), fresh, "{}", text);
            }
        }
    }
}
