//! Key sets and PEM texts: whatever is in them, what comes out is within the limits.

use jotgate::keys::{JwkPolicy, Key, parse_jwk_set, parse_pem};
use jotgate::limits::{KEY_ID_BYTES, KEYS_PER_ID, KEYS_PER_SET};
use jotgate::signature::{Algorithm, AlgorithmSet, Family};

pub fn run(data: &[u8]) {
    let allowed = AlgorithmSet::asymmetric();
    for policy in [JwkPolicy::remote(allowed), JwkPolicy::local(allowed)] {
        let Ok(parsed) = parse_jwk_set(data, &policy) else {
            continue;
        };
        assert!(!parsed.keys.is_empty() && parsed.keys.len() <= KEYS_PER_SET);
        // A key that nobody can read (half a surrogate, a number beyond all bounds) is left out, and
        // all around it is JSON.
        let set: Set = serde_json::from_slice(data).expect("it was read");
        assert!(set.keys.len() >= parsed.keys.len());
        for key in &parsed.keys {
            check(key);
            let twins = parsed
                .keys
                .iter()
                .filter(|other| other.is_twin(key))
                .count();
            assert!(twins <= KEYS_PER_ID);
        }
    }
    if let Ok(key) = parse_pem(data, Some("k"), None, Algorithm::Rs256) {
        check(&key);
    }
}

#[derive(serde::Deserialize)]
struct Set {
    keys: Vec<serde::de::IgnoredAny>,
}

fn check(key: &Key) {
    assert_ne!(
        key.algorithm().family(),
        Family::Hmac,
        "a secret is no public key"
    );
    assert!(key.id().is_none_or(|id| id.len() <= KEY_ID_BYTES));
    assert!(!key.thumbprint().is_empty());
    // Nobody signed anything.
    for bytes in [0, 1, 64, 96, 132, 256, 512] {
        for byte in [0, 1, 0xff] {
            assert!(!verifies(key, &vec![byte; bytes]));
        }
    }
    // What a point of small order would take for a signature: the neutral element, and 0.
    for first in [0, 1, 0xec, 0xed, 0xee] {
        let mut signature = [0; 64];
        signature[0] = first;
        assert!(!verifies(key, &signature));
    }
}

fn verifies(key: &Key, signature: &[u8]) -> bool {
    key.verifying().verify(b"message", signature)
}
