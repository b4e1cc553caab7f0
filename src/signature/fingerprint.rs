//! Keyed fingerprints: they tell whether two things are the same, and not what they are.

use std::fmt;

use aws_lc_rs::hmac;

use super::fill_random;

/// What fingerprints are made with. Without it nobody can try out what a fingerprint is of.
#[derive(Clone)]
pub struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    /// The least bytes of a key: those of the hash (RFC 2104 3).
    pub const BYTES_MIN: usize = 32;

    /// With a secret of at least [`Self::BYTES_MIN`] bytes, the same fingerprints everywhere.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A key that nobody knows and that ends with the process.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = [0; Self::BYTES_MIN];
        fill_random(&mut secret);
        Self::new(&secret)
    }

    /// The first 64 bits of HMAC-SHA256 over the parts: enough to tell the tokens of a day apart.
    #[must_use]
    pub fn of(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let tag = context.sign();
        let first = tag.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
        Fingerprint(*first)
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FingerprintKey")
    }
}

/// Shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", u64::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::FingerprintKey;

    #[test]
    fn one_key_and_one_text_make_one_fingerprint_and_any_other_another() {
        let key = FingerprintKey::new(&[7; 32]);
        let fingerprint = key.of(&[b"alice"]);
        assert_eq!(
            fingerprint,
            FingerprintKey::new(&[7; 32]).of(&[b"al", b"ice"])
        );
        assert_ne!(fingerprint, key.of(&[b"bob"]));
        assert_ne!(fingerprint, FingerprintKey::random().of(&[b"alice"]));
        assert_eq!(fingerprint.to_string().len(), 16);
    }

    /// RFC 4231 4.3.
    #[test]
    fn it_is_the_beginning_of_hmac_sha256() {
        let key = FingerprintKey::new(b"Jefe");
        let fingerprint = key.of(&[b"what do ya want for nothing?"]);
        assert_eq!(fingerprint.to_string(), "5bdcc146bf60754e");
    }
}
