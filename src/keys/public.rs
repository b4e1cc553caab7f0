//! Public keys as the numbers they are made of, however they were written down: JWK or PEM.

use std::sync::LazyLock;

use super::infineon;
use super::set::Key;
use crate::signature::{Algorithm, Family, KeyDefect, VerifyingKey, fill_random, sha256};
use crate::token::base64url;

/// The numbers of a public key, big-endian. Not checked until [`PublicKey::into_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// A point of a curve of NIST's (RFC 7518 6.2).
    Ec {
        /// The curve.
        curve: Curve,
        /// Its coordinate, as long as the curve asks.
        x: Vec<u8>,
        /// Its coordinate, as long as the curve asks.
        y: Vec<u8>,
    },
    /// Ed25519 (RFC 8037 2).
    Ed25519 {
        /// 32 bytes.
        x: Vec<u8>,
    },
    /// RSA (RFC 7518 6.3).
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
}

/// A curve of NIST's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
}

impl PublicKey {
    /// The algorithm that follows from the key itself; none for RSA, which has six.
    #[must_use]
    pub const fn implied_algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Ec { curve, .. } => Some(curve.algorithm()),
            Self::Ed25519 { .. } => Some(Algorithm::Ed25519),
            Self::Rsa { .. } => None,
        }
    }

    /// Whether a key of this type may be used with `algorithm`.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        match self.implied_algorithm() {
            Some(implied) => implied == algorithm,
            None => algorithm.family() == Family::Rsa,
        }
    }

    /// SHA-256 thumbprint (RFC 7638), base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let encode = base64url::encode;
        // The required members in lexicographic order, without whitespace (RFC 7638 3). Nothing
        // needs escaping: values are base64url or names of curves.
        let canonical = match self {
            Self::Ec { curve, x, y } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                curve.name(),
                encode(x),
                encode(y)
            ),
            Self::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x))
            }
            Self::Rsa { modulus, exponent } => format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                encode(without_leading_zeros(exponent)),
                encode(without_leading_zeros(modulus))
            ),
        };
        encode(&sha256(canonical.as_bytes()))
    }

    /// A key called `id`, bound to `algorithm`.
    ///
    /// # Errors
    /// `Algorithm` if it is not one for this type of key; else what is wrong with the numbers.
    pub fn into_key(self, id: Option<&str>, algorithm: Algorithm) -> Result<Key, KeyDefect> {
        let verifying = self.verifying_key(algorithm)?;
        Ok(Key::new(id, self.thumbprint(), verifying))
    }

    /// The same without a name.
    ///
    /// # Errors
    /// As [`PublicKey::into_key`].
    pub fn verifying_key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeyDefect> {
        if !self.fits(algorithm) {
            return Err(KeyDefect::Algorithm);
        }
        match self {
            Self::Ec { x, y, .. } => VerifyingKey::ec(algorithm, x, y),
            Self::Ed25519 { x } => VerifyingKey::ed25519(x),
            Self::Rsa { modulus, exponent } => {
                let key = VerifyingKey::rsa(algorithm, modulus, exponent)?;
                if infineon::is_from_there(modulus) {
                    return Err(KeyDefect::Weak);
                }
                Ok(key)
            }
        }
    }
}

impl Curve {
    /// The curve of that name in a JWK (RFC 7518 6.2.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "P-521" => Self::P521,
            _ => return None,
        })
    }

    /// Its name in a JWK.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of one coordinate.
    #[must_use]
    pub const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }
}

/// A shared secret called `id`.
///
/// Its thumbprint changes when the secret does, but differs from process to process: a plain hash
/// on a status page would let anybody guess at a weak secret offline.
///
/// # Errors
/// `Weak` if it is shorter than the hash (RFC 7518 3.2), `Algorithm` if that is not HMAC.
pub fn secret_key(id: Option<&str>, algorithm: Algorithm, secret: &[u8]) -> Result<Key, KeyDefect> {
    static SALT: LazyLock<[u8; 32]> = LazyLock::new(|| {
        let mut salt = [0; 32];
        fill_random(&mut salt);
        salt
    });
    let verifying = VerifyingKey::secret(algorithm, secret)?;
    let salted = zeroize::Zeroizing::new([&*SALT, secret].concat());
    Ok(Key::new(id, base64url::encode(&sha256(&salted)), verifying))
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::{PublicKey, secret_key};
    use crate::signature::{Algorithm, KeyDefect};
    use crate::token::base64url;

    #[test]
    fn the_thumbprint_of_an_ed25519_key_is_that_of_rfc_8037_a_3() {
        let mut buffer = Vec::new();
        let x = base64url::decode(b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", &mut buffer)
            .expect("valid")
            .to_vec();
        assert_eq!(
            PublicKey::Ed25519 { x }.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn leading_zeros_do_not_change_an_rsa_thumbprint() {
        let key = |modulus: &[u8], exponent: &[u8]| {
            let (modulus, exponent) = (modulus.to_vec(), exponent.to_vec());
            PublicKey::Rsa { modulus, exponent }.thumbprint()
        };
        assert_eq!(key(&[0, 0, 9], &[0, 3]), key(&[9], &[3]));
        assert_ne!(key(&[9], &[3]), key(&[9, 0], &[3]));
    }

    #[test]
    fn the_thumbprint_of_a_secret_follows_it_without_showing_it() {
        let thumbprint = |secret: &[u8]| {
            let key = secret_key(None, Algorithm::Hs256, secret).expect("long enough");
            key.thumbprint().to_owned()
        };
        let secret = [7; 32];
        assert_eq!(thumbprint(&secret), thumbprint(&secret));
        assert_ne!(thumbprint(&secret), thumbprint(&[8; 32]));
        let plain = base64url::encode(&crate::signature::sha256(&secret));
        assert_ne!(thumbprint(&secret), plain);
    }

    #[test]
    fn a_secret_shorter_than_its_hash_is_weak() {
        for (algorithm, bytes) in [
            (Algorithm::Hs256, 31),
            (Algorithm::Hs384, 47),
            (Algorithm::Hs512, 63),
        ] {
            let weak = secret_key(None, algorithm, &vec![1; bytes]);
            assert_eq!(weak.err(), Some(KeyDefect::Weak));
            assert!(secret_key(None, algorithm, &vec![1; bytes + 1]).is_ok());
        }
    }
}
