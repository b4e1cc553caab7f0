//! PKCS#8 and PKCS#1: how private keys come as PEM, and how the library hands out RSA numbers.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use pkcs1::der::asn1::{AnyRef, OctetStringRef};
use pkcs1::der::{Decode, Reader, SecretDocument, SliceReader};
use pkcs1::{RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

use super::{Material, Public, Scheme, SigningError, SigningKey};
use crate::signature::Algorithm;

impl SigningKey {
    /// The private key in `text`, to be used with `algorithm`. Besides PKCS#8 (`PRIVATE KEY`), the
    /// older `RSA PRIVATE KEY` and `EC PRIVATE KEY` are understood.
    ///
    /// # Errors
    /// [`SigningError`] if it is no such key, encrypted, weak or not for that algorithm.
    pub fn from_pkcs8_pem(text: &str, algorithm: Algorithm) -> Result<Self, SigningError> {
        let (label, der) =
            SecretDocument::from_pem(text.trim()).map_err(|_| SigningError::NotPem)?;
        let der = der.as_bytes();
        let material = match (label, Scheme::of(algorithm)) {
            ("PRIVATE KEY", Scheme::Ec(parameters)) => {
                Material::Ec(EcdsaKeyPair::from_pkcs8(parameters, der)?)
            }
            ("EC PRIVATE KEY", Scheme::Ec(parameters)) => {
                Material::Ec(EcdsaKeyPair::from_private_key_der(parameters, der)?)
            }
            ("PRIVATE KEY", Scheme::Ed) => Material::Ed(Ed25519KeyPair::from_pkcs8(der)?),
            ("PRIVATE KEY", Scheme::Rsa(encoding)) => {
                Material::Rsa(RsaKeyPair::from_pkcs8(der)?, encoding)
            }
            ("RSA PRIVATE KEY", Scheme::Rsa(encoding)) => {
                Material::Rsa(RsaKeyPair::from_der(der)?, encoding)
            }
            ("PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY", _) => {
                return Err(SigningError::AlgorithmUnfit(algorithm.name().to_owned()));
            }
            _ => return Err(SigningError::NotPem),
        };
        Self::checked(algorithm, material)
    }
}

/// The numbers of an RSA private key, named as in RFC 7518 6.3, big-endian.
pub(super) struct RsaNumbers {
    pub(super) d: Zeroizing<Vec<u8>>,
    pub(super) p: Zeroizing<Vec<u8>>,
    pub(super) q: Zeroizing<Vec<u8>>,
    pub(super) dp: Zeroizing<Vec<u8>>,
    pub(super) dq: Zeroizing<Vec<u8>>,
    pub(super) qi: Zeroizing<Vec<u8>>,
}

impl RsaNumbers {
    pub(super) fn of(pair: &RsaKeyPair) -> Result<Self, SigningError> {
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der()?;
        let pkcs1 = private_key_of(pkcs8.as_ref()).map_err(|_| SigningError::Failed)?;
        let key = RsaPrivateKey::from_der(pkcs1).map_err(|_| SigningError::Failed)?;
        let number = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        Ok(Self {
            d: number(key.private_exponent.as_bytes()),
            p: number(key.prime1.as_bytes()),
            q: number(key.prime2.as_bytes()),
            dp: number(key.exponent1.as_bytes()),
            dq: number(key.exponent2.as_bytes()),
            qi: number(key.coefficient.as_bytes()),
        })
    }
}

/// Modulus and exponent of a PKCS#1 public key.
pub(super) fn rsa_public(der: &[u8]) -> Result<Public<'static>, SigningError> {
    let key = RsaPublicKey::from_der(der).map_err(|_| SigningError::Failed)?;
    Ok(Public::Rsa {
        n: key.modulus.as_bytes().to_vec(),
        e: key.public_exponent.as_bytes().to_vec(),
    })
}

/// The `privateKey` of a `PrivateKeyInfo` (RFC 5208 5): version, algorithm, octets.
fn private_key_of(pkcs8: &[u8]) -> pkcs1::der::Result<&[u8]> {
    let mut reader = SliceReader::new(pkcs8)?;
    reader.sequence(|reader| {
        let _version: u8 = reader.decode()?;
        let _algorithm: AnyRef<'_> = reader.decode()?;
        let key: OctetStringRef<'_> = reader.decode()?;
        Ok(key.as_bytes())
    })
}
