//! What a consumer's credential needs of a key.

use serde_json::Value;

use crate::consumers::Material;
use crate::keys::{Curve, PublicKey};
use crate::signature::{Family, SigningError, SigningKey};
use crate::token::base64url;

/// The half of `key` that its tokens are checked with.
///
/// # Errors
/// If the cryptographic library does not hand it out.
pub(super) fn material(key: &SigningKey) -> Result<Material, SigningError> {
    let jwk = key.to_private_jwk("")?;
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let number = |name: &str| {
        let mut buffer = Vec::new();
        let bytes = base64url::decode(text(name)?.as_bytes(), &mut buffer)?;
        Some(bytes.to_vec())
    };
    let material = || {
        Some(match key.algorithm().family() {
            Family::Hmac => Material::Secret(number("k")?.into()),
            Family::Ed => Material::Public(PublicKey::Ed25519 { x: number("x")? }),
            Family::Ec => Material::Public(PublicKey::Ec {
                curve: text("crv").and_then(Curve::from_name)?,
                x: number("x")?,
                y: number("y")?,
            }),
            Family::Rsa => Material::Public(PublicKey::Rsa {
                modulus: number("n")?,
                exponent: number("e")?,
            }),
        })
    };
    material().ok_or(SigningError::Failed)
}
