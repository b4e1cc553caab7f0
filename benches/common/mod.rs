//! Tokens and keys for the benchmarks: about 1 kB, 15 claims, a key of each algorithm.

use std::sync::Arc;

use jotgate::consumers::Consumers;
use jotgate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers};
use jotgate::keys::{Key, KeyStore};
use jotgate::signature::{Algorithm, SigningKey, VerifyingKey, sign_token};
use jotgate::time::UnixMillis;
use jotgate::token::{TokenLimits, base64url};
use jotgate::verify::{Accepts, Context};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use serde_json::json;

/// When the tokens are judged.
pub(crate) const NOW: UnixMillis = UnixMillis::from_seconds(1_900_000_000);

/// Who signs them.
pub(crate) const ISSUER: &str = "https://idp.example.com/";
/// Whom they are for.
pub(crate) const AUDIENCE: &str = "orders-api";

/// One issuer with one key, and a good token.
pub(crate) struct World {
    pub(crate) issuers: Issuers,
    pub(crate) consumers: Consumers,
    pub(crate) limits: TokenLimits,
    pub(crate) token: String,
    key: SigningKey,
    verifying: VerifyingKey,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

impl World {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).expect("generated");
        let verifying = key.verifying_key().expect("public");
        let audiences = Audiences::OneOf(Box::new([AUDIENCE.into()]));
        let mut policy = IssuerPolicy::new("corp", ISSUER, audiences);
        policy.algorithms = Algorithm::ALL.into_iter().collect();
        let store = KeyStore::fixed(vec![Key::new(
            Some("k1"),
            "k1".to_owned(),
            verifying.clone(),
        )]);
        let issuer = Arc::new(Issuer {
            policy,
            keys: Arc::new(store),
        });
        let token = sign(&key, claims(json!({})));
        let (input, signature) = token.rsplit_once('.').expect("three parts");
        Self {
            issuers: [issuer].into_iter().collect(),
            consumers: Consumers::default(),
            limits: TokenLimits::default(),
            signing_input: input.as_bytes().to_vec(),
            signature: base64url::decode(signature.as_bytes(), &mut Vec::new())
                .expect("base64url")
                .to_vec(),
            token,
            key,
            verifying,
        }
    }

    /// The key that verifies its tokens: the public one or, with HMAC, the secret.
    pub(crate) fn jwk(&self) -> serde_json::Value {
        let public = self.key.to_public_jwk("k1").expect("JWK");
        public.unwrap_or_else(|| self.key.to_private_jwk("k1").expect("JWK"))
    }

    /// What its tokens are judged by.
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            issuers: &self.issuers,
            consumers: &self.consumers,
            accepts: Accepts::default(),
            limits: &self.limits,
            now: NOW,
        }
    }

    /// A good token with these claims in the place of the usual ones.
    pub(crate) fn token_with(&self, changes: serde_json::Value) -> String {
        sign(&self.key, claims(changes))
    }

    /// The floor: the library's own verification, key parsed, signature decoded.
    pub(crate) fn bare_signature(&self) {
        assert!(self.verifying.verify(&self.signing_input, &self.signature));
    }
}

/// jsonwebtoken on the same token: key parsed once, claims into a struct.
pub(crate) struct Reference {
    key: DecodingKey,
    validation: Validation,
}

impl Reference {
    pub(crate) fn new(world: &World) -> Option<Self> {
        let mut jwk = world.jwk();
        if world.key.algorithm() == Algorithm::Ed25519 {
            // The name it knows.
            jwk["alg"] = "EdDSA".into();
        }
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let algorithm = jwk.common.key_algorithm?.to_string().parse().ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        let reference = Self { key, validation };
        jsonwebtoken::decode::<Claims>(&world.token, &reference.key, &reference.validation)
            .is_ok()
            .then_some(reference)
    }

    pub(crate) fn decode(&self, token: &str) {
        jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).expect("good");
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, as a service would, and not looked at")]
struct Claims {
    iss: String,
    sub: String,
    exp: u64,
    scope: String,
    realm_access: serde_json::Value,
}

/// Tokens that are refused, each for another reason.
pub(crate) fn refused(world: &World) -> Vec<(&'static str, String)> {
    let (input, _) = world.token.rsplit_once('.').expect("three parts");
    vec![
        ("malformed", world.token.replace('.', "!")),
        (
            "issuer_unknown",
            world.token_with(json!({ "iss": "https://unknown/" })),
        ),
        (
            "signature_invalid",
            format!("{input}.{}", base64url::encode(&[1; 64])),
        ),
        ("token_expired", world.token_with(json!({ "exp": 1 }))),
        (
            "audience_mismatch",
            world.token_with(json!({ "aud": "elsewhere" })),
        ),
    ]
}

fn sign(key: &SigningKey, claims: serde_json::Value) -> String {
    // The name of Ed25519 that every library knows.
    let is_ed25519 = key.algorithm() == Algorithm::Ed25519;
    let name = if is_ed25519 {
        "EdDSA"
    } else {
        key.algorithm().name()
    };
    let header = json!({ "alg": name, "typ": "JWT", "kid": "k1" });
    sign_token(header.as_object().expect("object"), &claims, key).expect("signed")
}

fn claims(changes: serde_json::Value) -> serde_json::Value {
    let mut claims = json!({
        "iss": ISSUER,
        "sub": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "aud": [AUDIENCE, "billing-api"],
        "exp": NOW.seconds() + 3600,
        "nbf": NOW.seconds() - 60,
        "iat": NOW.seconds() - 60,
        "jti": "0f5a2c3e-9f0c-4b7e-8f5d-2b1f6c9f1a11",
        "azp": "web-frontend",
        "scope": "openid profile email orders:read orders:write",
        "email": "alice@example.com",
        "email_verified": true,
        "name": "Alice Example",
        "preferred_username": "alice",
        "realm_access": { "roles": ["user", "admin", "offline_access"] },
        "tenant": "acme",
    });
    let members = claims.as_object_mut().expect("object");
    members.extend(changes.as_object().expect("object").clone());
    claims
}
