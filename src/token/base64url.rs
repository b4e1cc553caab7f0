//! Strict base64url (RFC 4648 5, RFC 7515 2): no padding, no whitespace, no other alphabet, and a
//! last character whose unused bits are zero, so that every token has exactly one spelling.

use base64_simd::{Out, URL_SAFE_NO_PAD};

/// Decodes `encoded` into `buffer`, whose room is used again, and returns the bytes.
/// `None` if it is not strict base64url.
#[must_use]
pub fn decode<'b>(encoded: &[u8], buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    // Grows only until the longest token so far; what lies behind is overwritten.
    if buffer.len() < encoded.len() {
        buffer.resize(encoded.len(), 0);
    }
    let out = Out::from_slice(buffer.as_mut_slice());
    URL_SAFE_NO_PAD
        .decode(encoded, out)
        .ok()
        .map(|bytes| &*bytes)
}

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    #[test]
    fn refuses_everything_but_the_one_spelling() {
        for text in [
            "A", "AAAAA", "QQ==", "QR", "QQ ", " QQ", "Q Q", "QQ\n", "+w", "/w", "QUJ", "é",
        ] {
            assert_eq!(decode(text.as_bytes(), &mut Vec::new()), None, "{text}");
        }
    }

    #[test]
    fn a_shorter_text_after_a_longer_one_has_its_own_length() {
        let mut buffer = Vec::new();
        assert_eq!(decode(b"QUJDREVG", &mut buffer), Some(b"ABCDEF".as_slice()));
        assert_eq!(decode(b"QQ", &mut buffer), Some(b"A".as_slice()));
        assert_eq!(decode(b"", &mut buffer), Some(b"".as_slice()));
    }

    proptest! {
        #[test]
        fn every_text_that_decodes_is_the_encoding_of_its_bytes(text in "[A-Za-z0-9_-]{0,90}") {
            let mut buffer = Vec::new();
            if let Some(bytes) = decode(text.as_bytes(), &mut buffer) {
                prop_assert_eq!(encode(bytes), text);
            }
        }

        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            let mut buffer = Vec::new();
            prop_assert_eq!(decode(text.as_bytes(), &mut buffer), Some(bytes.as_slice()));
        }
    }
}
