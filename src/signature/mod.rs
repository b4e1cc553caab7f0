//! Signatures: which algorithms there are, keys parsed once and bound to one algorithm.
//!
//! The only place that names aws-lc-rs. Absent on purpose: `none`, RSA1_5 encryption, secp256k1.

mod algorithm;
mod compact;
mod edwards;
mod fingerprint;
mod signing;
mod verifying;

pub use algorithm::{Algorithm, AlgorithmSet, Family};
pub use compact::sign_token;
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use signing::{SigningError, SigningKey};
pub use verifying::{KeyDefect, VerifyingKey};

use aws_lc_rs::digest;

/// SHA-256, for thumbprints (RFC 7638), fingerprints and integrity checks.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The same of what comes piece by piece.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds a piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all pieces one behind the other.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let digest = self.0.finish();
        digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// Fills `bytes` from the operating system's random source.
///
/// # Panics
/// If the operating system has no randomness to give, in which case nothing may go on.
pub fn fill_random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
}

#[cfg(all(test, feature = "fips"))]
mod tests {
    #[test]
    fn with_the_feature_fips_signatures_are_checked_by_the_validated_module() {
        assert_eq!(aws_lc_rs::try_fips_mode(), Ok(()));
    }
}
