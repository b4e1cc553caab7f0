//! Public keys as PEM (RFC 7468): SPKI, PKCS#1 RSA or an X.509 certificate.
//!
//! Of a certificate only the key is used. Who configures it trusts it, whatever its dates and its
//! issuer say.

use pkcs1::der::Decode;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::public::{Curve, PublicKey};
use super::set::Key;
use crate::signature::{Algorithm, KeyDefect};

/// Why a PEM text is no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The key is read, but may not be used.
    #[error("the key cannot be used ({}): {}", .0.code(), remedy(*.0))]
    Defect(KeyDefect),
    /// Not PEM, or the content is not what its label says.
    #[error("not a PEM public key: expected one PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")]
    Malformed,
    /// A private key where a public one belongs.
    #[error(
        "a private key where a public one belongs: export the public part (openssl pkey -pubout)"
    )]
    Private,
    /// More than one key.
    #[error("more than one PEM block: a source takes exactly one key; list each on its own")]
    Several,
}

/// Reads the one public key in a PEM text and calls it `id`.
///
/// `algorithm` binds it; without, it follows from the curve, and for RSA is `default_rsa`.
///
/// # Errors
/// See [`PemError`].
pub fn parse_pem(
    text: &[u8],
    id: Option<&str>,
    algorithm: Option<Algorithm>,
    default_rsa: Algorithm,
) -> Result<Key, PemError> {
    let public = read_pem(text)?;
    let algorithm = algorithm
        .or(public.implied_algorithm())
        .unwrap_or(default_rsa);
    public.into_key(id, algorithm).map_err(PemError::Defect)
}

/// Reads the one public key in a PEM text; what it may be used for is not asked.
///
/// # Errors
/// See [`PemError`].
pub fn read_pem(text: &[u8]) -> Result<PublicKey, PemError> {
    let mut blocks = Vec::new();
    for block in Pem::iter_from_buffer(text) {
        blocks.push(block.map_err(|_| PemError::Malformed)?);
    }
    if blocks.iter().any(|block| block.label.contains("PRIVATE")) {
        return Err(PemError::Private);
    }
    let block = match &blocks[..] {
        [] => return Err(PemError::Malformed),
        [block] => block,
        [_, _, ..] => return Err(PemError::Several),
    };
    match block.label.as_str() {
        "PUBLIC KEY" => spki(&block.contents),
        "RSA PUBLIC KEY" => rsa(&block.contents),
        "CERTIFICATE" => certificate(&block.contents),
        _ => Err(PemError::Malformed),
    }
}

fn certificate(der: &[u8]) -> Result<PublicKey, PemError> {
    match x509_parser::parse_x509_certificate(der) {
        Ok(([], certificate)) => public_key(certificate.public_key()),
        Ok(_) | Err(_) => Err(PemError::Malformed),
    }
}

fn spki(der: &[u8]) -> Result<PublicKey, PemError> {
    match SubjectPublicKeyInfo::from_der(der) {
        Ok(([], info)) => public_key(&info),
        Ok(_) | Err(_) => Err(PemError::Malformed),
    }
}

fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, PemError> {
    let bits: &[u8] = &info.subject_public_key.data;
    match info.algorithm.algorithm.to_id_string().as_str() {
        RSA_ENCRYPTION => rsa(bits),
        ED25519 => Ok(PublicKey::Ed25519 { x: bits.to_vec() }),
        EC_PUBLIC_KEY => {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve
                .and_then(|parameters| parameters.as_oid().ok())
                .and_then(|oid| curve_of(&oid.to_id_string()))
                .ok_or(PemError::Defect(KeyDefect::Curve))?;
            ec(curve, bits)
        }
        _ => Err(PemError::Defect(KeyDefect::Type)),
    }
}

fn rsa(der: &[u8]) -> Result<PublicKey, PemError> {
    let key = pkcs1::RsaPublicKey::from_der(der).map_err(|_| PemError::Malformed)?;
    Ok(PublicKey::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        exponent: key.public_exponent.as_bytes().to_vec(),
    })
}

/// An uncompressed point (SEC 1 2.3.3). Compressed ones are refused: nobody writes them, and
/// reading them needs arithmetic of its own.
fn ec(curve: Curve, point: &[u8]) -> Result<PublicKey, PemError> {
    const UNCOMPRESSED: u8 = 4;
    let bytes = curve.coordinate_bytes();
    match point.split_first() {
        Some((&UNCOMPRESSED, coordinates)) if coordinates.len() == 2 * bytes => {
            let (x, y) = coordinates.split_at(bytes);
            Ok(PublicKey::Ec {
                curve,
                x: x.to_vec(),
                y: y.to_vec(),
            })
        }
        Some(_) | None => Err(PemError::Malformed),
    }
}

fn curve_of(oid: &str) -> Option<Curve> {
    Some(match oid {
        "1.2.840.10045.3.1.7" => Curve::P256,
        "1.3.132.0.34" => Curve::P384,
        "1.3.132.0.35" => Curve::P521,
        _ => return None,
    })
}

const fn remedy(defect: KeyDefect) -> &'static str {
    match defect {
        KeyDefect::Algorithm => "`alg` is not one for this type of key",
        KeyDefect::Curve => "use P-256, P-384, P-521 or Ed25519",
        KeyDefect::Exponent => "the RSA exponent must be odd and at least 3",
        KeyDefect::Type => "use RSA, EC or Ed25519",
        KeyDefect::Weak => "RSA needs at least 2048 bits, and a sound generator (CVE-2017-15361)",
        KeyDefect::Duplicate
        | KeyDefect::KeyOps
        | KeyDefect::Malformed
        | KeyDefect::Symmetric
        | KeyDefect::Use => "make a new key",
    }
}

const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

#[cfg(test)]
mod tests;
