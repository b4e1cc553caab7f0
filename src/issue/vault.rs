//! The generated keys of one algorithm: made ahead, saved before they are used, dropped late.
//!
//! Several processes may keep theirs in one file: whoever changes it holds a lock, and everybody
//! looks at it again and again.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::file::{Generated, KeyFile, KeysError, Saved};
use super::key::NamedKey;
use super::schedule::{self, Life, Plan, RotateError, Rotation};
use super::signers::Signers;
use crate::signature::Algorithm;
use crate::time::UnixMillis;

/// The keys, and where they are kept.
#[derive(Debug)]
pub(super) struct Vault {
    algorithm: Algorithm,
    /// In the order of `signs_from`.
    keys: Vec<Generated>,
    storage: Storage,
    /// What the file had when it was last read or written.
    seen: Option<Saved>,
    /// Whether the keys differ from what is saved.
    is_unsaved: bool,
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
    /// The keys that sign now and later.
    pub(super) signers: Signers,
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
        let mut vault = Self {
            algorithm,
            keys: Vec::new(),
            storage,
            seen: None,
            is_unsaved: false,
        };
        vault.look()?;
        Ok(vault)
    }

    /// Of what they are.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether there is nothing to sign with.
    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Does what is due at `now`: takes over what another process did, drops what is over, makes
    /// the next key. Tokens live for `keep` at most.
    ///
    /// # Errors
    /// If keys cannot be made, saved or looked at. Those that are there go on then.
    pub(super) fn turn(
        &mut self,
        now: UnixMillis,
        rotation: Rotation,
        keep: Duration,
    ) -> Result<(), KeysError> {
        self.amend(now, rotation, keep);
        self.look()?;
        self.amend(now, rotation, keep);
        if !self.is_unsaved && !self.is_due(now, rotation) {
            return Ok(());
        }
        let lock = match &self.storage {
            Storage::Memory => None,
            Storage::File(file) => Some(file.lock()?),
            Storage::ReadOnly(_) => return Ok(()),
        };
        // Whoever had the lock before may have done it all.
        self.look()?;
        self.amend(now, rotation, keep);
        let mut keys = self.keys.clone();
        // Before any is dropped: what others were told while it was there may still hold.
        let lead = schedule::lead(&lives(&keys), rotation);
        let first = plan(now, &keys, rotation).published.first().copied();
        keys.drain(..first.unwrap_or_default());
        let mut is_changed = self.is_unsaved || first.is_some_and(|first| first > 0);
        while let Some(regular) = plan(now, &keys, rotation).wanted {
            let known_from = if keys.is_empty() {
                now
            } else {
                now.saturating_add(lead)
            };
            let life = Life {
                known_from,
                signs_from: regular.max(known_from),
                keep,
                rotation,
                told: rotation.max_age(),
            };
            let key = Arc::new(NamedKey::generate(self.algorithm)?);
            keys.push(Generated { life, key });
            is_changed = true;
        }
        if is_changed {
            self.commit(keys)?;
        }
        drop(lock);
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
        let lock = match &self.storage {
            Storage::File(file) => Some(file.lock()?),
            Storage::Memory | Storage::ReadOnly(_) => None,
        };
        self.look()?;
        let next = schedule::rotate(now, &lives(&self.keys), rotation)?;
        let mut keys = self.keys.clone();
        keys[next].life.signs_from = now;
        let id = keys[next].key.id().into();
        self.commit(keys)?;
        drop(lock);
        Ok(id)
    }

    /// Fits the keys to a configuration that may have changed. In memory at once: tokens of a
    /// longer life may be signed from here on, and others told to keep the keys for longer, whatever
    /// the disk is like.
    pub(super) fn amend(&mut self, now: UnixMillis, rotation: Rotation, keep: Duration) {
        let Some(signs) = plan(now, &self.keys, rotation).signs else {
            return;
        };
        for Generated { life, .. } in &mut self.keys[signs..] {
            // Never shorter: tokens of the longer life may be out there.
            self.is_unsaved |= raise(&mut life.keep, keep);
        }
        if let Some(Generated { life: newest, .. }) = self.keys.last_mut() {
            self.is_unsaved |= raise(&mut newest.told, rotation.max_age());
        }
        let signing = self.keys[signs].life;
        if let Some(Generated { life: next, .. }) = self.keys.get_mut(signs + 1)
            && next.rotation != rotation
        {
            let regular = signing.signs_from.saturating_add(rotation.every);
            // Not in the past, where the one before it signed.
            next.signs_from = regular.max(next.known_from).max(now);
            next.rotation = rotation;
            self.is_unsaved = true;
        }
    }

    /// What it offers at `now`.
    pub(super) fn offer(&self, now: UnixMillis, rotation: Rotation) -> Offer {
        let plan = plan(now, &self.keys, rotation);
        let signers = self.keys.iter().skip(plan.signs.unwrap_or_default());
        let signers = signers.map(|it| (it.life.signs_from, Arc::clone(&it.key)));
        let key = |index: &usize| Arc::clone(&self.keys[*index].key);
        Offer {
            signers: signers.collect(),
            published: plan.published.iter().map(key).collect(),
            until: plan.signs.map(|_| plan.until),
        }
    }

    /// Whether there is a key to be dropped or made.
    fn is_due(&self, now: UnixMillis, rotation: Rotation) -> bool {
        let plan = plan(now, &self.keys, rotation);
        plan.wanted.is_some() || plan.published.first().is_some_and(|first| *first > 0)
    }

    /// Takes over what another process saved. A file that is gone is to be written again.
    ///
    /// # Errors
    /// If it is damaged or cannot be read; the keys that are there go on then.
    pub(super) fn look(&mut self) -> Result<(), KeysError> {
        let file = match &self.storage {
            Storage::Memory => return Ok(()),
            Storage::File(file) | Storage::ReadOnly(file) => file,
        };
        let Some(saved) = file.read()? else {
            self.is_unsaved = !self.keys.is_empty();
            return Ok(());
        };
        if self.seen.as_ref() != Some(&saved) {
            let theirs = file.parse(&saved, self.algorithm)?;
            let ours = mem::replace(&mut self.keys, theirs);
            self.seen = Some(saved);
            self.is_unsaved = take_over(&ours, &mut self.keys);
        }
        Ok(())
    }

    /// Puts `keys` in force, once they are where a restart finds them.
    fn commit(&mut self, keys: Vec<Generated>) -> Result<(), KeysError> {
        if let Storage::File(file) = &self.storage {
            self.seen = Some(file.save(&keys)?);
        }
        self.keys = keys;
        self.is_unsaved = false;
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

/// Takes what was said of the keys in `before` over to `keys`, by another process that had not heard of
/// it: tokens of a longer life may be out there, and sets that are kept for longer. Returns whether
/// that changes anything.
fn take_over(before: &[Generated], keys: &mut [Generated]) -> bool {
    let mut is_changed = false;
    for Generated { life, key } in keys {
        let mut before = before.iter();
        if let Some(before) = before.find(|before| before.key.id() == key.id()) {
            is_changed |= raise(&mut life.keep, before.life.keep);
            is_changed |= raise(&mut life.told, before.life.told);
        }
    }
    is_changed
}

/// Makes what was promised at least as long as `to`. Returns whether that changes it.
fn raise(promised: &mut Duration, to: Duration) -> bool {
    let is_shorter = *promised < to;
    *promised = to.max(*promised);
    is_shorter
}

fn plan(now: UnixMillis, keys: &[Generated], rotation: Rotation) -> Plan {
    schedule::plan(now, &lives(keys), rotation)
}

fn lives(keys: &[Generated]) -> Vec<Life> {
    keys.iter().map(|generated| generated.life).collect()
}

#[cfg(test)]
mod tests;
