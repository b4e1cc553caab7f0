//! Keys that live as long as the cases, and the tokens they sign.

mod material;
mod signer;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::consumers::{Consumers, Credential};
use crate::issuers::Audiences;
use crate::keys::{Key, KeyStore};
use crate::signature::{Algorithm, SigningError, SigningKey, sign_token};
use crate::time::UnixMillis;
use crate::token::base64url;
use material::material;
use signer::Signer;

/// A token to sign for a case.
#[derive(Clone)]
pub struct MadeToken {
    /// Who signs it.
    pub by: MadeBy,
    /// How it is signed.
    pub signed: Signed,
    /// Parameters over those that its header has anyway; `null` takes one away.
    pub header: Map<String, Value>,
    /// Claims over those that it has anyway; `null` takes one away.
    pub claims: Map<String, Value>,
}

/// Who signs a token, by its name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MadeBy {
    /// An issuer.
    Issuer(Box<str>),
    /// A consumer: with the credential that the claims name, else with its first.
    Consumer(Box<str>),
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// As its issuer or the consumer's credential has it.
    Usually,
    /// With this algorithm. Where that is not allowed, with a key that nobody knows.
    With(Algorithm),
    /// Not at all: `alg` is `none`.
    Not,
}

/// Everybody who can sign, with the keys for what is signed.
#[derive(Debug)]
pub(super) struct Signers {
    /// Issuers with one signer each, consumers with one for each credential.
    signers: BTreeMap<MadeBy, Vec<Signer>>,
    consumers: Arc<Consumers>,
}

impl Signers {
    /// Makes a key for every algorithm that somebody signs one of `tokens` with, and no other: RSA
    /// keys take their time.
    pub(super) fn new(config: &Config, tokens: &[&MadeToken]) -> Result<Self, SigningError> {
        let mut signers: BTreeMap<MadeBy, Vec<Signer>> = BTreeMap::new();
        for issuer in &config.issuers {
            let by = MadeBy::Issuer(issuer.policy.name.clone());
            signers.insert(by, vec![Signer::of_issuer(&issuer.policy)]);
        }
        for credential in config.consumers.credentials() {
            let by = MadeBy::Consumer(credential.consumer().name);
            // There may be a million others.
            if tokens.iter().any(|token| token.by == by) {
                let signer = Signer::of_credential(config.consumers.key_claim(), &credential);
                signers.entry(by).or_default().push(signer);
            }
        }
        for token in tokens {
            let signers = signers.get_mut(&token.by).into_iter().flatten();
            if let Some(signer) = pick(signers, token)
                && let Some(algorithm) = signer.algorithm(token.signed)
                && !signer.keys.contains_key(&algorithm)
            {
                let key = SigningKey::generate(algorithm)?;
                signer.keys.insert(algorithm, key);
            }
        }
        let consumers = rekeyed(&config.consumers, &signers)?;
        Ok(Self { signers, consumers })
    }

    /// The keys that tokens of this issuer are verified with.
    pub(super) fn keys(&self, issuer: &str) -> Result<Arc<KeyStore>, SigningError> {
        let by = MadeBy::Issuer(issuer.into());
        let mut keys = Vec::new();
        for signer in self.signers.get(&by).into_iter().flatten() {
            for (algorithm, key) in signer.allowed_keys() {
                let thumbprint = key.thumbprint()?.unwrap_or_default();
                let id = signer.key_id(algorithm.name());
                keys.push(Key::new(id.as_deref(), thumbprint, key.verifying_key()?));
            }
        }
        Ok(Arc::new(KeyStore::fixed(keys)))
    }

    /// The consumers by whom tokens are verified.
    pub(super) const fn consumers(&self) -> &Arc<Consumers> {
        &self.consumers
    }

    /// Signs `token` at the time `now`, for the first of `audiences` or else of its signer's.
    pub(super) fn sign(
        &self,
        token: &MadeToken,
        audiences: Option<&Audiences>,
        now: UnixMillis,
    ) -> Result<String, SigningError> {
        let signers = self.signers.get(&token.by).into_iter().flatten();
        // Whoever reads cases sees to it that they name somebody.
        let signer = pick(signers, token).ok_or(SigningError::Failed)?;
        let claims = put(signer.claims(audiences, now), &token.claims);
        let Some(algorithm) = signer.algorithm(token.signed) else {
            let header = put(signer.header("none"), &token.header);
            let part = |object| base64url::encode(Value::Object(object).to_string().as_bytes());
            return Ok(format!("{}.{}.", part(header), part(claims)));
        };
        let key = signer.keys.get(&algorithm).ok_or(SigningError::Failed)?;
        let header = put(signer.header(algorithm.name()), &token.header);
        sign_token(&header, &Value::Object(claims), key)
    }
}

/// The signer that the claims name, else the first.
fn pick<S: std::ops::Deref<Target = Signer>>(
    signers: impl Iterator<Item = S>,
    token: &MadeToken,
) -> Option<S> {
    let mut first = None;
    for signer in signers {
        if signer.is_named_in(&token.claims) {
            return Some(signer);
        }
        first.get_or_insert(signer);
    }
    first
}

/// The consumers with new keys for the credentials that sign.
fn rekeyed(
    consumers: &Arc<Consumers>,
    signers: &BTreeMap<MadeBy, Vec<Signer>>,
) -> Result<Arc<Consumers>, SigningError> {
    let mut keys = BTreeMap::new();
    for (by, signers) in signers {
        let of_consumer = match by {
            MadeBy::Issuer(_) => continue,
            MadeBy::Consumer(_) => signers,
        };
        for signer in of_consumer {
            for (_, key) in signer.allowed_keys() {
                keys.insert(signer.name(), material(key)?);
            }
        }
    }
    if keys.is_empty() {
        return Ok(Arc::clone(consumers));
    }
    let keys = std::cell::RefCell::new(keys);
    let replace = |credential: &Credential<'_>| keys.borrow_mut().remove(credential.key());
    let rekeyed = consumers.rekeyed(replace);
    rekeyed.map(Arc::new).map_err(|_| SigningError::Failed)
}

/// `members` over `object`; `null` takes a member away.
fn put(mut object: Map<String, Value>, members: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    object
}
