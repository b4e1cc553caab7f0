use std::sync::Arc;

use serde_json::json;

use crate::consumers::Consumers;
use crate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers};
use crate::keys::{Key, KeyStore};
use crate::signature::{Algorithm, Family, SigningKey};
use crate::time::UnixMillis;
use crate::token::{Scratch, TokenLimits};
use crate::verify::{Accepts, Context, Unobserved, verify};

use super::world::{ISSUER, NOW, over, sign};

#[test]
fn every_prefix_and_every_changed_byte_of_a_good_token_of_every_algorithm_is_refused() {
    for key in keys_of_every_algorithm() {
        let algorithm = key.algorithm().name();
        let mut policy = IssuerPolicy::new("corp", ISSUER, Audiences::Any);
        policy.algorithms = Algorithm::ALL.into_iter().collect();
        let public = key.verifying_key().expect("public");
        let store = KeyStore::fixed(vec![Key::new(None, algorithm.to_owned(), public)]);
        let issuer = Arc::new(Issuer {
            policy,
            keys: Arc::new(store),
        });
        let issuers: Issuers = [issuer].into_iter().collect();
        let claims = json!({ "iss": ISSUER, "exp": NOW + 60 }).to_string();
        let token = sign(&key, &json!({ "alg": algorithm }).to_string(), &claims);
        let limits = TokenLimits::default();
        let now = UnixMillis::from_seconds(NOW);
        let context = Context {
            issuers: &issuers,
            consumers: &Consumers::default(),
            accepts: Accepts::default(),
            limits: &limits,
            now,
        };
        let mut scratch = Scratch::default();
        let mut judge =
            |token: &[u8]| verify(token, &context, &mut scratch, &mut Unobserved).map(|_| ());
        assert_eq!(judge(token.as_bytes()), Ok(()), "{algorithm}");
        for end in 0..token.len() {
            assert!(
                judge(&token.as_bytes()[..end]).is_err(),
                "{algorithm} prefix {end}"
            );
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            for replacement in [changed[at] ^ 1, b'A', b'.', b'=', 0, 0xff] {
                if replacement != token.as_bytes()[at] {
                    changed[at] = replacement;
                    assert!(judge(&changed).is_err(), "{algorithm} byte {at}");
                }
            }
        }
    }
}

/// One RSA key serves all its algorithms: making large ones takes seconds.
fn keys_of_every_algorithm() -> Vec<SigningKey> {
    let generate = |algorithm| SigningKey::generate(algorithm).expect("generated");
    let rsa = generate(Algorithm::Rs256).to_private_jwk("k").expect("JWK");
    let key = |algorithm: Algorithm| {
        if algorithm.family() != Family::Rsa {
            return generate(algorithm);
        }
        let jwk = over(rsa.clone(), json!({ "alg": algorithm.name() }));
        SigningKey::from_jwk(&jwk).expect("the same key for another algorithm")
    };
    Algorithm::ALL.into_iter().map(key).collect()
}
