use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Context, Step, Unobserved, verify};
use crate::explain::Explanation;
use crate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers, TokenTypes};
use crate::keys::{Key, KeyStore};
use crate::reason::Reason;
use crate::signature::{Algorithm, AlgorithmSet, SigningKey};
use crate::time::UnixMillis;
use crate::token::base64url::encode;
use crate::token::{ClaimPath, Scratch, TokenLimits};

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://idp.example.com/";

/// Two issuers, a key for each algorithm, and a clock that stands still.
struct World {
    issuers: Issuers,
    keys: Vec<SigningKey>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut IssuerPolicy)) -> Self {
        let generate = |algorithm| SigningKey::generate(algorithm).expect("generated");
        let keys: Vec<_> = [
            Algorithm::Es256,
            Algorithm::Ed25519,
            Algorithm::Hs256,
            Algorithm::Es384,
        ]
        .map(generate)
        .into();
        let mut policy =
            IssuerPolicy::new("corp", ISSUER, Audiences::OneOf(Box::new(["api".into()])));
        policy.algorithms = Algorithm::ALL.into_iter().collect();
        change(&mut policy);
        let named = |key: &SigningKey| {
            let id = key.algorithm().name();
            Key::new(
                Some(id),
                id.to_owned(),
                key.verifying_key().expect("public"),
            )
        };
        let store = Arc::new(KeyStore::fixed(keys.iter().map(named).collect()));
        let other = IssuerPolicy::new("other", "https://other/", Audiences::Any);
        let issuers = [
            Arc::new(Issuer {
                policy,
                keys: store,
            }),
            Arc::new(Issuer {
                policy: other,
                keys: Arc::new(KeyStore::loading()),
            }),
        ];
        Self {
            issuers: issuers.into_iter().collect(),
            keys,
        }
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        self.keys
            .iter()
            .find(|key| key.algorithm() == algorithm)
            .expect("one of the four")
    }

    fn judge(&self, token: &str) -> Result<(), Reason> {
        self.judge_at(token, UnixMillis::from_seconds(NOW))
    }

    fn judge_at(&self, token: &str, now: UnixMillis) -> Result<(), Reason> {
        let limits = TokenLimits::default();
        let context = Context {
            issuers: &self.issuers,
            limits: &limits,
            now,
        };
        let mut scratch = Scratch::default();
        verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved).map(|_| ())
    }

    /// A token with these members over the usual ones; `null` takes a member away.
    fn token(&self, header: Value, claims: Value) -> String {
        self.signed_by(Algorithm::Es256, header, claims)
    }

    fn signed_by(&self, algorithm: Algorithm, header: Value, claims: Value) -> String {
        let usual_header =
            json!({ "alg": algorithm.name(), "kid": algorithm.name(), "typ": "JWT" });
        let usual_claims = json!({
            "iss": ISSUER, "aud": "api", "sub": "alice", "iat": NOW - 60, "exp": NOW + 60,
        });
        let header = over(usual_header, header).to_string();
        let claims = over(usual_claims, claims).to_string();
        sign(self.key(algorithm), &header, &claims)
    }
}

fn over(mut usual: Value, changes: Value) -> Value {
    let (Value::Object(members), Value::Object(changes)) = (&mut usual, changes) else {
        panic!("objects");
    };
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    usual
}

fn thumbprint(key: &SigningKey) -> String {
    key.thumbprint().expect("public key").expect("not a secret")
}

fn sign(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.as_bytes())
    );
    let signature = key.sign(input.as_bytes()).expect("signed");
    format!("{input}.{}", encode(&signature))
}

#[test]
fn accepts_a_good_token_of_each_key() {
    let world = World::new();
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Ed25519,
        Algorithm::Hs256,
        Algorithm::Es384,
    ] {
        let token = world.signed_by(algorithm, json!({}), json!({}));
        assert_eq!(world.judge(&token), Ok(()), "{}", algorithm.name());
    }
    let token = world.signed_by(Algorithm::Ed25519, json!({ "alg": "EdDSA" }), json!({}));
    assert_eq!(world.judge(&token), Ok(()));
}

#[test]
fn refuses_each_fault_for_its_own_reason() {
    let world = World::new();
    let header = |members| world.token(members, json!({}));
    let claims = |members| world.token(json!({}), members);
    for (token, reason) in [
        (header(json!({ "alg": null })), Reason::AlgNotAllowed),
        (header(json!({ "alg": "none" })), Reason::AlgNotAllowed),
        (header(json!({ "alg": "nOnE" })), Reason::AlgNotAllowed),
        (header(json!({ "alg": "es256" })), Reason::AlgNotAllowed),
        (header(json!({ "alg": "RS1" })), Reason::AlgNotAllowed),
        (header(json!({ "alg": 1 })), Reason::TokenMalformed),
        (header(json!({ "crit": ["exp"] })), Reason::CritUnsupported),
        (header(json!({ "crit": [] })), Reason::CritUnsupported),
        (header(json!({ "b64": true })), Reason::CritUnsupported),
        (header(json!({ "cty": "JWT" })), Reason::TypeNotAllowed),
        (
            header(json!({ "cty": "application/jwt" })),
            Reason::TypeNotAllowed,
        ),
        (
            header(json!({ "typ": "logout+jwt" })),
            Reason::TypeNotAllowed,
        ),
        (header(json!({ "kid": "unknown" })), Reason::KeyUnknown),
        (header(json!({ "kid": "ES384" })), Reason::KeyUnsuitable),
        (
            header(json!({ "kid": "Ed25519", "alg": "ES384" })),
            Reason::KeyUnsuitable,
        ),
        (claims(json!({ "iss": null })), Reason::IssuerMissing),
        (
            claims(json!({ "iss": "https://idp.example.com" })),
            Reason::IssuerUnknown,
        ),
        (
            claims(json!({ "iss": "https://IDP.example.com/" })),
            Reason::IssuerUnknown,
        ),
        (claims(json!({ "iss": [ISSUER] })), Reason::ClaimInvalid),
        (
            claims(json!({ "iss": "https://other/" })),
            Reason::KeysUnavailable,
        ),
        (claims(json!({ "exp": null })), Reason::ClaimMissing),
        (claims(json!({ "exp": "1700000060" })), Reason::ClaimInvalid),
        (claims(json!({ "exp": 1e300 })), Reason::ClaimInvalid),
        (claims(json!({ "nbf": [] })), Reason::ClaimInvalid),
        (claims(json!({ "iat": "now" })), Reason::ClaimInvalid),
        (claims(json!({ "exp": NOW - 10 })), Reason::TokenExpired),
        (claims(json!({ "nbf": NOW + 11 })), Reason::TokenNotYetValid),
        (claims(json!({ "iat": NOW + 11 })), Reason::TokenNotYetValid),
        (claims(json!({ "aud": null })), Reason::AudienceMismatch),
        (claims(json!({ "aud": "api2" })), Reason::AudienceMismatch),
        (claims(json!({ "aud": [] })), Reason::AudienceMismatch),
        (
            claims(json!({ "aud": ["x", "API"] })),
            Reason::AudienceMismatch,
        ),
        (claims(json!({ "aud": ["api", 1] })), Reason::ClaimInvalid),
        (
            claims(json!({ "aud": { "api": true } })),
            Reason::ClaimInvalid,
        ),
        (claims(json!({ "sub": 7 })), Reason::ClaimInvalid),
        (claims(json!({ "jti": ["x"] })), Reason::ClaimInvalid),
        (
            claims(json!({ "cnf": { "jkt": "x" } })),
            Reason::BindingUnsupported,
        ),
    ] {
        assert_eq!(world.judge(&token), Err(reason), "{token}");
    }
}

#[test]
fn the_first_failure_in_the_order_of_judgement_is_the_reason() {
    let world = World::new();
    // Each fault beside every later one: the earlier must win.
    let faults: [(Value, Value, Reason); 9] = [
        (json!({ "alg": "none" }), json!({}), Reason::AlgNotAllowed),
        (json!({ "crit": ["x"] }), json!({}), Reason::CritUnsupported),
        (json!({ "cty": "JWT" }), json!({}), Reason::TypeNotAllowed),
        (
            json!({}),
            json!({ "iss": "https://unknown/" }),
            Reason::IssuerUnknown,
        ),
        (json!({ "typ": "x" }), json!({}), Reason::TypeNotAllowed),
        (json!({ "kid": "unknown" }), json!({}), Reason::KeyUnknown),
        (json!({}), json!({ "exp": 1 }), Reason::TokenExpired),
        (
            json!({}),
            json!({ "aud": "other" }),
            Reason::AudienceMismatch,
        ),
        (json!({}), json!({ "sub": 1 }), Reason::ClaimInvalid),
    ];
    for (index, (header, claims, reason)) in faults.iter().enumerate() {
        for (later_header, later_claims, _) in &faults[index + 1..] {
            let header = over(later_header.clone(), header.clone());
            let claims = over(later_claims.clone(), claims.clone());
            let token = world.token(header.clone(), claims.clone());
            assert_eq!(world.judge(&token), Err(*reason), "{header} {claims}");
        }
    }
}

#[test]
fn a_wrong_signature_hides_what_the_claims_say() {
    let world = World::new();
    for claims in [
        json!({ "exp": 1 }),
        json!({ "aud": "x" }),
        json!({ "sub": 1 }),
        json!({}),
    ] {
        let token = world.token(json!({}), claims);
        let (input, _) = token.rsplit_once('.').expect("dots");
        for signature in [
            "",
            "AAAA",
            &encode(&[0; 64]),
            &encode(&[0xff; 64]),
            &encode(&[1; 63]),
        ] {
            let forged = format!("{input}.{signature}");
            assert_eq!(
                world.judge(&forged),
                Err(Reason::SignatureInvalid),
                "{forged}"
            );
        }
    }
}

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

#[test]
fn times_are_judged_to_the_millisecond_with_leeway() {
    let world = World::new();
    let leeway = 10_000;
    for (claims, good, bad, reason) in [
        (
            json!({ "exp": NOW }),
            NOW * 1000 + leeway - 1,
            NOW * 1000 + leeway,
            Reason::TokenExpired,
        ),
        (
            json!({ "exp": NOW as f64 + 0.5 }),
            NOW * 1000 + 500 + leeway - 1,
            NOW * 1000 + 500 + leeway,
            Reason::TokenExpired,
        ),
        (
            json!({ "nbf": NOW, "exp": NOW + 99 }),
            NOW * 1000 - leeway,
            NOW * 1000 - leeway - 1,
            Reason::TokenNotYetValid,
        ),
        (
            json!({ "iat": NOW, "exp": NOW + 99 }),
            NOW * 1000 - leeway,
            NOW * 1000 - leeway - 1,
            Reason::TokenNotYetValid,
        ),
    ] {
        let token = world.token(json!({}), over(json!({ "iat": NOW - 60 }), claims.clone()));
        assert_eq!(
            world.judge_at(&token, UnixMillis(good)),
            Ok(()),
            "{claims} at {good}"
        );
        assert_eq!(
            world.judge_at(&token, UnixMillis(bad)),
            Err(reason),
            "{claims} at {bad}"
        );
    }
}

#[test]
fn age_and_lifetime_are_bounded_where_the_issuer_says_so() {
    let world = World::with(|policy| {
        policy.max_age = Some(Duration::from_secs(100));
        policy.max_lifetime = Some(Duration::from_secs(200));
        policy.leeway = Duration::ZERO;
    });
    for (claims, outcome) in [
        (json!({ "iat": NOW - 100, "exp": NOW + 100 }), Ok(())),
        (
            json!({ "iat": NOW - 101, "exp": NOW + 1 }),
            Err(Reason::TokenTooOld),
        ),
        (
            json!({ "iat": NOW - 100, "exp": NOW + 101 }),
            Err(Reason::LifetimeTooLong),
        ),
        (json!({ "iat": null }), Err(Reason::ClaimMissing)),
        (json!({ "exp": NOW }), Err(Reason::TokenExpired)),
        (
            json!({ "iat": -9_007_199_254_740_992_i64 }),
            Err(Reason::TokenTooOld),
        ),
    ] {
        let token = world.token(json!({}), claims.clone());
        assert_eq!(world.judge(&token), outcome, "{claims}");
    }
}

#[test]
fn required_claims_must_be_there_and_not_null() {
    let world = World::with(|policy| {
        policy.required_claims = Box::new([
            ClaimPath::dotted("a.b").expect("path"),
            ClaimPath::dotted("sub").expect("path"),
        ]);
    });
    for (claims, outcome) in [
        (json!({ "a": { "b": 0 } }), Ok(())),
        (json!({ "a": { "c": 0 } }), Err(Reason::ClaimMissing)),
        (json!({ "a": { "b": null } }), Err(Reason::ClaimMissing)),
        (json!({ "a": 1 }), Err(Reason::ClaimMissing)),
        (
            json!({ "a": { "b": 0 }, "sub": null }),
            Err(Reason::ClaimMissing),
        ),
    ] {
        let token = world.token(json!({}), claims.clone());
        assert_eq!(world.judge(&token), outcome, "{claims}");
    }
}

#[test]
fn any_audience_still_has_to_be_an_audience() {
    let world = World::with(|policy| {
        policy.audiences = Audiences::Any;
        policy.types = TokenTypes::new(["absent"]);
    });
    let judge = |claims| world.judge(&world.token(json!({ "typ": null }), claims));
    assert_eq!(judge(json!({ "aud": null })), Ok(()));
    assert_eq!(judge(json!({ "aud": [] })), Ok(()));
    assert_eq!(judge(json!({ "aud": 1 })), Err(Reason::ClaimInvalid));
    assert_eq!(judge(json!({ "aud": [null] })), Err(Reason::ClaimInvalid));
    assert_eq!(
        world.judge(&world.token(json!({}), json!({}))),
        Err(Reason::TypeNotAllowed)
    );
}

#[test]
fn every_prefix_and_every_changed_byte_of_a_good_token_is_refused() {
    let world = World::new();
    for algorithm in [Algorithm::Ed25519, Algorithm::Hs256, Algorithm::Es256] {
        let token = world.signed_by(algorithm, json!({}), json!({}));
        for end in 0..token.len() {
            assert!(
                world.judge(&token[..end]).is_err(),
                "{} prefix {end}",
                algorithm.name()
            );
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            for replacement in [changed[at] ^ 1, b'A', b'.', b'=', 0, 0xff] {
                if replacement == token.as_bytes()[at] {
                    continue;
                }
                changed[at] = replacement;
                let limits = TokenLimits::default();
                let now = UnixMillis::from_seconds(NOW);
                let context = Context {
                    issuers: &world.issuers,
                    limits: &limits,
                    now,
                };
                let mut scratch = Scratch::default();
                let outcome = verify(&changed, &context, &mut scratch, &mut Unobserved);
                assert!(outcome.is_err(), "{} byte {at}", algorithm.name());
            }
        }
    }
}

#[test]
fn an_explanation_tells_every_step_up_to_the_failure() {
    let world = World::new();
    let token = world.token(json!({}), json!({ "aud": "elsewhere" }));
    let limits = TokenLimits::default();
    let now = UnixMillis::from_seconds(NOW);
    let context = Context {
        issuers: &world.issuers,
        limits: &limits,
        now,
    };
    let mut explanation = Explanation::default();
    let mut scratch = Scratch::default();
    let outcome = verify(token.as_bytes(), &context, &mut scratch, &mut explanation);
    assert_eq!(outcome.map(|_| ()), Err(Reason::AudienceMismatch));
    let steps: Vec<_> = explanation
        .steps
        .iter()
        .map(|evidence| evidence.step)
        .collect();
    assert_eq!(
        steps,
        [
            Step::Shape,
            Step::Header,
            Step::Issuer,
            Step::Algorithm,
            Step::Type,
            Step::Key,
            Step::Signature,
            Step::Time,
            Step::Audience,
        ]
    );
    let last = explanation.steps.last().expect("nine steps");
    assert_eq!(last.outcome, Err(Reason::AudienceMismatch));
    assert_eq!(last.detail, r#"expected aud [api]; found "elsewhere""#);
    for evidence in &explanation.steps {
        assert!(!evidence.detail.contains(&token), "{evidence:?}");
    }
}
