//! An issuer whose policy has every kind of condition, good tokens of it, and one for each reason
//! that `verify` refuses a token for.

use std::sync::Arc;
use std::time::Duration;

use jotgate::consumers::Consumers;
use jotgate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers};
use jotgate::keys::{Key, KeyStore};
use jotgate::reason::Reason;
use jotgate::signature::{Algorithm, SigningKey, sign_token};
use jotgate::time::UnixMillis;
use jotgate::token::{ClaimPath, TokenLimits};
use jotgate::verify::{Accepts, Context};
use serde_json::{Value, json};

/// Issuers, and keys of the first of them.
pub(crate) struct Court {
    pub(crate) issuers: Issuers,
    pub(crate) keys: Vec<SigningKey>,
}

impl Court {
    pub(crate) fn open(algorithms: &[Algorithm]) -> Self {
        let keys: Vec<_> = algorithms
            .iter()
            .map(|algorithm| SigningKey::generate(*algorithm).expect("keys can be made"))
            .collect();
        let mut corp =
            IssuerPolicy::new("corp", ISSUER, Audiences::OneOf(["orders".into()].into()));
        corp.algorithms = Algorithm::ALL.into_iter().collect();
        corp.times.max_age = Some(Duration::from_secs(3_600));
        corp.times.max_lifetime = corp.times.max_age;
        corp.required_claims = [ClaimPath::list(["sub"]).expect("a name")].into();
        let twins = IssuerPolicy::new("twins", TWIN_ISSUER, Audiences::Any);
        let down = IssuerPolicy::new("down", DOWN_ISSUER, Audiences::Any);
        let named = |key: &SigningKey, id: &str| {
            let verifying = key.verifying_key().expect("a signing key verifies");
            Key::new(Some(id), id.to_owned(), verifying)
        };
        let all = keys
            .iter()
            .map(|key| named(key, key.algorithm().name()))
            .collect();
        let both = vec![named(&keys[0], "one"), named(&keys[0], "other")];
        let issuers = [
            (corp, KeyStore::fixed(all)),
            (twins, KeyStore::fixed(both)),
            (down, KeyStore::loading()),
        ];
        let issuers = issuers.into_iter().map(|(policy, keys)| {
            let keys = Arc::new(keys);
            Arc::new(Issuer { policy, keys })
        });
        let issuers = issuers.collect();
        Self { issuers, keys }
    }

    /// A token with these members over the usual ones; `null` takes one away.
    pub(crate) fn token(&self, key: &SigningKey, header: Value, claims: Value) -> String {
        let name = key.algorithm().name();
        let usual = json!({ "alg": name, "kid": name, "typ": "JWT" });
        let header = merged(usual, header);
        let usual = json!({
            "iss": ISSUER, "aud": "orders", "sub": "u1", "iat": NOW, "exp": NOW + 300,
        });
        let claims = merged(usual, claims);
        let header = header.as_object().expect("an object");
        sign_token(header, &claims, key).expect("the key signs")
    }

    /// A token for each reason that `verify` has.
    pub(crate) fn refusals(&self) -> Vec<(String, Reason)> {
        let key = &self.keys[0];
        let header = |header| self.token(key, header, json!({}));
        let claims = |claims| self.token(key, json!({}), claims);
        let other = self.token(
            &self.keys[1],
            json!({ "alg": "ES256", "kid": "ES256" }),
            json!({}),
        );
        vec![
            ("a.b".to_owned(), Reason::TokenMalformed),
            ("x".repeat(100_000), Reason::TokenTooLarge),
            (header(json!({ "alg": "none" })), Reason::AlgNotAllowed),
            (header(json!({ "crit": ["exp"] })), Reason::CritUnsupported),
            (
                header(json!({ "typ": "logout+jwt" })),
                Reason::TypeNotAllowed,
            ),
            (claims(json!({ "iss": null })), Reason::IssuerMissing),
            (
                claims(json!({ "iss": "https://strang\u{e9}r\n" })),
                Reason::IssuerUnknown,
            ),
            (header(json!({ "kid": "nobody\n" })), Reason::KeyUnknown),
            (header(json!({ "kid": "RS256" })), Reason::KeyUnsuitable),
            (other, Reason::SignatureInvalid),
            (claims(json!({ "exp": NOW - 60 })), Reason::TokenExpired),
            (claims(json!({ "nbf": NOW + 60 })), Reason::TokenNotYetValid),
            (claims(json!({ "iat": NOW - 7_200 })), Reason::TokenTooOld),
            (
                claims(json!({ "exp": NOW + 86_400 })),
                Reason::LifetimeTooLong,
            ),
            (
                claims(json!({ "aud": ["billing\n"] })),
                Reason::AudienceMismatch,
            ),
            (claims(json!({ "sub": null })), Reason::ClaimMissing),
            (claims(json!({ "sub": 7 })), Reason::ClaimInvalid),
            (claims(json!({ "cnf": {} })), Reason::BindingUnsupported),
            (
                claims(json!({ "iss": DOWN_ISSUER })),
                Reason::KeysUnavailable,
            ),
            (
                self.token(key, json!({ "kid": null }), json!({ "iss": TWIN_ISSUER })),
                Reason::KeyAmbiguous,
            ),
        ]
    }

    /// What its tokens are judged by.
    pub(crate) fn context<'a>(
        &'a self,
        consumers: &'a Consumers,
        limits: &'a TokenLimits,
    ) -> Context<'a> {
        Context {
            issuers: &self.issuers,
            consumers,
            accepts: Accepts::default(),
            limits,
            now: UnixMillis::from_seconds(NOW),
        }
    }
}

fn merged(mut base: Value, changes: Value) -> Value {
    let members = base.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

pub(crate) const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://idp.example.com/";
const TWIN_ISSUER: &str = "https://twins.example.com/";
const DOWN_ISSUER: &str = "https://down.example.com/";
