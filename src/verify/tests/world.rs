//! Two issuers, their keys, and tokens that differ in one thing.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::consumers::Consumers;
use crate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers};
use crate::keys::{Key, KeyStore};
use crate::reason::Reason;
use crate::signature::{Algorithm, SigningKey};
use crate::time::UnixMillis;
use crate::token::base64url::encode;
use crate::token::{Scratch, TokenLimits};
use crate::verify::{Accepts, Context, Unobserved, verify};

pub(super) const NOW: i64 = 1_700_000_000;
pub(super) const ISSUER: &str = "https://idp.example.com/";

/// Two issuers, a key for each algorithm, and a clock that stands still.
pub(super) struct World {
    pub(super) issuers: Issuers,
    pub(super) keys: Vec<SigningKey>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(super) fn with(change: impl FnOnce(&mut IssuerPolicy)) -> Self {
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

    pub(super) fn key(&self, algorithm: Algorithm) -> &SigningKey {
        self.keys
            .iter()
            .find(|key| key.algorithm() == algorithm)
            .expect("one of the four")
    }

    pub(super) fn judge(&self, token: &str) -> Result<(), Reason> {
        self.judge_at(token, UnixMillis::from_seconds(NOW))
    }

    pub(super) fn judge_at(&self, token: &str, now: UnixMillis) -> Result<(), Reason> {
        let limits = TokenLimits::default();
        let context = Context {
            issuers: &self.issuers,
            consumers: &Consumers::default(),
            accepts: Accepts::default(),
            limits: &limits,
            now,
        };
        let mut scratch = Scratch::default();
        verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved).map(|_| ())
    }

    /// A token with these members over the usual ones; `null` takes a member away.
    pub(super) fn token(&self, header: Value, claims: Value) -> String {
        self.signed_by(Algorithm::Es256, header, claims)
    }

    pub(super) fn signed_by(&self, algorithm: Algorithm, header: Value, claims: Value) -> String {
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

pub(super) fn over(mut usual: Value, changes: Value) -> Value {
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

pub(super) fn thumbprint(key: &SigningKey) -> String {
    key.thumbprint().expect("public key").expect("not a secret")
}

pub(super) fn sign(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.as_bytes())
    );
    let signature = key.sign(input.as_bytes()).expect("signed");
    format!("{input}.{}", encode(&signature))
}
