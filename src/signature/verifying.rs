//! Keys that verify: parsed and checked once, bound to one algorithm for ever.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
};

use super::{Algorithm, edwards};
use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};

/// A key that verifies signatures of one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    material: Material,
    /// Bytes of every signature of this key; 64 to 1024.
    signature_bytes: usize,
}

#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "keys are few, and a box would be one more hop for every signature"
)]
enum Material {
    Public(ParsedPublicKey),
    Secret(hmac::Key),
}

/// Why a key cannot be used. The metric `jotgate_keys_skipped` has these as its `cause`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyDefect {
    /// `alg` is unknown, or not for this type of key.
    Algorithm,
    /// The curve is not supported, or the point is not on it.
    Curve,
    /// More keys of one kid and algorithm than are tried.
    Duplicate,
    /// The RSA exponent is even, 1 or too large.
    Exponent,
    /// `key_ops` does not say `verify`.
    KeyOps,
    /// Parts are missing or cannot be read.
    Malformed,
    /// A shared secret where only public keys may be.
    Symmetric,
    /// An unknown `kty`.
    Type,
    /// `use` is not `sig`.
    Use,
    /// RSA below 2048 bits or of a broken generator, a point of Ed25519 of small order, or a secret
    /// shorter than the hash.
    Weak,
}

impl KeyDefect {
    /// Every defect, in the order of the metric's labels.
    pub const ALL: [Self; 10] = [
        Self::Algorithm,
        Self::Curve,
        Self::Duplicate,
        Self::Exponent,
        Self::KeyOps,
        Self::Malformed,
        Self::Symmetric,
        Self::Type,
        Self::Use,
        Self::Weak,
    ];

    /// The label.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Curve => "curve",
            Self::Duplicate => "duplicate",
            Self::Exponent => "exponent",
            Self::KeyOps => "key_ops",
            Self::Malformed => "malformed",
            Self::Symmetric => "symmetric",
            Self::Type => "type",
            Self::Use => "use",
            Self::Weak => "weak",
        }
    }
}

impl VerifyingKey {
    /// An RSA key from modulus and exponent, big-endian.
    ///
    /// # Errors
    /// `Weak` below 2048 bits, `Exponent` for an even one or below 3, `Malformed` beyond 8192 bits,
    /// for an even modulus or where the numbers are no key, `Algorithm` if the algorithm is not
    /// RSA's.
    pub fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyDefect> {
        let parameters = rsa_parameters(algorithm).ok_or(KeyDefect::Algorithm)?;
        let modulus = without_leading_zeros(modulus);
        let exponent = without_leading_zeros(exponent);
        match bits(modulus) {
            0 => return Err(KeyDefect::Malformed),
            bits if bits < RSA_BITS_MIN => return Err(KeyDefect::Weak),
            bits if bits > RSA_BITS_MAX => return Err(KeyDefect::Malformed),
            _ => {}
        }
        // A product of two odd primes; the library takes others as well.
        if !is_odd(modulus) {
            return Err(KeyDefect::Malformed);
        }
        // Up to 32 bits: larger exponents make verification slow for whoever must do it.
        if !is_odd(exponent) || exponent == [1] || exponent.len() > 4 {
            return Err(KeyDefect::Exponent);
        }
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key = components
            .to_parsed_public_key(parameters)
            .map_err(|_| KeyDefect::Malformed)?;
        Ok(Self::public(algorithm, key, modulus.len()))
    }

    /// An EC key from the coordinates of its point, each as long as the curve asks (RFC 7518 6.2).
    ///
    /// # Errors
    /// `Malformed` for other lengths, `Curve` if the point is not on the curve, `Algorithm` if the
    /// algorithm is not ECDSA.
    pub fn ec(algorithm: Algorithm, x: &[u8], y: &[u8]) -> Result<Self, KeyDefect> {
        let (parameters, bytes) = ec_parameters(algorithm).ok_or(KeyDefect::Algorithm)?;
        if x.len() != bytes || y.len() != bytes {
            return Err(KeyDefect::Malformed);
        }
        const UNCOMPRESSED: u8 = 4;
        let point = [&[UNCOMPRESSED], x, y].concat();
        let key = ParsedPublicKey::new(parameters, point).map_err(|_| KeyDefect::Curve)?;
        Ok(Self::public(algorithm, key, 2 * bytes))
    }

    /// An Ed25519 key from its 32 bytes (RFC 8037 2).
    ///
    /// # Errors
    /// `Malformed` for another length, `Curve` if the bytes are no point or not its one spelling,
    /// `Weak` if everybody can sign for it.
    pub fn ed25519(x: &[u8]) -> Result<Self, KeyDefect> {
        let point: &edwards::Point = x.try_into().map_err(|_| KeyDefect::Malformed)?;
        if edwards::has_small_order(point) {
            return Err(KeyDefect::Weak);
        }
        if !edwards::is_canonical(point) {
            return Err(KeyDefect::Curve);
        }
        let key = ParsedPublicKey::new(&signature::ED25519, x).map_err(|_| KeyDefect::Curve)?;
        Ok(Self::public(Algorithm::Ed25519, key, 64))
    }

    /// A shared secret, at least as long as the hash (RFC 7518 3.2).
    ///
    /// # Errors
    /// `Weak` if it is shorter, `Algorithm` if the algorithm is not HMAC.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyDefect> {
        let parameters = hmac_parameters(algorithm).ok_or(KeyDefect::Algorithm)?;
        if secret.len() < algorithm.hash_bytes() {
            return Err(KeyDefect::Weak);
        }
        Ok(Self {
            algorithm,
            material: Material::Secret(hmac::Key::new(parameters, secret)),
            signature_bytes: algorithm.hash_bytes(),
        })
    }

    /// The one algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`. Secrets are compared in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // A signature of another length is never right, whatever a library makes of it.
        if signature.len() != self.signature_bytes {
            return false;
        }
        match &self.material {
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }

    const fn public(algorithm: Algorithm, key: ParsedPublicKey, signature_bytes: usize) -> Self {
        Self {
            algorithm,
            material: Material::Public(key),
            signature_bytes,
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the material: it may be a secret.
        write!(formatter, "VerifyingKey({})", self.algorithm.name())
    }
}

/// The parameters of an RSA algorithm. PSS has salts as long as the hash (RFC 7518 3.5).
fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::Ed25519
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => return None,
    })
}

/// The parameters of an ECDSA algorithm and the bytes of one coordinate.
fn ec_parameters(algorithm: Algorithm) -> Option<(&'static EcdsaVerificationAlgorithm, usize)> {
    Some(match algorithm {
        Algorithm::Es256 => (&signature::ECDSA_P256_SHA256_FIXED, 32),
        Algorithm::Es384 => (&signature::ECDSA_P384_SHA384_FIXED, 48),
        Algorithm::Es512 => (&signature::ECDSA_P521_SHA512_FIXED, 66),
        Algorithm::Ed25519
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512 => return None,
    })
}

fn hmac_parameters(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    Some(match algorithm {
        Algorithm::Hs256 => hmac::HMAC_SHA256,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::Ed25519
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512 => return None,
    })
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
