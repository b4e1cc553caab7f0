//! Keys that sign: for the demo, for minting, for tests.

mod jwk;
mod pkcs;

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use aws_lc_rs::{error, hmac};
use zeroize::Zeroizing;

use super::{Algorithm, KeyDefect, VerifyingKey, fill_random};

/// A private key or shared secret that signs with one algorithm.
pub struct SigningKey {
    algorithm: Algorithm,
    material: Material,
}

enum Material {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Hmac(Zeroizing<Vec<u8>>, hmac::Algorithm),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

/// Why a key cannot sign. None of these says anything of the key's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The key does not say which algorithm it is for, and its type leaves a choice.
    #[error("the key has no `alg`: add the one algorithm it is for, such as \"alg\": \"RS256\"")]
    AlgorithmMissing,
    /// `alg` is not supported, or not for this type of key.
    #[error("`alg` {0:?} is not supported or does not fit the key's type and curve")]
    AlgorithmUnfit(String),
    /// The library could not sign or make a key.
    #[error("the cryptographic library failed")]
    Failed,
    /// A member of a private JWK is missing or not what it must be.
    #[error("`{name}` is {problem}")]
    Member {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Not one JSON object.
    #[error("not a JWK: one JSON object is expected")]
    NotJson,
    /// No PEM, or PEM of something else.
    #[error("not a private key in PEM: PKCS#8 (BEGIN PRIVATE KEY) is expected")]
    NotPem,
    /// The numbers are no key, or contradict each other.
    #[error("the key is not valid: its parts do not belong together")]
    Rejected,
    /// `kty` is missing or not supported.
    #[error("`kty` must be RSA, EC, OKP or oct")]
    Type,
    /// The key may be read but must not be used.
    #[error("the key is unfit for use: {}", .0.code())]
    Unfit(KeyDefect),
}

impl SigningKey {
    /// A fresh key. RSA keys have 2048, 3072 or 4096 bits, secrets the length of the hash.
    ///
    /// # Errors
    /// [`SigningError::Failed`] if the library fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningError> {
        let material = match Scheme::of(algorithm) {
            Scheme::Ec(parameters) => Material::Ec(EcdsaKeyPair::generate(parameters)?),
            Scheme::Ed => Material::Ed(Ed25519KeyPair::generate()?),
            Scheme::Hmac(parameters) => {
                let mut secret = Zeroizing::new(vec![0; algorithm.hash_bytes()]);
                fill_random(&mut secret);
                Material::Hmac(secret, parameters)
            }
            Scheme::Rsa(encoding) => {
                Material::Rsa(RsaKeyPair::generate(rsa_size(algorithm))?, encoding)
            }
        };
        Ok(Self {
            algorithm,
            material,
        })
    }

    /// The one algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature over `message`, in the form of RFC 7518 and RFC 8037: ECDSA as r and s of
    /// fixed length, PSS with a salt as long as the hash.
    ///
    /// # Errors
    /// [`SigningError::Failed`] if the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.material {
            Material::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message)?;
                Ok(signature.as_ref().to_vec())
            }
            Material::Ed(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Material::Hmac(secret, parameters) => {
                let key = hmac::Key::new(*parameters, secret);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
            Material::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    /// [`SigningError::Unfit`] if such a key must not be used: a weak one, say.
    pub fn verifying_key(&self) -> Result<VerifyingKey, SigningError> {
        match self.public_parts()? {
            Public::Ec { x, y } => VerifyingKey::ec(self.algorithm, &x, &y),
            Public::Ed { x } => VerifyingKey::ed25519(&x),
            Public::Rsa { n, e } => VerifyingKey::rsa(self.algorithm, &n, &e),
            Public::None(secret) => VerifyingKey::secret(self.algorithm, secret),
        }
        .map_err(SigningError::Unfit)
    }

    fn public_parts(&self) -> Result<Public<'_>, SigningError> {
        Ok(match &self.material {
            Material::Ec(pair) => {
                // One byte for "uncompressed", then both coordinates.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                Public::Ec {
                    x: x.to_vec(),
                    y: y.to_vec(),
                }
            }
            Material::Ed(pair) => Public::Ed {
                x: pair.public_key().as_ref().to_vec(),
            },
            Material::Hmac(secret, _) => Public::None(secret),
            Material::Rsa(pair, _) => pkcs::rsa_public(pair.public_key().as_ref())?,
        })
    }

    /// Checks that `material` verifies under the rules for keys of others, too.
    fn checked(algorithm: Algorithm, material: Material) -> Result<Self, SigningError> {
        let key = Self {
            algorithm,
            material,
        };
        key.verifying_key()?;
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.algorithm.name())
    }
}

impl From<error::Unspecified> for SigningError {
    fn from(_: error::Unspecified) -> Self {
        Self::Failed
    }
}

impl From<error::KeyRejected> for SigningError {
    fn from(_: error::KeyRejected) -> Self {
        Self::Rejected
    }
}

/// What others may know of a key; of a secret nothing.
enum Public<'k> {
    Ec { x: Vec<u8>, y: Vec<u8> },
    Ed { x: Vec<u8> },
    None(&'k [u8]),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// What the library needs to know to sign with an algorithm.
enum Scheme {
    Ec(&'static EcdsaSigningAlgorithm),
    Ed,
    Hmac(hmac::Algorithm),
    Rsa(&'static dyn RsaEncoding),
}

impl Scheme {
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::Ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::Ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => Self::Ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::Ed25519 => Self::Ed,
            Algorithm::Hs256 => Self::Hmac(hmac::HMAC_SHA256),
            Algorithm::Hs384 => Self::Hmac(hmac::HMAC_SHA384),
            Algorithm::Hs512 => Self::Hmac(hmac::HMAC_SHA512),
            Algorithm::Ps256 => Self::Rsa(&signature::RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&signature::RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&signature::RSA_PSS_SHA512),
            Algorithm::Rs256 => Self::Rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&signature::RSA_PKCS1_SHA512),
        }
    }
}

/// A modulus about as strong as the hash is meant to be.
const fn rsa_size(algorithm: Algorithm) -> KeySize {
    match algorithm.hash_bytes() {
        32 => KeySize::Rsa2048,
        48 => KeySize::Rsa3072,
        _ => KeySize::Rsa4096,
    }
}

#[cfg(test)]
mod tests;
