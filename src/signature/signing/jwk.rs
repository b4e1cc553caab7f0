//! Signing keys as JWKs (RFC 7517, RFC 7518 6, RFC 8037 2).

use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin, EcPrivateKeyBin};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::pkcs::RsaNumbers;
use super::{Material, Public, Scheme, SigningError, SigningKey};
use crate::signature::{Algorithm, Family, sha256};
use crate::token::base64url;

impl SigningKey {
    /// The private JWK in `json`. Nothing of the text is kept.
    ///
    /// # Errors
    /// As [`SigningKey::from_jwk`], and [`SigningError::NotJson`].
    pub fn from_jwk_json(json: &[u8]) -> Result<Self, SigningError> {
        let jwk: Value = serde_json::from_slice(json).map_err(|_| SigningError::NotJson)?;
        Self::from_jwk(&jwk)
    }

    /// A private JWK: RSA with all its numbers (`n e d p q dp dq qi`), EC, OKP (Ed25519) or `oct`.
    /// RSA and `oct` keys must name their `alg`: a key has one algorithm (RFC 8725 3.1).
    ///
    /// # Errors
    /// [`SigningError`] says which member is wrong, or that the key must not be used.
    pub fn from_jwk(jwk: &Value) -> Result<Self, SigningError> {
        let jwk = jwk.as_object().ok_or(SigningError::NotJson)?;
        let algorithm = algorithm_of(jwk)?;
        let material = match Scheme::of(algorithm) {
            Scheme::Ec(parameters) => {
                const UNCOMPRESSED: u8 = 4;
                let point = [&[UNCOMPRESSED][..], &bytes(jwk, "x")?, &bytes(jwk, "y")?].concat();
                Material::Ec(EcdsaKeyPair::from_private_key_and_public_key(
                    parameters,
                    &bytes(jwk, "d")?,
                    &point,
                )?)
            }
            Scheme::Ed => Material::Ed(Ed25519KeyPair::from_seed_and_public_key(
                &bytes(jwk, "d")?,
                &bytes(jwk, "x")?,
            )?),
            Scheme::Hmac(parameters) => Material::Hmac(bytes(jwk, "k")?, parameters),
            Scheme::Rsa(encoding) => Material::Rsa(rsa(jwk)?, encoding),
        };
        Self::checked(algorithm, material)
    }

    /// This key as a private JWK called `kid`. Whoever has it can sign: keep it as a secret.
    ///
    /// # Errors
    /// [`SigningError::Failed`] if the library does not hand the key out.
    pub fn to_private_jwk(&self, kid: &str) -> Result<Value, SigningError> {
        let mut jwk = self.public_members()?;
        let mut put = |name: &str, bytes: &[u8]| {
            jwk.insert(name.to_owned(), base64url::encode(bytes).into());
        };
        match &self.material {
            Material::Ec(pair) => {
                let d: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
                put("d", d.as_ref());
            }
            Material::Ed(pair) => {
                let d: Curve25519SeedBin<'_> = pair.seed()?.as_be_bytes()?;
                put("d", d.as_ref());
            }
            Material::Hmac(secret, _) => put("k", secret),
            Material::Rsa(pair, _) => {
                let RsaNumbers {
                    d,
                    p,
                    q,
                    dp,
                    dq,
                    qi,
                } = RsaNumbers::of(pair)?;
                let names = ["d", "p", "q", "dp", "dq", "qi"];
                for (name, number) in names.into_iter().zip([d, p, q, dp, dq, qi]) {
                    put(name, &number);
                }
            }
        }
        Ok(self.named(jwk, kid))
    }

    /// The public half as a JWK called `kid`; `None` for a shared secret, which has none.
    ///
    /// # Errors
    /// [`SigningError::Failed`] if the library does not hand the key out.
    pub fn to_public_jwk(&self, kid: &str) -> Result<Option<Value>, SigningError> {
        if let Material::Hmac(..) = self.material {
            return Ok(None);
        }
        Ok(Some(self.named(self.public_members()?, kid)))
    }

    /// The thumbprint of RFC 7638 (SHA-256, base64url); `None` for a shared secret, of which even a
    /// hash could be searched for (RFC 7638 7).
    ///
    /// # Errors
    /// [`SigningError::Failed`] if the library does not hand the key out.
    pub fn thumbprint(&self) -> Result<Option<String>, SigningError> {
        if let Material::Hmac(..) = self.material {
            return Ok(None);
        }
        // The required members in lexical order without spaces: how the map prints itself.
        let canonical = Value::Object(self.public_members()?).to_string();
        Ok(Some(base64url::encode(&sha256(canonical.as_bytes()))))
    }

    /// The members that make the public key what it is (RFC 7638 3.2); of a secret its type alone.
    fn public_members(&self) -> Result<Map<String, Value>, SigningError> {
        let text = |bytes: &[u8]| Value::from(base64url::encode(bytes));
        let members = match self.public_parts()? {
            Public::Ec { x, y } => vec![
                ("kty", "EC".into()),
                ("crv", curve(self.algorithm).into()),
                ("x", text(&x)),
                ("y", text(&y)),
            ],
            Public::Ed { x } => vec![
                ("kty", "OKP".into()),
                ("crv", curve(self.algorithm).into()),
                ("x", text(&x)),
            ],
            Public::Rsa { n, e } => {
                vec![("kty", "RSA".into()), ("n", text(&n)), ("e", text(&e))]
            }
            Public::None(_) => vec![("kty", "oct".into())],
        };
        Ok(members
            .into_iter()
            .map(|(name, value): (&str, Value)| (name.to_owned(), value))
            .collect())
    }

    fn named(&self, mut jwk: Map<String, Value>, kid: &str) -> Value {
        jwk.insert("alg".to_owned(), self.algorithm.name().into());
        jwk.insert("kid".to_owned(), kid.into());
        jwk.insert("use".to_owned(), "sig".into());
        Value::Object(jwk)
    }
}

fn rsa(jwk: &Map<String, Value>) -> Result<RsaKeyPair, SigningError> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    Ok(RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents {
            n: without_leading_zeros(&n),
            e: without_leading_zeros(&e),
        },
        d: &bytes(jwk, "d")?[..],
        p: &bytes(jwk, "p")?[..],
        q: &bytes(jwk, "q")?[..],
        dP: &bytes(jwk, "dp")?[..],
        dQ: &bytes(jwk, "dq")?[..],
        qInv: &bytes(jwk, "qi")?[..],
    })?)
}

/// The one algorithm of a JWK: what `alg` says if it fits, else what its curve leaves no choice of.
fn algorithm_of(jwk: &Map<String, Value>) -> Result<Algorithm, SigningError> {
    let kty = jwk.get("kty").and_then(Value::as_str);
    let implied = match kty {
        Some("EC" | "OKP") => {
            let crv = text(jwk, "crv")?;
            let algorithm = Algorithm::ALL
                .into_iter()
                .find(|algorithm| curve(*algorithm) == crv && !crv.is_empty());
            Some(algorithm.ok_or(SigningError::Member {
                name: "crv",
                problem: "not a supported curve: P-256, P-384, P-521 or Ed25519",
            })?)
        }
        Some("RSA" | "oct") => None,
        _ => return Err(SigningError::Type),
    };
    let Some(name) = jwk.get("alg") else {
        return implied.ok_or(SigningError::AlgorithmMissing);
    };
    let fits = |algorithm: &Algorithm| match implied {
        Some(implied) => implied == *algorithm,
        None => match algorithm.family() {
            Family::Rsa => kty == Some("RSA"),
            Family::Hmac => kty == Some("oct"),
            Family::Ec | Family::Ed => false,
        },
    };
    name.as_str()
        .and_then(Algorithm::from_name)
        .filter(fits)
        .ok_or_else(|| SigningError::AlgorithmUnfit(name.to_string()))
}

/// `crv` of an algorithm; empty where keys have no curve.
const fn curve(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "P-256",
        Algorithm::Es384 => "P-384",
        Algorithm::Es512 => "P-521",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => "",
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => "",
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => "",
    }
}

fn text<'j>(jwk: &'j Map<String, Value>, name: &'static str) -> Result<&'j str, SigningError> {
    let problem = "missing or not a string";
    jwk.get(name)
        .and_then(Value::as_str)
        .ok_or(SigningError::Member { name, problem })
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Zeroizing<Vec<u8>>, SigningError> {
    let mut buffer = Zeroizing::new(Vec::new());
    let length = base64url::decode(text(jwk, name)?.as_bytes(), &mut buffer)
        .ok_or(SigningError::Member {
            name,
            problem: "not base64url without padding",
        })?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}
