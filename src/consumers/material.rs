//! What a credential's signatures are checked with, as long as nobody asks: bytes.

use std::fmt;

use zeroize::Zeroizing;

use crate::keys::PublicKey;
use crate::signature::{Algorithm, Family, KeyDefect, VerifyingKey};

/// A shared secret or a public key.
pub enum Material {
    /// A shared secret.
    Secret(Zeroizing<Vec<u8>>),
    /// A public key.
    Public(PublicKey),
}

impl Material {
    /// As bytes that [`unpack`] makes the same key of, whose algorithm they do not say.
    ///
    /// # Errors
    /// What keeps it from being a key of `algorithm`: another type of key, RSA below 2048 bits, a
    /// secret shorter than the hash.
    pub(super) fn pack(&self, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyDefect> {
        match self {
            Self::Secret(secret) => {
                VerifyingKey::secret(algorithm, secret)?;
                Ok(secret.clone())
            }
            Self::Public(public) => {
                public.verifying_key(algorithm)?;
                Ok(Zeroizing::new(match public {
                    PublicKey::Ec { x, y, .. } => [&**x, y].concat(),
                    PublicKey::Ed25519 { x } => x.clone(),
                    // The exponent has at most four bytes, or it had been refused, and is padded
                    // to them.
                    PublicKey::Rsa { modulus, exponent } => {
                        let exponent = without_leading_zeros(exponent);
                        let mut packed = vec![0; EXPONENT_BYTES.saturating_sub(exponent.len())];
                        packed.extend_from_slice(exponent);
                        packed.extend_from_slice(modulus);
                        packed
                    }
                }))
            }
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret(_) => "Secret([redacted])",
            Self::Public(_) => "Public",
        })
    }
}

/// The key that was packed for `algorithm`.
///
/// # Errors
/// None for what [`Material::pack`] wrote for this algorithm.
pub(super) fn unpack(algorithm: Algorithm, packed: &[u8]) -> Result<VerifyingKey, KeyDefect> {
    match algorithm.family() {
        Family::Hmac => VerifyingKey::secret(algorithm, packed),
        Family::Ed => VerifyingKey::ed25519(packed),
        Family::Ec => {
            let (x, y) = packed.split_at(packed.len() / 2);
            VerifyingKey::ec(algorithm, x, y)
        }
        Family::Rsa => {
            let parts = packed.split_at_checked(EXPONENT_BYTES);
            let (exponent, modulus) = parts.ok_or(KeyDefect::Malformed)?;
            VerifyingKey::rsa(algorithm, modulus, exponent)
        }
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

const EXPONENT_BYTES: usize = 4;
