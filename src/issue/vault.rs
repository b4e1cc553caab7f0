//! The generated keys of one algorithm: made ahead, saved before they are used, dropped late.

use std::sync::Arc;
use std::time::Duration;

use super::file::{Generated, KeyFile, KeysError};
use super::key::NamedKey;
use super::schedule::{self, Life, Plan, RotateError, Rotation};
use crate::signature::Algorithm;
use crate::time::UnixMillis;

/// The keys, and where they are kept.
#[derive(Debug)]
pub(super) struct Vault {
    algorithm: Algorithm,
    /// In the order of `signs_from`.
    keys: Vec<Generated>,
    storage: Storage,
}

/// Where generated keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// They end with the process.
    Memory,
    /// In a file.
    File(KeyFile),
    /// In a file that somebody else writes: nothing is made here.
    ReadOnly(KeyFile),
}

/// What a vault offers at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer {
    /// The key that signs, if its algorithm is the one to sign with.
    pub(super) signs: Option<Arc<NamedKey>>,
    /// The keys that are published.
    pub(super) published: Vec<Arc<NamedKey>>,
    /// When this changes; `None` for never.
    pub(super) until: Option<UnixMillis>,
}

impl Vault {
    /// What was kept of keys of `algorithm`.
    ///
    /// # Errors
    /// If it is damaged or cannot be read.
    pub(super) fn open(algorithm: Algorithm, storage: Storage) -> Result<Self, KeysError> {
        let keys = match &storage {
            Storage::Memory => Vec::new(),
            Storage::File(file) | Storage::ReadOnly(file) => file.load(algorithm)?,
        };
        Ok(Self {
            algorithm,
            keys,
            storage,
        })
    }

    /// Of what they are.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether there is nothing to sign with.
    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Does what is due at `now`: drops what is over, makes the next key. Tokens live for `keep`
    /// at most.
    ///
    /// # Errors
    /// If a key cannot be made or saved. Nothing has changed then.
    pub(super) fn turn(
        &mut self,
        now: UnixMillis,
        rotation: Rotation,
        keep: Duration,
    ) -> Result<(), KeysError> {
        if let Storage::ReadOnly(_) = self.storage {
            return Ok(());
        }
        let mut keys = self.keys.clone();
        let mut has_changed = amend(&mut keys, now, rotation, keep);
        let mut plan = plan(now, &keys, rotation);
        let first = plan.published.first().copied().unwrap_or_default();
        has_changed |= first > 0;
        keys.drain(..first);
        while let Some(signs_from) = plan.wanted {
            let born = now;
            let life = Life {
                born,
                signs_from,
                keep,
                rotation,
            };
            let key = Arc::new(NamedKey::generate(self.algorithm)?);
            keys.push(Generated { life, key });
            has_changed = true;
            plan = self::plan(now, &keys, rotation);
        }
        if has_changed {
            self.commit(keys)?;
        }
        Ok(())
    }

    /// The next key signs from `now` on. Returns its name.
    ///
    /// # Errors
    /// If it may not or cannot; nothing has changed then.
    pub(super) fn rotate(
        &mut self,
        now: UnixMillis,
        rotation: Rotation,
    ) -> Result<Box<str>, VaultError> {
        let next = schedule::rotate(now, &lives(&self.keys), rotation)?;
        let mut keys = self.keys.clone();
        keys[next].life.signs_from = now;
        let id = keys[next].key.id().into();
        self.commit(keys)?;
        Ok(id)
    }

    /// What it offers at `now`.
    pub(super) fn offer(&self, now: UnixMillis, rotation: Rotation) -> Offer {
        let plan = plan(now, &self.keys, rotation);
        let key = |index: &usize| Arc::clone(&self.keys[*index].key);
        Offer {
            signs: plan.signs.as_ref().map(key),
            published: plan.published.iter().map(key).collect(),
            until: plan.signs.map(|_| plan.until),
        }
    }

    /// Puts `keys` in force, once they are where a restart finds them.
    fn commit(&mut self, keys: Vec<Generated>) -> Result<(), KeysError> {
        if let Storage::File(file) = &self.storage {
            file.save(&keys)?;
        }
        self.keys = keys;
        Ok(())
    }
}

/// Why the next key does not sign.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It must not yet.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// It could not be written down.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Fits the keys to a configuration that may have changed. True if that changed them.
fn amend(keys: &mut [Generated], now: UnixMillis, rotation: Rotation, keep: Duration) -> bool {
    let Some(signs) = plan(now, keys, rotation).signs else {
        return false;
    };
    let mut has_changed = false;
    for Generated { life, .. } in &mut keys[signs..] {
        // Never shorter: tokens of the longer life may be out there.
        has_changed |= life.keep < keep;
        life.keep = life.keep.max(keep);
    }
    let signing = keys[signs].life;
    if let Some(Generated { life: next, .. }) = keys.get_mut(signs + 1)
        && next.rotation != rotation
    {
        next.signs_from = schedule::amended(&signing, next, rotation);
        next.rotation = rotation;
        has_changed = true;
    }
    has_changed
}

fn plan(now: UnixMillis, keys: &[Generated], rotation: Rotation) -> Plan {
    schedule::plan(now, &lives(keys), rotation)
}

fn lives(keys: &[Generated]) -> Vec<Life> {
    keys.iter().map(|generated| generated.life).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Storage, Vault, VaultError};
    use crate::issue::file::{KeyFile, KeysError};
    use crate::issue::schedule::{RotateError, Rotation};
    use crate::signature::Algorithm;
    use crate::time::UnixMillis;

    const HOUR: Rotation = Rotation {
        every: Duration::from_secs(3600),
    };
    const DAY: Rotation = Rotation {
        every: Duration::from_secs(86_400),
    };
    const KEEP: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> UnixMillis {
        UnixMillis::from_seconds(seconds)
    }

    fn open(directory: &std::path::Path) -> Vault {
        let file = KeyFile::new(directory, Algorithm::Ed25519);
        Vault::open(Algorithm::Ed25519, Storage::File(file)).expect("opened")
    }

    fn ids(vault: &Vault, now: UnixMillis, rotation: Rotation) -> (String, Vec<String>) {
        let offer = vault.offer(now, rotation);
        let id = |key: &std::sync::Arc<super::NamedKey>| key.id().to_owned();
        let signs = offer.signs.as_ref().map(id).expect("a key signs");
        (signs, offer.published.iter().map(id).collect())
    }

    #[test]
    fn a_restart_changes_nothing() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let mut vault = open(directory.path());
        vault.turn(at(0), HOUR, KEEP).expect("turned");
        let before = ids(&vault, at(1), HOUR);
        assert_eq!(before.1.len(), 2);
        let mut again = open(directory.path());
        again.turn(at(1), HOUR, KEEP).expect("turned");
        assert_eq!(ids(&again, at(1), HOUR), before);
    }

    #[test]
    fn the_next_key_takes_over_and_the_old_one_goes_when_its_last_token_has() {
        let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
        vault.turn(at(0), HOUR, KEEP).expect("turned");
        let (first, published) = ids(&vault, at(0), HOUR);
        vault.turn(at(3600), HOUR, KEEP).expect("turned");
        let (second, more) = ids(&vault, at(3600), HOUR);
        assert_eq!((&published[0], &published[1]), (&first, &second));
        assert_eq!((more.len(), &more[0]), (3, &first));
        vault.turn(at(3660), HOUR, KEEP).expect("turned");
        let (_, last) = ids(&vault, at(3660), HOUR);
        assert_eq!(last, more[1..]);
    }

    #[test]
    fn a_full_disk_leaves_the_keys_that_are_there() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let state = directory.path().join("state");
        let mut vault = open(&state);
        vault.turn(at(0), HOUR, KEEP).expect("turned");
        let before = ids(&vault, at(3600), HOUR);
        std::fs::remove_dir_all(&state).expect("removed");
        std::fs::write(&state, "no directory").expect("written");
        let error = vault.turn(at(3600), HOUR, KEEP).expect_err("not writable");
        assert!(matches!(error, KeysError::Unwritable { .. }), "{error}");
        assert_eq!(ids(&vault, at(3600), HOUR), before);
        let error = vault.rotate(at(3000), HOUR).expect_err("not writable");
        assert!(matches!(error, VaultError::Keys(_)), "{error}");
        assert_eq!(ids(&vault, at(3600), HOUR), before);
    }

    #[test]
    fn another_rhythm_and_a_longer_ttl_apply_to_the_keys_that_are_there() {
        let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
        vault.turn(at(0), DAY, KEEP).expect("turned");
        let (first, _) = ids(&vault, at(3600), DAY);
        vault.turn(at(10), HOUR, 2 * KEEP).expect("turned");
        let (second, _) = ids(&vault, at(3600), HOUR);
        assert_ne!(first, second);
        assert!(vault.keys.iter().all(|key| key.life.keep == 2 * KEEP));
        vault.turn(at(20), DAY, KEEP).expect("turned");
        assert_eq!(ids(&vault, at(3600), DAY).0, first);
        assert!(vault.keys.iter().all(|key| key.life.keep == 2 * KEEP));
    }

    #[test]
    fn a_command_moves_on_to_a_key_that_is_known_and_there_is_a_new_next_one() {
        let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
        vault.turn(at(0), DAY, KEEP).expect("turned");
        let error = vault.rotate(at(1), DAY).expect_err("too soon");
        assert!(matches!(
            error,
            VaultError::Rotate(RotateError::TooSoon { .. })
        ));
        let id = vault.rotate(at(600), DAY).expect("rotated");
        vault.turn(at(600), DAY, KEEP).expect("turned");
        let (signs, published) = ids(&vault, at(600), DAY);
        assert_eq!((&*signs, published.len()), (&*id, 3));
    }
}
