//! jwt-simple as a service would use it: key parsed once, issuer, audience and times checked, claims
//! into a struct.

use std::collections::HashSet;

use jwt_simple::Error;
use jwt_simple::prelude::*;
use serde_json::Value;

/// A key and what is asked of tokens.
pub struct JwtSimple {
    decode: Decode,
    options: VerificationOptions,
}

/// What is asked of tokens.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// `iss`
    pub issuer: &'e str,
    /// `aud`
    pub audience: &'e str,
    /// What time it is, in seconds.
    pub now: u64,
}

type Decode = Box<dyn Fn(&str, VerificationOptions) -> Result<JWTClaims<Claims>, Error>>;

/// What the library does not know itself.
#[derive(Serialize, Deserialize)]
pub struct Claims {
    scope: String,
    realm_access: Value,
}

impl JwtSimple {
    /// With the key in `jwk`; `None` if the library has no such algorithm.
    #[must_use]
    pub fn new(algorithm: &str, jwk: &Value, expected: Expected<'_>) -> Option<Self> {
        let options = VerificationOptions {
            allowed_issuers: Some(HashSet::from([expected.issuer.to_owned()])),
            allowed_audiences: Some(HashSet::from([expected.audience.to_owned()])),
            artificial_time: Some(Duration::from_secs(expected.now)),
            ..VerificationOptions::default()
        };
        let decode = decoder(algorithm, jwk)?;
        Some(Self { decode, options })
    }

    /// Verifies a token.
    ///
    /// # Panics
    /// If it is not good.
    pub fn decode(&self, token: &str) -> JWTClaims<Claims> {
        // The library takes them by value.
        (self.decode)(token, self.options.clone()).expect("good")
    }
}

fn decoder(algorithm: &str, jwk: &Value) -> Option<Decode> {
    macro_rules! verifying_by {
        ($key:expr) => {{
            let key = $key;
            Box::new(move |token, options| key.verify_token(token, Some(options)))
        }};
    }
    let text = jwk.to_string();
    let secret = || {
        let encoded = jwk["k"].as_str().expect("a secret");
        Base64UrlSafeNoPadding::decode_to_vec(encoded, None).expect("base64url")
    };
    Some(match algorithm {
        "HS256" => verifying_by!(HS256Key::from_bytes(&secret())),
        "HS384" => verifying_by!(HS384Key::from_bytes(&secret())),
        "HS512" => verifying_by!(HS512Key::from_bytes(&secret())),
        "RS256" => verifying_by!(RS256PublicKey::from_jwk(&text).expect("a key")),
        "RS384" => verifying_by!(RS384PublicKey::from_jwk(&text).expect("a key")),
        "RS512" => verifying_by!(RS512PublicKey::from_jwk(&text).expect("a key")),
        "PS256" => verifying_by!(PS256PublicKey::from_jwk(&text).expect("a key")),
        "PS384" => verifying_by!(PS384PublicKey::from_jwk(&text).expect("a key")),
        "PS512" => verifying_by!(PS512PublicKey::from_jwk(&text).expect("a key")),
        "ES256" => verifying_by!(ES256PublicKey::from_jwk(&text).expect("a key")),
        "ES384" => verifying_by!(ES384PublicKey::from_jwk(&text).expect("a key")),
        "Ed25519" => verifying_by!(Ed25519PublicKey::from_jwk(&text).expect("a key")),
        _ => return None,
    })
}
