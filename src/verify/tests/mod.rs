mod consumers;
mod keys;
mod mutation;
mod times;
mod world;

use serde_json::{Value, json};

use crate::consumers::Consumers;
use crate::explain::Explanation;
use crate::issuers::{Audiences, TokenTypes};
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::time::UnixMillis;
use crate::token::base64url::encode;
use crate::token::{ClaimPath, Scratch, TokenLimits};
use crate::verify::{Accepts, Context, Step, Unobserved, verify};

use world::{ISSUER, NOW, World, over};

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
fn refuses_each_fault_of_the_header_for_its_own_reason() {
    let world = World::new();
    let header = |members| world.token(members, json!({}));
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
    ] {
        assert_eq!(world.judge(&token), Err(reason), "{token}");
    }
}

#[test]
fn refuses_each_fault_of_the_claims_for_its_own_reason() {
    let world = World::new();
    let claims = |members| world.token(json!({}), members);
    for (token, reason) in [
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
fn an_explanation_tells_every_step_up_to_the_failure() {
    let world = World::new();
    let token = world.token(json!({}), json!({ "aud": "elsewhere" }));
    let limits = TokenLimits::default();
    let now = UnixMillis::from_seconds(NOW);
    let context = Context {
        issuers: &world.issuers,
        consumers: &Consumers::default(),
        accepts: Accepts::default(),
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

#[test]
fn what_a_rule_accepts_narrows_issuers_and_replaces_audiences() {
    let world = World::new();
    let limits = TokenLimits::default();
    let [corp, other]: [Box<[Box<str>]>; 2] =
        [["corp"], ["other"]].map(|name| [name[0].into()].into());
    let orders = Audiences::OneOf(Box::new(["orders".into()]));
    let of = |issuers, audiences| Accepts {
        issuers,
        audiences,
        ..Accepts::default()
    };
    let unknown_key = json!({ "kid": "unknown" });
    for (accepts, header, audience, outcome) in [
        (of(Some(&*corp), None), json!({}), "api", Ok(())),
        (
            of(Some(&*other), None),
            unknown_key,
            "api",
            Err(Reason::IssuerUnknown),
        ),
        (
            of(Some(&[]), None),
            json!({}),
            "api",
            Err(Reason::IssuerUnknown),
        ),
        (of(None, Some(&orders)), json!({}), "orders", Ok(())),
        (
            of(None, Some(&orders)),
            json!({}),
            "api",
            Err(Reason::AudienceMismatch),
        ),
        (of(None, Some(&Audiences::Any)), json!({}), "other", Ok(())),
    ] {
        let token = world.token(header, json!({ "aud": audience }));
        let context = Context {
            issuers: &world.issuers,
            consumers: &Consumers::default(),
            accepts,
            limits: &limits,
            now: UnixMillis::from_seconds(NOW),
        };
        let mut scratch = Scratch::default();
        let judged = verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved);
        assert_eq!(judged.map(|_| ()), outcome, "{accepts:?} {audience}");
    }
    let store = &world.issuers.get(ISSUER).expect("configured").keys;
    assert!(
        !store.take_miss(),
        "no key of an issuer that is not accepted is missed"
    );
}
