//! Key sets as JSON (RFC 7517, RFC 7518 6, RFC 8037).
//!
//! A set is read strictly, but an unusable key never spoils the others (RFC 7517 5): it is skipped
//! and counted by cause. Every key is bound to one algorithm (RFC 8725 3.1).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::public::{Curve, PublicKey};
use super::set::Key;
use crate::limits::{KEY_ID_BYTES, KEYS_PER_ID, KEYS_PER_SET};
use crate::signature::{Algorithm, AlgorithmSet, Family, KeyDefect};
use crate::token::base64url;

/// How a key set is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwkPolicy {
    /// The algorithm of an RSA key without `alg`: see [`default_rsa_algorithm`].
    pub rsa: Algorithm,
    /// What a private key among them means.
    pub private: PrivateMembers,
}

/// What a private key in a key set means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateMembers {
    /// The whole set is refused: an operator put a private key where a public one belongs.
    Refuse,
    /// The key is skipped as malformed: its owner gave it away, so that anybody may sign with it.
    Skip,
}

/// What was usable in a key set.
#[derive(Debug)]
pub struct ParsedKeys {
    /// The keys in the order of the set; at least one, at most four of one kid and algorithm.
    pub keys: Vec<Key>,
    /// The others, counted.
    pub skipped: SkippedKeys,
}

/// How many keys were skipped, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkippedKeys([u32; KeyDefect::ALL.len()]);

/// Why a key set is no use as a whole. Whoever has a good one keeps it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Not a JSON object with one array `keys`. Only the place is told, never the text.
    #[error("not a JSON Web Key Set (RFC 7517): line {line}, column {column}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Nothing in it can be used.
    #[error("no usable key in the set ({})", .0.describe())]
    NoneUsable(SkippedKeys),
    /// A private key where public ones belong.
    #[error("a private key in the key set: publish only the public part (kty, n, e, crv, x, y)")]
    Private,
    /// More keys than a set may have.
    #[error("{0} keys in one set, at most {KEYS_PER_SET} are allowed")]
    TooMany(usize),
}

/// Reads a key set.
///
/// Without `alg`, the algorithm of an EC or OKP key follows from its curve; an RSA key gets
/// `policy.rsa`. Symmetric keys are always skipped: a shared secret is no secret in a key set.
/// `null` counts as absent.
///
/// # Errors
/// See [`JwkSetError`]; a set without one usable key is an error too.
pub fn parse_jwk_set(json: &[u8], policy: &JwkPolicy) -> Result<ParsedKeys, JwkSetError> {
    let set: RawSet<'_> = serde_json::from_slice(json).map_err(|error| JwkSetError::Malformed {
        line: error.line(),
        column: error.column(),
    })?;
    if set.keys.len() > KEYS_PER_SET {
        return Err(JwkSetError::TooMany(set.keys.len()));
    }
    let mut keys: Vec<Key> = Vec::with_capacity(set.keys.len());
    let mut skipped = SkippedKeys::default();
    for raw in set.keys {
        let key = match parse_key(raw, policy) {
            Ok(key) => key,
            Err(Unusable::Private) => match policy.private {
                PrivateMembers::Refuse => return Err(JwkSetError::Private),
                PrivateMembers::Skip => {
                    skipped.count(KeyDefect::Malformed);
                    continue;
                }
            },
            Err(Unusable::Defect(defect)) => {
                skipped.count(defect);
                continue;
            }
        };
        if keys.iter().any(|other| other.is_same(&key)) {
            // A copy adds nothing and costs nothing.
            continue;
        }
        let twins = keys.iter().filter(|other| other.is_twin(&key)).count();
        if twins < KEYS_PER_ID {
            keys.push(key);
        } else {
            skipped.count(KeyDefect::Duplicate);
        }
    }
    if keys.is_empty() {
        return Err(JwkSetError::NoneUsable(skipped));
    }
    Ok(ParsedKeys { keys, skipped })
}

/// The algorithm of RSA keys that do not name theirs: the only RSA algorithm the issuer may use if
/// there is exactly one, else RS256, which is what such keys are for in practice.
#[must_use]
pub fn default_rsa_algorithm(allowed: AlgorithmSet) -> Algorithm {
    let mut rsa = allowed
        .iter()
        .filter(|algorithm| algorithm.family() == Family::Rsa);
    match (rsa.next(), rsa.next()) {
        (Some(only), None) => only,
        (None, _) | (Some(_), Some(_)) => Algorithm::Rs256,
    }
}

impl JwkPolicy {
    /// For a set that someone else publishes.
    #[must_use]
    pub fn remote(allowed: AlgorithmSet) -> Self {
        Self {
            rsa: default_rsa_algorithm(allowed),
            private: PrivateMembers::Skip,
        }
    }

    /// For a set that the operator wrote, in the configuration or a file.
    #[must_use]
    pub fn local(allowed: AlgorithmSet) -> Self {
        Self {
            rsa: default_rsa_algorithm(allowed),
            private: PrivateMembers::Refuse,
        }
    }
}

impl SkippedKeys {
    /// One more for this cause.
    pub const fn count(&mut self, defect: KeyDefect) {
        let count = &mut self.0[defect as usize];
        *count = count.saturating_add(1);
    }

    /// Those of `other` too.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }

    /// How many for this cause.
    #[must_use]
    pub const fn of(&self, defect: KeyDefect) -> u32 {
        self.0[defect as usize]
    }

    /// Every cause with its count, zeros too.
    pub fn iter(&self) -> impl Iterator<Item = (KeyDefect, u32)> + '_ {
        KeyDefect::ALL.into_iter().zip(self.0)
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().copied().fold(0, u32::saturating_add)
    }

    /// `2 use, 1 weak`, or `empty`.
    #[must_use]
    pub fn describe(&self) -> String {
        let causes: Vec<String> = self
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(defect, count)| format!("{count} {}", defect.code()))
            .collect();
        if causes.is_empty() {
            "empty".to_owned()
        } else {
            format!("skipped: {}", causes.join(", "))
        }
    }
}

/// The set with its keys unread, so that one bad key is one bad key.
#[derive(Deserialize)]
struct RawSet<'j> {
    #[serde(borrow)]
    keys: Vec<&'j RawValue>,
}

/// The members that matter, as they stand. A member that is there twice is refused by serde.
#[derive(Deserialize)]
struct RawKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    // Private members are only looked for, never read.
    d: Option<Present>,
    p: Option<Present>,
    q: Option<Present>,
    dp: Option<Present>,
    dq: Option<Present>,
    qi: Option<Present>,
    oth: Option<Present>,
}

#[derive(Deserialize)]
struct Present(serde::de::IgnoredAny);

enum Unusable {
    Defect(KeyDefect),
    Private,
}

impl From<KeyDefect> for Unusable {
    fn from(defect: KeyDefect) -> Self {
        Self::Defect(defect)
    }
}

fn parse_key(raw: &RawValue, policy: &JwkPolicy) -> Result<Key, Unusable> {
    let raw: RawKey = serde_json::from_str(raw.get()).map_err(|_| KeyDefect::Malformed)?;
    let kind = match raw.kty.as_str() {
        "EC" => Kind::Ec,
        "OKP" => Kind::Okp,
        "RSA" => Kind::Rsa,
        "oct" => return Err(KeyDefect::Symmetric.into()),
        _ => return Err(KeyDefect::Type.into()),
    };
    if raw.is_private() {
        return Err(Unusable::Private);
    }
    // Before everything else about the key: an encryption key is meant to be passed by.
    if raw.usage.as_ref().is_some_and(|usage| usage != "sig") {
        return Err(KeyDefect::Use.into());
    }
    let verifies = |operations: &Vec<String>| operations.iter().any(|name| name == "verify");
    if !raw.key_ops.as_ref().is_none_or(verifies) {
        return Err(KeyDefect::KeyOps.into());
    }
    if raw.kid.as_ref().is_some_and(|id| id.len() > KEY_ID_BYTES) {
        return Err(KeyDefect::Malformed.into());
    }
    let named = match raw.alg.as_deref() {
        Some(name) => Some(Algorithm::from_name(name).ok_or(KeyDefect::Algorithm)?),
        None => None,
    };
    let public = raw.public(kind)?;
    let algorithm = named.or(public.implied_algorithm()).unwrap_or(policy.rsa);
    Ok(public.into_key(raw.kid.as_deref(), algorithm)?)
}

#[derive(Clone, Copy)]
enum Kind {
    Ec,
    Okp,
    Rsa,
}

impl RawKey {
    const fn is_private(&self) -> bool {
        self.d.is_some()
            || self.p.is_some()
            || self.q.is_some()
            || self.dp.is_some()
            || self.dq.is_some()
            || self.qi.is_some()
            || self.oth.is_some()
    }

    fn public(&self, kind: Kind) -> Result<PublicKey, KeyDefect> {
        let curve_name = || self.crv.as_deref().ok_or(KeyDefect::Malformed);
        Ok(match kind {
            Kind::Ec => PublicKey::Ec {
                curve: Curve::from_name(curve_name()?).ok_or(KeyDefect::Curve)?,
                x: number(self.x.as_deref())?,
                y: number(self.y.as_deref())?,
            },
            // X25519 and X448 agree on keys, Ed448 has no implementation that is kept well.
            Kind::Okp if curve_name()? != "Ed25519" => return Err(KeyDefect::Curve),
            Kind::Okp => PublicKey::Ed25519 {
                x: number(self.x.as_deref())?,
            },
            Kind::Rsa => PublicKey::Rsa {
                modulus: number(self.n.as_deref())?,
                exponent: number(self.e.as_deref())?,
            },
        })
    }
}

fn number(member: Option<&str>) -> Result<Vec<u8>, KeyDefect> {
    let text = member.ok_or(KeyDefect::Malformed)?;
    let mut buffer = Vec::new();
    base64url::decode(text.as_bytes(), &mut buffer)
        .map(<[u8]>::to_vec)
        .ok_or(KeyDefect::Malformed)
}

#[cfg(test)]
mod tests;
