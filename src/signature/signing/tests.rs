use serde_json::{Value, json};

use super::{SigningError, SigningKey};
use crate::signature::{Algorithm, Family, KeyDefect, VerifyingKey, sign_token};
use crate::token::base64url;

#[test]
fn every_algorithm_signs_what_its_verifying_key_accepts_and_nothing_else() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let verifying = key.verifying_key().expect("a sound key");
        let mut signature = key.sign(b"message").expect("a signature");
        assert!(verifying.verify(b"message", &signature), "{algorithm:?}");
        assert!(!verifying.verify(b"messagf", &signature), "{algorithm:?}");
        signature[5] ^= 1;
        assert!(!verifying.verify(b"message", &signature), "{algorithm:?}");
    }
}

#[test]
fn a_key_comes_back_from_its_private_jwk() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let jwk = key.to_private_jwk("k1").expect("a JWK");
        assert_eq!(jwk["kid"], "k1");
        let again = SigningKey::from_jwk_json(jwk.to_string().as_bytes()).expect("readable");
        assert_eq!(again.algorithm(), algorithm);
        assert_eq!(again.to_private_jwk("k1").expect("a JWK"), jwk);
        let signature = again.sign(b"message").expect("a signature");
        let verifying = key.verifying_key().expect("a sound key");
        assert!(verifying.verify(b"message", &signature), "{algorithm:?}");
    }
}

#[test]
fn a_public_jwk_has_nothing_private() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let Some(jwk) = key.to_public_jwk("k1").expect("a JWK") else {
            assert_eq!(algorithm.family(), Family::Hmac);
            continue;
        };
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(name).is_none(), "{algorithm:?} {name}");
        }
        let expected = [("alg", algorithm.name()), ("kid", "k1"), ("use", "sig")];
        for (name, value) in expected {
            assert_eq!(jwk[name], value);
        }
    }
}

#[test]
fn the_published_examples_verify_and_come_out_the_same_where_signing_is_deterministic() {
    for vector in vectors() {
        let name = vector["name"].as_str().expect("a name");
        let token = vector["token"].as_str().expect("a token");
        let (input, signature) = token.rsplit_once('.').expect("three parts");
        let mut buffer = Vec::new();
        let signature = base64url::decode(signature.as_bytes(), &mut buffer).expect("base64url");
        let key = SigningKey::from_jwk(&vector["jwk"]).expect(name);
        let verifying = key.verifying_key().expect(name);
        assert!(verifying.verify(input.as_bytes(), signature), "{name}");
        if vector["deterministic"] == json!(true) {
            let ours = key.sign(input.as_bytes()).expect(name);
            assert_eq!(ours, signature, "{name}");
        }
    }
}

/// RFC 8037 A.3.
#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let ed25519 = key_of("RFC 8037 A.4");
    let thumbprint = ed25519.thumbprint().expect("a thumbprint");
    assert_eq!(
        thumbprint.as_deref(),
        Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    );
    let secret = key_of("RFC 7515 A.1");
    assert_eq!(secret.thumbprint(), Ok(None));
}

#[test]
fn refuses_jwks_that_are_no_sound_signing_keys() {
    let vectors = vectors();
    let jwk = |name: &str| {
        let found = vectors.iter().find(|vector| vector["name"] == name);
        found.expect("a vector")["jwk"].clone()
    };
    let changed = |name: &str, member: &str, value: Value| {
        let mut jwk = jwk(name);
        jwk[member] = value;
        jwk
    };
    let without = |name: &str, member: &str| {
        let mut jwk = jwk(name);
        jwk.as_object_mut().expect("an object").remove(member);
        jwk
    };
    let unfit = |name: &str| SigningError::AlgorithmUnfit(format!("{name:?}"));
    let missing = |name| SigningError::Member {
        name,
        problem: "missing or not a string",
    };
    let other_d = jwk("RFC 7520 4.3")["d"].clone();
    let cases = [
        (json!([]), SigningError::NotJson),
        (json!({}), SigningError::Type),
        (
            without("RFC 7515 A.1", "alg"),
            SigningError::AlgorithmMissing,
        ),
        (
            without("RFC 7515 A.2", "alg"),
            SigningError::AlgorithmMissing,
        ),
        (without("RFC 7515 A.2", "qi"), missing("qi")),
        (without("RFC 7515 A.3", "d"), missing("d")),
        (without("RFC 7515 A.3", "crv"), missing("crv")),
        (
            changed("RFC 7515 A.1", "alg", json!("RS256")),
            unfit("RS256"),
        ),
        (
            changed("RFC 7515 A.2", "alg", json!("HS256")),
            unfit("HS256"),
        ),
        (
            changed("RFC 7515 A.3", "alg", json!("ES384")),
            unfit("ES384"),
        ),
        (changed("RFC 7515 A.3", "alg", json!("none")), unfit("none")),
        (
            changed("RFC 7515 A.1", "k", json!("c2hvcnQ")),
            SigningError::Unfit(KeyDefect::Weak),
        ),
        (
            changed("RFC 7515 A.4", "d", other_d),
            SigningError::Rejected,
        ),
        (
            changed("RFC 7515 A.2", "d", jwk("RFC 7520 4.1")["d"].clone()),
            SigningError::Rejected,
        ),
        (
            changed("RFC 8037 A.4", "x", jwk("RFC 7515 A.3")["x"].clone()),
            SigningError::Rejected,
        ),
    ];
    for (jwk, error) in cases {
        assert_eq!(SigningKey::from_jwk(&jwk).err(), Some(error), "{jwk}");
    }
    assert_eq!(
        SigningKey::from_jwk_json(b"{").err(),
        Some(SigningError::NotJson)
    );
}

#[test]
fn reads_private_keys_in_pem_and_refuses_other_algorithms() {
    let key = SigningKey::from_pkcs8_pem(P256_PEM, Algorithm::Es256).expect("a key");
    let signature = key.sign(b"message").expect("a signature");
    let verifying = key.verifying_key().expect("a sound key");
    assert!(verifying.verify(b"message", &signature));
    for (text, algorithm, error) in [
        (P256_PEM, Algorithm::Es384, SigningError::Rejected),
        (P256_PEM, Algorithm::Rs256, SigningError::Rejected),
        (
            P256_PEM,
            Algorithm::Hs256,
            SigningError::AlgorithmUnfit("HS256".to_owned()),
        ),
        ("no key", Algorithm::Es256, SigningError::NotPem),
    ] {
        let result = SigningKey::from_pkcs8_pem(text, algorithm);
        assert_eq!(result.err(), Some(error), "{algorithm:?}");
    }
}

#[test]
fn a_signed_token_names_the_algorithm_of_its_key() {
    let key = key_of("RFC 8037 A.4");
    let mut header = serde_json::Map::new();
    header.insert("typ".to_owned(), "JWT".into());
    let token = sign_token(&header, &json!({"sub": "u1"}), &key).expect("signed");
    let (input, signature) = token.rsplit_once('.').expect("three parts");
    assert_eq!(
        input,
        "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1MSJ9"
    );
    let mut buffer = Vec::new();
    let signature = base64url::decode(signature.as_bytes(), &mut buffer).expect("base64url");
    let verifying: VerifyingKey = key.verifying_key().expect("a sound key");
    assert!(verifying.verify(input.as_bytes(), signature));
}

#[test]
fn debug_and_errors_never_show_the_key() {
    let key = key_of("RFC 7515 A.1");
    assert_eq!(format!("{key:?}"), "SigningKey(HS256)");
}

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    file["vectors"].as_array().expect("a list").clone()
}

fn key_of(name: &str) -> SigningKey {
    let vectors = vectors();
    let found = vectors.iter().find(|vector| vector["name"] == name);
    SigningKey::from_jwk(&found.expect("a vector")["jwk"]).expect("a key")
}

const VECTORS: &str = include_str!("../../../tests/vectors/jose.json");

/// The key of RFC 7515 A.3 as PKCS#8.
const P256_PEM: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff
H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp
7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt
-----END PRIVATE KEY-----
";
