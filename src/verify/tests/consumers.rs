//! Tokens of consumers, as Kong's documentation makes them, and those that attack.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::consumers::{Consumer, Consumers, ConsumersBuilder, Material};
use crate::explain::Explanation;
use crate::issuers::{Audiences, Issuers};
use crate::keys::PublicKey;
use crate::reason::Reason;
use crate::signature::{Algorithm, SigningKey};
use crate::time::UnixMillis;
use crate::token::base64url::{decode, encode};
use crate::token::{Scratch, TokenLimits};
use crate::verify::{Accepts, Context, SignedBy, Step, verify};

use super::world::{ISSUER, NOW, World, over, sign};

/// A consumer for each of four algorithms, whose keys have the algorithm's name.
struct Kong {
    issuers: Issuers,
    consumers: Consumers,
    keys: Vec<SigningKey>,
}

impl Kong {
    fn new(key_claim: &str) -> Self {
        let world = World::new();
        let mut keys = world.keys;
        keys.push(SigningKey::generate(Algorithm::Rs256).expect("generated"));
        let mut builder = ConsumersBuilder::new(key_claim);
        for key in &keys {
            let name = key.algorithm().name();
            let consumer = Consumer {
                audiences: (name == "ES384").then(|| Audiences::OneOf(Box::new(["api".into()]))),
                ..Consumer::named(&name.to_lowercase())
            };
            let added = builder.add(&consumer).expect("new");
            builder
                .add_credential(added, name, key.algorithm(), &material(key))
                .expect("a good key");
        }
        Self {
            issuers: world.issuers,
            consumers: builder.finish(None),
            keys,
        }
    }

    /// A token of a consumer, with these members over the usual ones; `null` takes one away.
    fn token(&self, algorithm: Algorithm, header: Value, claims: Value) -> String {
        let key = self.keys.iter().find(|key| key.algorithm() == algorithm);
        let header = over(json!({ "alg": algorithm.name() }), header);
        let claims = over(json!({ "iss": algorithm.name(), "exp": NOW + 60 }), claims);
        sign(
            key.expect("one of the five"),
            &header.to_string(),
            &claims.to_string(),
        )
    }

    /// The name of whoever signed it, or why it is refused; and what was explained.
    fn judge(&self, token: &str, accepts: Accepts<'_>) -> (Result<String, Reason>, Explanation) {
        let limits = TokenLimits::default();
        let context = Context {
            issuers: &self.issuers,
            consumers: &self.consumers,
            accepts,
            limits: &limits,
            now: UnixMillis::from_seconds(NOW),
        };
        let mut explanation = Explanation::default();
        let mut scratch = Scratch::default();
        let verified = verify(token.as_bytes(), &context, &mut scratch, &mut explanation);
        let name = verified.map(|verified| match verified.signer().to_owned() {
            SignedBy::Issuer(issuer) => format!("issuer {}", issuer.policy.name),
            SignedBy::Consumer(consumer) => {
                let key = verified.key_id().expect("tokens name it");
                format!("consumer {} by {key}", consumer.name)
            }
        });
        (name, explanation)
    }

    fn verdict(&self, token: &str) -> Result<String, Reason> {
        self.judge(token, Accepts::default()).0
    }
}

#[test]
fn a_consumers_token_is_its_own_whatever_the_algorithm() {
    let kong = Kong::new("iss");
    for key in &kong.keys {
        let name = key.algorithm().name();
        let audience = json!({ "aud": "api" });
        let token = kong.token(key.algorithm(), json!({}), audience);
        let expected = format!("consumer {} by {name}", name.to_lowercase());
        assert_eq!(kong.verdict(&token), Ok(expected));
    }
}

#[test]
fn the_credential_is_named_in_the_payload_or_else_in_the_header() {
    let [by_issuer, by_kid] = ["iss", "kid"].map(Kong::new);
    let found = || Ok("consumer hs256 by HS256".to_owned());
    let unknown = || Err(Reason::ConsumerUnknown);
    for (kong, header, claims, expected) in [
        (
            &by_issuer,
            json!({ "iss": "HS256" }),
            json!({ "iss": null }),
            found(),
        ),
        (
            &by_issuer,
            json!({ "iss": "HS256" }),
            json!({ "iss": "?" }),
            unknown(),
        ),
        (&by_issuer, json!({}), json!({ "iss": null }), unknown()),
        (
            &by_kid,
            json!({ "kid": "HS256" }),
            json!({ "iss": null }),
            found(),
        ),
        (
            &by_kid,
            json!({ "kid": "HS256" }),
            json!({ "iss": "?" }),
            found(),
        ),
        (
            &by_kid,
            json!({}),
            json!({ "kid": "HS\u{32}56", "iss": null }),
            found(),
        ),
        (
            &by_kid,
            json!({ "kid": "HS256" }),
            json!({ "kid": "?" }),
            unknown(),
        ),
        (
            &by_kid,
            json!({ "kid": "HS256" }),
            json!({ "kid": 7 }),
            Err(Reason::ClaimInvalid),
        ),
        (
            &by_issuer,
            json!({ "iss": ["HS256"] }),
            json!({ "iss": null }),
            Err(Reason::TokenMalformed),
        ),
        (
            &by_kid,
            json!({}),
            json!({ "iss": 7 }),
            Err(Reason::ClaimInvalid),
        ),
    ] {
        let token = kong.token(Algorithm::Hs256, header.clone(), claims.clone());
        assert_eq!(kong.verdict(&token), expected, "{header} {claims}");
    }
}

#[test]
fn an_issuers_token_is_never_a_consumers() {
    // Whoever has a consumer's secret cannot speak for an issuer, and an issuer that the rule
    // does not accept is not looked for among consumers.
    let kong = Kong::new("kid");
    let claims = json!({ "iss": ISSUER, "aud": "api" });
    let forged = kong.token(Algorithm::Rs256, json!({ "kid": "RS256" }), claims.clone());
    assert_eq!(kong.verdict(&forged), Err(Reason::KeyUnknown));
    let good = kong.token(Algorithm::Es256, json!({ "kid": "ES256" }), claims);
    assert_eq!(kong.verdict(&good), Ok("issuer corp".to_owned()));

    let consumers = kong.token(Algorithm::Hs256, json!({ "kid": "HS256" }), json!({}));
    let names = ["other".into()];
    for (token, outcome) in [(&good, "issuer"), (&consumers, "issuer")] {
        let accepts = Accepts {
            issuers: Some(&names),
            ..Accepts::default()
        };
        let (verdict, explanation) = kong.judge(token, accepts);
        assert_eq!(verdict, Err(Reason::IssuerUnknown));
        let last = explanation.steps.last().expect("steps");
        assert_eq!(last.step.name(), outcome);
    }
}

#[test]
fn a_token_cannot_choose_how_it_is_checked() {
    let kong = Kong::new("iss");
    // The classic: sign with HMAC, the text of the public key as the secret.
    let public = kong.keys[0]
        .to_public_jwk("k")
        .expect("JWK")
        .expect("public");
    let secret = encode(public.to_string().as_bytes());
    let jwk = json!({ "kty": "oct", "k": secret, "alg": "HS256", "kid": "k" });
    let confused = SigningKey::from_jwk(&jwk).expect("secret");
    let claims = json!({ "iss": "ES256", "exp": NOW + 60 }).to_string();
    let confused = sign(&confused, r#"{"alg":"HS256"}"#, &claims);
    let token = |algorithm, header, claims| kong.token(algorithm, header, claims);
    for (token, reason) in [
        (confused, Reason::AlgNotAllowed),
        (
            token(Algorithm::Es256, json!({ "alg": "none" }), json!({})),
            Reason::AlgNotAllowed,
        ),
        // A key of one consumer, the name of another.
        (
            token(Algorithm::Es256, json!({}), json!({ "iss": "RS256" })),
            Reason::AlgNotAllowed,
        ),
        (
            token(
                Algorithm::Es256,
                json!({ "alg": "RS256" }),
                json!({ "iss": "RS256" }),
            ),
            Reason::SignatureInvalid,
        ),
        (
            token(Algorithm::Hs256, json!({ "typ": "logout+jwt" }), json!({})),
            Reason::TypeNotAllowed,
        ),
    ] {
        assert_eq!(kong.verdict(&token), Err(reason), "{token}");
    }
}

#[test]
fn a_consumers_token_goes_through_time_audience_and_claims() {
    let kong = Kong::new("iss");
    for (algorithm, claims, reason) in [
        (
            Algorithm::Hs256,
            json!({ "exp": NOW - 60 }),
            Reason::TokenExpired,
        ),
        (
            Algorithm::Hs256,
            json!({ "exp": null }),
            Reason::ClaimMissing,
        ),
        (
            Algorithm::Hs256,
            json!({ "nbf": NOW + 60 }),
            Reason::TokenNotYetValid,
        ),
        (Algorithm::Hs256, json!({ "aud": 7 }), Reason::ClaimInvalid),
        (Algorithm::Es384, json!({}), Reason::AudienceMismatch),
        (
            Algorithm::Es384,
            json!({ "aud": "x" }),
            Reason::AudienceMismatch,
        ),
        (Algorithm::Hs256, json!({ "sub": 7 }), Reason::ClaimInvalid),
        (
            Algorithm::Hs256,
            json!({ "cnf": {} }),
            Reason::BindingUnsupported,
        ),
    ] {
        let token = kong.token(algorithm, json!({}), claims.clone());
        assert_eq!(kong.verdict(&token), Err(reason), "{claims}");
    }
    let orders = Audiences::OneOf(Box::new(["orders".into()]));
    let accepts = Accepts {
        audiences: Some(&orders),
        ..Accepts::default()
    };
    let token = kong.token(Algorithm::Hs256, json!({}), json!({}));
    assert_eq!(kong.judge(&token, accepts).0, Err(Reason::AudienceMismatch));
}

#[test]
fn an_explanation_tells_of_the_consumer_and_of_no_secret() {
    let kong = Kong::new("iss");
    let token = kong.token(Algorithm::Hs256, json!({}), json!({}));
    let (verdict, explanation) = kong.judge(&token, Accepts::default());
    assert_eq!(verdict, Ok("consumer hs256 by HS256".to_owned()));
    let steps: Vec<_> = explanation.steps.iter().map(|step| step.step).collect();
    assert_eq!(
        steps,
        [
            Step::Shape,
            Step::Header,
            Step::Consumer,
            Step::Algorithm,
            Step::Type,
            Step::Signature,
            Step::Time,
            Step::Audience,
            Step::Claims,
        ]
    );
    let told = |step: usize| explanation.steps[step].detail.as_str();
    assert_eq!(
        told(2),
        "expected, as no issuer has this iss, the key of a consumer's credential in the claim or \
         header parameter iss; found claim \"HS256\", header parameter absent"
    );
    assert_eq!(
        told(3),
        "expected alg HS256 for this credential of consumer hs256; found HS256"
    );
}

/// What a credential has to say of `key`.
fn material(key: &SigningKey) -> Material {
    let Some(public) = key.to_public_jwk("k").expect("JWK") else {
        let private = key.to_private_jwk("k").expect("JWK");
        return Material::Secret(Zeroizing::new(bytes(&private["k"])));
    };
    Material::Public(match public["kty"].as_str() {
        Some("RSA") => PublicKey::Rsa {
            modulus: bytes(&public["n"]),
            exponent: bytes(&public["e"]),
        },
        Some("OKP") => PublicKey::Ed25519 {
            x: bytes(&public["x"]),
        },
        _ => PublicKey::Ec {
            curve: crate::keys::Curve::from_name(public["crv"].as_str().expect("text"))
                .expect("known"),
            x: bytes(&public["x"]),
            y: bytes(&public["y"]),
        },
    })
}

fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().expect("text").as_bytes();
    decode(text, &mut Vec::new()).expect("base64url").to_vec()
}
