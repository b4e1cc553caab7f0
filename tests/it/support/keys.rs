//! Keys and tokens, made without any of the code under test.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key that signs, and what a key set says about it.
pub struct SigningKey {
    algorithm: &'static str,
    id: String,
    material: Material,
}

enum Material {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Secret(Box<hmac::Key>, Vec<u8>),
}

/// Every algorithm that a token may be signed with.
pub const ALGORITHMS: [&str; 14] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
    "EdDSA", "HS256", "HS384", "HS512",
];

impl SigningKey {
    pub fn generate(algorithm: &'static str, id: &str) -> Self {
        let id = id.to_owned();
        let material = Material::generate(algorithm);
        Self {
            algorithm,
            id,
            material,
        }
    }

    /// The public key (RFC 7517, 7518 6, 8037).
    ///
    /// # Panics
    ///
    /// For a secret, which has no place in a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.material {
            Material::Ec(pair) => {
                // An uncompressed point: 4, x, y.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = match self.algorithm {
                    "ES256" => "P-256",
                    "ES384" => "P-384",
                    _ => "P-521",
                };
                json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
            }
            Material::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key()) })
            }
            Material::Rsa(pair, _) => {
                let der = pair.public_key().as_ref();
                let key = pkcs1::RsaPublicKey::try_from(der).expect("aws-lc writes PKCS#1");
                let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
                json!({ "kty": "RSA", "n": base64url(n), "e": base64url(e) })
            }
            Material::Secret(..) => panic!("a secret does not belong into a key set"),
        };
        jwk["alg"] = json!(self.algorithm);
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public key as X.509 has it (RFC 5280 4.1.2.7), in DER.
    ///
    /// # Panics
    ///
    /// For a secret.
    pub fn spki(&self) -> Vec<u8> {
        let der = match &self.material {
            Material::Ec(pair) => pair.public_key().as_der(),
            Material::Ed(pair) => pair.public_key().as_der(),
            Material::Rsa(pair, _) => pair.public_key().as_der(),
            Material::Secret(..) => panic!("a secret has no public key"),
        };
        let der: PublicKeyX509Der<'_> = der.expect("a public key can be written");
        der.as_ref().to_vec()
    }

    /// The entry of `issuers.*.keys` that makes the key known: inline.
    pub fn source(&self) -> Value {
        match &self.material {
            Material::Secret(_, secret) => json!({
                "secret": { "value": base64url(secret) },
                "kid": self.id, "alg": self.algorithm, "encoding": "base64url",
            }),
            Material::Ec(_) | Material::Ed(_) | Material::Rsa(..) => {
                json!({ "jwks": { "keys": [self.jwk()] } })
            }
        }
    }

    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The header of a usual token.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.id, "typ": "JWT" })
    }

    /// A token with this header and these claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header.to_string(), claims.to_string())
    }

    /// A token with these very texts, be they JSON or not, or no texts at all.
    pub fn sign_text(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.sign_message(&format!("{}.{}", base64url(header), base64url(claims)))
    }

    /// A token that begins with this message, whatever it is.
    pub fn sign_message(&self, message: &str) -> String {
        format!(
            "{message}.{}",
            base64url(self.signature(message.as_bytes()))
        )
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.material {
            Material::Ec(pair) => pair
                .sign(&random, message)
                .expect("an EC key signs")
                .as_ref()
                .to_vec(),
            Material::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Material::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, message, &mut signature)
                    .expect("an RSA key signs");
                signature
            }
            Material::Secret(key, _) => hmac::sign(key, message).as_ref().to_vec(),
        }
    }
}

impl Material {
    fn generate(algorithm: &str) -> Self {
        let rsa = |padding| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be made");
            Self::Rsa(pair, padding)
        };
        let ec = |curve| Self::Ec(EcdsaKeyPair::generate(curve).expect("EC keys can be made"));
        let secret = |hash| {
            let mut secret = vec![0; 64];
            rand::fill(&mut secret).expect("there is randomness");
            Self::Secret(Box::new(hmac::Key::new(hash, &secret)), secret)
        };
        match algorithm {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512),
            "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            "ES512" => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            "Ed25519" | "EdDSA" => {
                Self::Ed(Ed25519KeyPair::generate().expect("Ed25519 keys can be made"))
            }
            "HS256" => secret(hmac::HMAC_SHA256),
            "HS384" => secret(hmac::HMAC_SHA384),
            "HS512" => secret(hmac::HMAC_SHA512),
            other => panic!("no algorithm is called {other}"),
        }
    }
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
