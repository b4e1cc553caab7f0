//! The samples were made with `openssl`; only their public halves exist.

use super::{PemError, parse_pem};
use crate::signature::{Algorithm, KeyDefect};

const RSA_SPKI: &str = include_str!("samples/rsa2048_spki.pem");
const RSA_PKCS1: &str = include_str!("samples/rsa2048_pkcs1.pem");
const RSA_CERTIFICATE: &str = include_str!("samples/rsa2048_certificate.pem");
const RSA_1024: &str = include_str!("samples/rsa1024_spki.pem");
const P256_SPKI: &str = include_str!("samples/p256_spki.pem");
const P256_CERTIFICATE: &str = include_str!("samples/p256_certificate.pem");
const P256_COMPRESSED: &str = include_str!("samples/p256_compressed_spki.pem");
const P384_SPKI: &str = include_str!("samples/p384_spki.pem");
const P521_SPKI: &str = include_str!("samples/p521_spki.pem");
const SECP256K1: &str = include_str!("samples/secp256k1_spki.pem");
const ED25519_SPKI: &str = include_str!("samples/ed25519_spki.pem");

fn parse(text: &str, algorithm: Option<Algorithm>) -> Result<(Algorithm, String), PemError> {
    let key = parse_pem(text.as_bytes(), Some("k1"), algorithm, Algorithm::Rs256)?;
    assert_eq!(key.id(), Some("k1"));
    Ok((key.algorithm(), key.thumbprint().to_owned()))
}

#[test]
fn every_form_gives_a_key_bound_to_one_algorithm() {
    for (text, named, algorithm) in [
        (RSA_SPKI, None, Algorithm::Rs256),
        (RSA_SPKI, Some(Algorithm::Ps512), Algorithm::Ps512),
        (RSA_PKCS1, None, Algorithm::Rs256),
        (RSA_CERTIFICATE, None, Algorithm::Rs256),
        (P256_SPKI, None, Algorithm::Es256),
        (P256_CERTIFICATE, Some(Algorithm::Es256), Algorithm::Es256),
        (P384_SPKI, None, Algorithm::Es384),
        (P521_SPKI, None, Algorithm::Es512),
        (ED25519_SPKI, None, Algorithm::Ed25519),
    ] {
        let parsed = parse(text, named).map(|(algorithm, _)| algorithm);
        assert_eq!(parsed, Ok(algorithm), "{text}");
    }
}

#[test]
fn the_same_key_has_one_thumbprint_in_every_form() {
    let thumbprint = |text| parse(text, None).expect("usable").1;
    assert_eq!(thumbprint(RSA_SPKI), thumbprint(RSA_PKCS1));
    assert_eq!(thumbprint(RSA_SPKI), thumbprint(RSA_CERTIFICATE));
    assert_eq!(thumbprint(P256_SPKI), thumbprint(P256_CERTIFICATE));
    assert_ne!(thumbprint(RSA_SPKI), thumbprint(P256_SPKI));
}

#[test]
fn what_cannot_be_used_says_why() {
    let private = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let rsa_private = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n";
    let truncated = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----\n";
    let other = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
    let defect = PemError::Defect;
    for (text, algorithm, error) in [
        ("", None, PemError::Malformed),
        ("not PEM", None, PemError::Malformed),
        (truncated, None, PemError::Malformed),
        (other, None, PemError::Malformed),
        (private, None, PemError::Private),
        (rsa_private, None, PemError::Private),
        (&format!("{P256_SPKI}{private}"), None, PemError::Private),
        (&format!("{P256_SPKI}{P384_SPKI}"), None, PemError::Several),
        (P256_COMPRESSED, None, PemError::Malformed),
        (SECP256K1, None, defect(KeyDefect::Curve)),
        (RSA_1024, None, defect(KeyDefect::Weak)),
        (
            RSA_SPKI,
            Some(Algorithm::Es256),
            defect(KeyDefect::Algorithm),
        ),
        (
            P256_SPKI,
            Some(Algorithm::Es384),
            defect(KeyDefect::Algorithm),
        ),
        (
            P256_SPKI,
            Some(Algorithm::Hs256),
            defect(KeyDefect::Algorithm),
        ),
        (
            ED25519_SPKI,
            Some(Algorithm::Rs256),
            defect(KeyDefect::Algorithm),
        ),
    ] {
        assert_eq!(parse(text, algorithm), Err(error), "{text}");
    }
}

#[test]
fn every_truncation_is_refused_without_a_panic() {
    let end = RSA_CERTIFICATE.find("-----END").expect("has an end");
    for length in 0..end {
        assert!(parse(&RSA_CERTIFICATE[..length], None).is_err(), "{length}");
    }
}
