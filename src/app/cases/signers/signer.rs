//! One issuer or one credential of a consumer, and what its tokens are like where a case does not
//! say.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Signed;
use crate::consumers::Credential;
use crate::issuers::{Audiences, IssuerPolicy};
use crate::signature::{Algorithm, AlgorithmSet, SigningKey};
use crate::time::UnixMillis;

/// Whoever signs.
#[derive(Debug)]
pub(super) struct Signer {
    /// The claim by which its tokens are known to be its, and the value of it.
    claim: (Box<str>, Box<str>),
    allowed: AlgorithmSet,
    usual: Algorithm,
    audiences: Audiences,
    /// `typ`
    kind: Option<Box<str>>,
    /// What `kid` begins with.
    key_prefix: Option<Box<str>>,
    ttl: Duration,
    /// The keys that it needs.
    pub(super) keys: BTreeMap<Algorithm, SigningKey>,
}

impl Signer {
    /// An issuer. `typ` is the usual one where it takes that, else the first that it takes.
    pub(super) fn of_issuer(policy: &IssuerPolicy) -> Self {
        let types = &policy.types;
        let kind = match types.allow(Some(JWT)) {
            true => Some(JWT.into()),
            false => types.allowed.first().cloned(),
        };
        let longest = policy.times.max_lifetime.unwrap_or(TTL);
        Self {
            claim: ("iss".into(), policy.issuer.clone()),
            allowed: policy.algorithms,
            usual: usual(policy.algorithms),
            audiences: policy.audiences.clone(),
            kind,
            key_prefix: Some(policy.name.clone()),
            ttl: longest.min(TTL),
            keys: BTreeMap::new(),
        }
    }

    /// A credential of a consumer, which tokens name in `key_claim`.
    pub(super) fn of_credential(key_claim: &str, credential: &Credential<'_>) -> Self {
        Self {
            claim: (key_claim.into(), credential.key().into()),
            allowed: AlgorithmSet::EMPTY.with(credential.algorithm()),
            usual: credential.algorithm(),
            audiences: credential.consumer().audiences.unwrap_or(Audiences::Any),
            kind: Some(JWT.into()),
            key_prefix: None,
            ttl: TTL,
            keys: BTreeMap::new(),
        }
    }

    /// By what its tokens are known to be its.
    pub(super) const fn name(&self) -> &str {
        &self.claim.1
    }

    /// Whether `claims` say that a token is its.
    pub(super) fn is_named_in(&self, claims: &Map<String, Value>) -> bool {
        let (claim, name) = &self.claim;
        claims.get(&**claim).and_then(Value::as_str) == Some(name)
    }

    /// What a token is signed with, if it is.
    pub(super) const fn algorithm(&self, signed: Signed) -> Option<Algorithm> {
        match signed {
            Signed::Usually => Some(self.usual),
            Signed::With(algorithm) => Some(algorithm),
            Signed::Not => None,
        }
    }

    /// The keys that its tokens may be signed with.
    pub(super) fn allowed_keys(&self) -> impl Iterator<Item = (Algorithm, &SigningKey)> {
        let keys = self.keys.iter().map(|(algorithm, key)| (*algorithm, key));
        keys.filter(|(algorithm, _)| self.allowed.contains(*algorithm))
    }

    /// The `kid` of the key for `algorithm`.
    pub(super) fn key_id(&self, algorithm: &str) -> Option<String> {
        let prefix = self.key_prefix.as_ref()?;
        Some(format!("{prefix}-{algorithm}"))
    }

    /// The header of a token that is signed with `algorithm`.
    pub(super) fn header(&self, algorithm: &str) -> Map<String, Value> {
        let key_id = self.key_id(algorithm);
        let members = [
            ("alg", Some(algorithm)),
            ("kid", key_id.as_deref()),
            ("typ", self.kind.as_deref()),
        ];
        let members = members.into_iter();
        members
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }

    /// The claims of a token that is signed at `now`, for the first of `audiences` or else of its
    /// own.
    pub(super) fn claims(
        &self,
        audiences: Option<&Audiences>,
        now: UnixMillis,
    ) -> Map<String, Value> {
        let mut claims = Map::new();
        let (claim, name) = &self.claim;
        claims.insert(claim.to_string(), (**name).into());
        let audience = match audiences.unwrap_or(&self.audiences) {
            Audiences::Any => None,
            Audiences::OneOf(audiences) => audiences.first(),
        };
        if let Some(audience) = audience {
            claims.insert("aud".to_owned(), (**audience).into());
        }
        let expires_at = now.saturating_add(self.ttl);
        claims.insert("iat".to_owned(), now.seconds().into());
        claims.insert("exp".to_owned(), expires_at.seconds().into());
        claims
    }
}

/// The algorithm that it is quickest to make a key for; a shared secret only where nothing else is
/// allowed.
fn usual(allowed: AlgorithmSet) -> Algorithm {
    const QUICK: [Algorithm; 5] = [
        Algorithm::Es256,
        Algorithm::Ed25519,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Rs256,
    ];
    let others = AlgorithmSet::asymmetric().iter().chain(Algorithm::ALL);
    QUICK
        .into_iter()
        .chain(others)
        .find(|algorithm| allowed.contains(*algorithm))
        // Nothing is allowed only where nothing is configured.
        .unwrap_or(Algorithm::Es256)
}

const JWT: &str = "JWT";
/// How long a token is valid that does not say.
const TTL: Duration = Duration::from_secs(300);
