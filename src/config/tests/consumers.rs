use serde_json::json;

use super::{EVERYTHING, files, parse};
use crate::issuers::Audiences;
use crate::signature::{Algorithm, SigningKey};
use crate::token::base64url::encode;

#[test]
fn consumers_come_from_the_configuration_and_from_a_file_of_their_own() {
    let directory = files();
    let config = parse(EVERYTHING, directory.path()).expect("good");
    let consumers = &config.consumers;
    assert_eq!(consumers.key_claim(), "kid");
    assert_eq!(consumers.len(), 3);
    let anonymous = consumers.anonymous().expect("guest");
    assert_eq!(anonymous.id.as_deref(), Some("guest"));
    let alice = consumers.find("alice-es").expect("there").consumer();
    assert_eq!(&*alice.name, "alice-app");
    assert_eq!(alice.id.as_deref(), Some("7f0c1d2e"));
    assert_eq!(alice.custom_id.as_deref(), Some("crm-42"));
    assert_eq!(*alice.groups, ["gold".into()]);
    let audiences = Audiences::OneOf(Box::new(["orders-api".into()]));
    assert_eq!(alice.audiences, Some(audiences));
    for (key, name, algorithm) in [
        ("a36c", "alice-app", Algorithm::Hs256),
        ("b1", "bob", Algorithm::Hs256),
    ] {
        let credential = consumers.find(key).expect("there");
        assert_eq!(*credential.consumer().name, *name);
        assert_eq!(credential.algorithm(), algorithm);
    }
    // What the secret's base64 says, and its first three bytes are of the other alphabet.
    let signature = |secret: &[u8]| {
        let jwk = json!({
            "kty": "oct", "alg": "HS256", "k": encode(secret),
        });
        let key = SigningKey::from_jwk(&jwk).expect("secret");
        key.sign(b"message").expect("signed")
    };
    for (key, secret) in [
        ("a36c", &b"\xff\xef and thirty of them, at least "[..]),
        ("b1", b"a secret of at least thirty-two bytes"),
    ] {
        let verifying = consumers.find(key).expect("there").verifying_key();
        let verifying = verifying.expect("a good key");
        assert!(verifying.verify(b"message", &signature(secret)), "{key}");
    }
    let secret = "a secret of at least";
    assert!(!format!("{config:?}").contains(secret));
}

#[test]
fn consumers_are_enough() {
    let directory = files();
    for text in ["consumers_file: consumers.yaml", "consumers: { guest: {} }"] {
        let config = parse(text, directory.path()).expect("good");
        assert!(config.issuers.is_empty());
        assert_eq!(config.consumers.key_claim(), "iss");
    }
}
