//! An immutable set of keys, and how one is chosen from it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::KEYS_PER_ID;
use crate::reason::Reason;
use crate::signature::{Algorithm, VerifyingKey};

/// One usable key.
#[derive(Debug)]
pub struct Key {
    id: Option<Box<str>>,
    thumbprint: Box<str>,
    verifying: VerifyingKey,
}

impl Key {
    /// A key called `id`, if it is to have a name. The thumbprint (RFC 7638, SHA-256, base64url)
    /// tells keys apart; for a shared secret it is of something else than the secret.
    #[must_use]
    pub fn new(id: Option<&str>, thumbprint: String, verifying: VerifyingKey) -> Self {
        Self {
            id: id.map(Box::from),
            thumbprint: thumbprint.into(),
            verifying,
        }
    }

    /// `kid`
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The one algorithm it is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// SHA-256 thumbprint (RFC 7638), base64url.
    #[must_use]
    pub const fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether `other` is this key under this name: nothing is lost if one of them goes.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_twin(other) && self.thumbprint == other.thumbprint
    }

    /// Whether a token cannot tell the two apart by `kid` and `alg`.
    #[must_use]
    pub fn is_twin(&self, other: &Self) -> bool {
        self.id == other.id && self.algorithm() == other.algorithm()
    }

    /// The key itself.
    #[must_use]
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }
}

/// What stands behind a set that lacks a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every source has delivered: a key that is not here does not exist.
    Complete,
    /// Some source has never delivered: a key that is not here may exist.
    Loading,
    /// Some source's keys were too old and were dropped.
    Stale,
}

/// The keys of one issuer at one moment.
#[derive(Debug)]
pub struct KeySet {
    keys: Box<[Arc<Key>]>,
    by_id: HashMap<Box<str>, Box<[Arc<Key>]>, foldhash::quality::RandomState>,
    by_algorithm: [Fitting; Algorithm::ALL.len()],
    completeness: Completeness,
    generation: u64,
}

/// The keys of one algorithm, as far as a token without `kid` is concerned.
#[derive(Clone, Debug, Default)]
enum Fitting {
    #[default]
    None,
    One(Arc<Key>),
    Several,
}

impl KeySet {
    /// A set of `keys`, of which at most four share a kid and an algorithm; further ones are not
    /// found by their kid.
    #[must_use]
    pub fn new(keys: Vec<Arc<Key>>, completeness: Completeness) -> Self {
        let mut by_id: HashMap<Box<str>, Vec<Arc<Key>>> = HashMap::new();
        let mut by_algorithm: [Fitting; Algorithm::ALL.len()] = Default::default();
        for key in &keys {
            let fitting = &mut by_algorithm[key.algorithm().index()];
            match fitting {
                Fitting::None => *fitting = Fitting::One(Arc::clone(key)),
                // One key under two names is still one key.
                Fitting::One(other) if other.thumbprint == key.thumbprint => {}
                Fitting::One(_) | Fitting::Several => *fitting = Fitting::Several,
            }
            if let Some(id) = key.id() {
                by_id.entry(id.into()).or_default().push(Arc::clone(key));
            }
        }
        Self {
            keys: keys.into(),
            by_id: by_id
                .into_iter()
                .map(|(id, keys)| (id, keys.into()))
                .collect(),
            by_algorithm,
            completeness,
            generation: next_generation(),
        }
    }

    /// The keys that a token with this `kid` and `alg` may be signed with: at least one, at most
    /// four.
    ///
    /// # Errors
    /// `key_unknown`, `key_unsuitable` (the kid is another algorithm's) or `key_ambiguous`
    /// (without kid, more than one key fits); `keys_unavailable` or `keys_stale` where the key may
    /// exist and could not be had.
    pub fn select<'s>(
        &'s self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<impl Iterator<Item = &'s Arc<Key>> + use<'s>, Reason> {
        let candidates = match id {
            Some(id) => self.by_id.get(id).map_or(&[][..], |keys| keys),
            None => match &self.by_algorithm[algorithm.index()] {
                Fitting::One(key) => std::slice::from_ref(key),
                Fitting::Several => return Err(Reason::KeyAmbiguous),
                Fitting::None => &[],
            },
        };
        let fits = move |key: &&Arc<Key>| key.algorithm() == algorithm;
        if candidates.iter().any(|key| fits(&key)) {
            Ok(candidates.iter().filter(fits).take(KEYS_PER_ID))
        } else if candidates.is_empty() {
            Err(self.missing())
        } else {
            Err(Reason::KeyUnsuitable)
        }
    }

    /// Every key.
    #[must_use]
    pub const fn keys(&self) -> &[Arc<Key>] {
        &self.keys
    }

    /// What stands behind the set.
    #[must_use]
    pub const fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// A number that no other set of this process has. What was verified with one set counts no
    /// more once another is published.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    const fn missing(&self) -> Reason {
        match self.completeness {
            Completeness::Complete => Reason::KeyUnknown,
            Completeness::Loading => Reason::KeysUnavailable,
            Completeness::Stale => Reason::KeysStale,
        }
    }
}

fn next_generation() -> u64 {
    static GENERATION: AtomicU64 = AtomicU64::new(1);
    GENERATION.fetch_add(1, Ordering::Relaxed)
}
