use std::sync::Arc;

use serde_json::json;

use crate::issuers::{Audiences, Issuer, IssuerPolicy};
use crate::keys::{Key, KeyStore};
use crate::reason::Reason;
use crate::signature::{Algorithm, AlgorithmSet, SigningKey};
use crate::token::base64url::encode;

use super::world::{ISSUER, NOW, World, sign, thumbprint};

#[test]
fn a_public_key_is_never_a_secret() {
    let world = World::new();
    // The classic: sign with HMAC, the text of the public key as the secret, its kid named.
    let public = world
        .key(Algorithm::Es256)
        .to_public_jwk("ES256")
        .expect("JWK")
        .expect("public");
    let secret = encode(public.to_string().as_bytes());
    let jwk = json!({ "kty": "oct", "k": secret, "alg": "HS256", "kid": "ES256" });
    let key = SigningKey::from_jwk(&jwk).expect("secret");
    let claims = json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 60 }).to_string();
    let token = sign(&key, r#"{"alg":"HS256","kid":"ES256"}"#, &claims);
    assert_eq!(world.judge(&token), Err(Reason::KeyUnsuitable));
    let token = sign(&key, r#"{"alg":"HS256","kid":"HS256"}"#, &claims);
    assert_eq!(world.judge(&token), Err(Reason::SignatureInvalid));
}

#[test]
fn an_algorithm_outside_the_issuers_list_is_refused_before_its_key_is_looked_for() {
    let world =
        World::with(|policy| policy.algorithms = AlgorithmSet::EMPTY.with(Algorithm::Es256));
    let token = world.signed_by(Algorithm::Es384, json!({ "kid": "unknown" }), json!({}));
    assert_eq!(world.judge(&token), Err(Reason::AlgNotAllowed));
}

#[test]
fn without_kid_exactly_one_key_must_fit() {
    let world = World::new();
    let token = world.token(json!({ "kid": null }), json!({}));
    assert_eq!(world.judge(&token), Ok(()));

    let strict = World::with(|policy| policy.require_kid = true);
    let token = strict.token(json!({ "kid": null }), json!({}));
    assert_eq!(strict.judge(&token), Err(Reason::KeyUnknown));

    let keys = [1, 2].map(|_| SigningKey::generate(Algorithm::Es256).expect("generated"));
    let named =
        |key: &SigningKey| Key::new(None, thumbprint(key), key.verifying_key().expect("public"));
    let policy = IssuerPolicy::new("corp", ISSUER, Audiences::Any);
    let store = Arc::new(KeyStore::fixed(keys.iter().map(named).collect()));
    let issuers = [Arc::new(Issuer {
        policy,
        keys: store,
    })]
    .into_iter()
    .collect();
    let claims = json!({ "iss": ISSUER, "exp": NOW + 60 }).to_string();
    let token = sign(&keys[0], r#"{"alg":"ES256"}"#, &claims);
    let ambiguous = World {
        issuers,
        keys: keys.into(),
    };
    assert_eq!(ambiguous.judge(&token), Err(Reason::KeyAmbiguous));
}

#[test]
fn keys_that_share_a_kid_are_all_tried() {
    let keys: Vec<_> = (0..4)
        .map(|_| SigningKey::generate(Algorithm::Es256).expect("generated"))
        .collect();
    let named = |key: &SigningKey| {
        Key::new(
            Some("same"),
            thumbprint(key),
            key.verifying_key().expect("public"),
        )
    };
    let policy = IssuerPolicy::new("corp", ISSUER, Audiences::Any);
    let store = Arc::new(KeyStore::fixed(keys.iter().map(named).collect()));
    let issuers = [Arc::new(Issuer {
        policy,
        keys: store,
    })]
    .into_iter()
    .collect();
    let world = World { issuers, keys };
    let claims = json!({ "iss": ISSUER, "exp": NOW + 60 }).to_string();
    for key in &world.keys {
        let token = sign(key, r#"{"alg":"ES256","kid":"same"}"#, &claims);
        assert_eq!(world.judge(&token), Ok(()));
    }
}

#[test]
fn only_a_key_that_could_exist_raises_the_flag() {
    let world = World::new();
    let store = &world.issuers.get(ISSUER).expect("configured").keys;
    world
        .judge(&world.token(json!({}), json!({ "exp": 1 })))
        .expect_err("expired");
    world
        .judge(&world.token(json!({ "kid": "ES384" }), json!({ "aud": "x" })))
        .expect_err("kid");
    assert!(
        store.take_miss(),
        "the kid of another algorithm may have been given to a new key"
    );
    world
        .judge(&world.token(json!({}), json!({ "aud": "x" })))
        .expect_err("audience");
    assert!(!store.take_miss());
    world
        .judge(&world.token(json!({ "kid": "new" }), json!({})))
        .expect_err("unknown");
    assert!(store.take_miss());
}

/// Whatever is wrong with a token, only a key that is not there is a reason to look for one: else
/// every forgery would be a fetch.
#[test]
fn neither_a_forged_signature_nor_a_missing_or_ambiguous_kid_raises_the_flag() {
    let world = World::with(|policy| policy.require_kid = true);
    let store = &world.issuers.get(ISSUER).expect("configured").keys;
    let stranger = SigningKey::generate(Algorithm::Es256).expect("generated");
    let claims = json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 60 }).to_string();
    for (header, reason) in [
        (r#"{"alg":"ES256","kid":"ES256"}"#, Reason::SignatureInvalid),
        (r#"{"alg":"ES256"}"#, Reason::KeyUnknown),
    ] {
        let token = sign(&stranger, header, &claims);
        assert_eq!(world.judge(&token), Err(reason), "{header}");
        assert!(!store.take_miss(), "{header}");
    }
    let keys = [1, 2].map(|_| SigningKey::generate(Algorithm::Es256).expect("generated"));
    let named =
        |key: &SigningKey| Key::new(None, thumbprint(key), key.verifying_key().expect("public"));
    let store = Arc::new(KeyStore::fixed(keys.iter().map(named).collect()));
    let issuer = Arc::new(Issuer {
        policy: IssuerPolicy::new("corp", ISSUER, Audiences::Any),
        keys: Arc::clone(&store),
    });
    let twins = World {
        issuers: [issuer].into_iter().collect(),
        keys: keys.into(),
    };
    let token = sign(&stranger, r#"{"alg":"ES256"}"#, &claims);
    assert_eq!(twins.judge(&token), Err(Reason::KeyAmbiguous));
    assert!(!store.take_miss(), "there are too many already");
}
