//! A gate with one issuer, one key and a clock that stands still, for the tests of the edges.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::authorizer::{Authorizer, Parts};
use crate::cache::{CacheSettings, TokenCache};
use crate::consumers::{Consumer, ConsumersBuilder};
use crate::forward::Minter;
use crate::gate::Gate;
use crate::issuers::{Audiences, Issuer, IssuerPolicy};
use crate::keys::{Key, KeyStore};
use crate::metrics::Metrics;
use crate::rules::{RuleSettings, Rules};
use crate::signature::{Algorithm, FingerprintKey, SigningKey, sign_token};
use crate::telemetry::{DecisionLog, Decisions};
use crate::time::{ManualClock, UnixMillis};
use crate::token::TokenLimits;

/// What time it is, in seconds.
pub(crate) const NOW: i64 = 1_700_000_000;

/// The gate and what belongs to it.
pub(crate) struct Fixture {
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<KeyStore>,
    key: SigningKey,
}

/// What a test may want otherwise.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) rules: Vec<RuleSettings>,
    pub(crate) beside: RuleSettings,
    pub(crate) anonymous_consumer: Option<Consumer>,
    pub(crate) bypass_cors_preflight: bool,
    pub(crate) minter: Option<Arc<dyn Minter>>,
}

impl Fixture {
    /// With the defaults of the contract.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// With a configuration that is not the default one.
    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let key = SigningKey::generate(Algorithm::Ed25519).expect("generated");
        let store = Arc::new(KeyStore::fixed(vec![public(&key)]));
        let audiences = Audiences::OneOf(Box::new(["api".into()]));
        let policy = IssuerPolicy::new("corp", "https://idp/", audiences);
        let away = IssuerPolicy::new("away", "https://away/", Audiences::Any);
        let issuers = [
            Arc::new(Issuer {
                policy,
                keys: Arc::clone(&store),
            }),
            Arc::new(Issuer {
                policy: away,
                keys: Arc::new(KeyStore::loading()),
            }),
        ];
        let mut setup = Setup::default();
        change(&mut setup);
        let authorizer = Authorizer::new(Parts {
            issuers: issuers.into_iter().collect(),
            consumers: Arc::new(ConsumersBuilder::new("iss").finish(setup.anonymous_consumer)),
            rules: Rules::new(setup.rules, setup.beside),
            limits: TokenLimits::default(),
            cache: TokenCache::new(CacheSettings::default()),
            minter: setup.minter,
            bypass_cors_preflight: setup.bypass_cors_preflight,
            generation: 1,
        });
        let clock = Arc::new(ManualClock::new(UnixMillis::from_seconds(NOW)));
        let gate = Gate::new(
            authorizer,
            Arc::<ManualClock>::clone(&clock),
            Arc::new(Metrics::new()),
            DecisionLog::new(Decisions::Off, FingerprintKey::random()),
            8,
        );
        Self {
            gate: Arc::new(gate),
            clock,
            store,
            key,
        }
    }

    /// A token with these claims over the usual ones.
    pub(crate) fn token(&self, changes: Value) -> String {
        let mut claims = json!({
            "iss": "https://idp/", "aud": "api", "sub": "alice", "exp": NOW + 60,
        });
        let (Value::Object(members), Value::Object(changes)) = (&mut claims, changes) else {
            panic!("objects");
        };
        members.extend(changes);
        let header = json!({ "kid": "k1" }).as_object().expect("object").clone();
        sign_token(&header, &claims, &self.key).expect("signed")
    }
}

fn public(key: &SigningKey) -> Key {
    let thumbprint = key.thumbprint().expect("public").expect("not a secret");
    Key::new(Some("k1"), thumbprint, key.verifying_key().expect("public"))
}
