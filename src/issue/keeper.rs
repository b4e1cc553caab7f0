//! Who keeps the signing keys: the control plane's half of the desk.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::State;
use super::file::{KeyFile, KeysError};
use super::key::NamedKey;
use super::schedule::{RotateError, Rotation};
use super::settings::{IssueSettings, KeySettings};
use super::signers::Signers;
use super::vault::{Storage, Vault, VaultError};
use crate::limits::{PUBLISHED_KEYS_MAX_AGE, SIGNING_KEY_LOOK_EVERY};
use crate::signature::Algorithm;
use crate::time::UnixMillis;

/// The settings in force and the keys behind them.
#[derive(Debug)]
pub(super) struct Keeper {
    state: State,
    settings: Option<Arc<IssueSettings>>,
    /// One for each algorithm that is generated.
    vaults: Vec<Vault>,
    /// What was wrong the last time, so that it is told once and not at every look.
    trouble: Option<String>,
}

/// Keys that are there and not yet in force.
#[derive(Debug, Default)]
pub struct Prepared(Vec<Vault>);

/// All keys together, at one moment.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) signers: Signers,
    pub(super) published: Vec<Arc<NamedKey>>,
    /// How long others may keep them.
    pub(super) max_age: Duration,
    pub(super) until: Option<UnixMillis>,
}

impl Keeper {
    pub(super) const fn new(state: State) -> Self {
        Self {
            state,
            settings: None,
            vaults: Vec::new(),
            trouble: None,
        }
    }

    pub(super) const fn settings(&self) -> Option<&Arc<IssueSettings>> {
        self.settings.as_ref()
    }

    /// Opens the vaults that `settings` need and that are not open, and looks at the others: what
    /// is said of a key under new settings should be said of those that are there now.
    pub(super) fn prepare(
        &mut self,
        settings: Option<&IssueSettings>,
        now: UnixMillis,
    ) -> Result<Prepared, KeysError> {
        let mut fresh = Vec::new();
        for (algorithm, rotation) in settings.iter().flat_map(|settings| generated(settings)) {
            let mut vaults = self.vaults.iter_mut();
            if let Some(vault) = vaults.find(|vault| vault.algorithm() == algorithm) {
                // The next turn tells of what is wrong.
                let _ = vault.look();
                continue;
            }
            let storage = match &self.state {
                State::Memory => Storage::Memory,
                State::Directory(path) => Storage::File(KeyFile::new(path, algorithm)),
                State::ReadOnly(path) => Storage::ReadOnly(KeyFile::new(path, algorithm)),
            };
            if storage == Storage::Memory {
                warn!(
                    algorithm = algorithm.name(),
                    "signing keys are kept in memory alone: every restart makes all tokens issued \
                     before invalid; name `server.state_dir`"
                );
            }
            let mut vault = Vault::open(algorithm, storage)?;
            let keep = settings.map_or(Duration::ZERO, IssueSettings::keep);
            if let Err(problem) = vault.turn(now, rotation, keep) {
                // Keys that are there sign, whatever the disk is like.
                if vault.is_empty() {
                    return Err(problem);
                }
                error!(%problem, "signing keys cannot be rolled over");
            }
            fresh.push(vault);
        }
        Ok(Prepared(fresh))
    }

    pub(super) fn install(
        &mut self,
        settings: Option<Arc<IssueSettings>>,
        prepared: Prepared,
        now: UnixMillis,
    ) {
        self.vaults.extend(prepared.0);
        let needed: Vec<_> = settings.iter().flat_map(|it| generated(it)).collect();
        let keep = settings.as_ref().map(|settings| settings.keep());
        self.vaults.retain_mut(|vault| {
            let mut needed = needed.iter();
            let needed = needed.find(|(algorithm, _)| *algorithm == vault.algorithm());
            if let (Some((_, rotation)), Some(keep)) = (needed, keep) {
                vault.amend(now, *rotation, keep);
            }
            needed.is_some()
        });
        self.settings = settings;
    }

    /// Does what is due in every vault; what cannot be done is logged and tried again.
    pub(super) fn turn(&mut self, now: UnixMillis) {
        let Some(settings) = self.settings.clone() else {
            return;
        };
        let before = self.signing(now);
        let mut trouble = None;
        for (algorithm, rotation) in generated(&settings) {
            let mut vaults = self.vaults.iter_mut();
            let vault = vaults.find(|vault| vault.algorithm() == algorithm);
            if let Some(Err(problem)) =
                vault.map(|vault| vault.turn(now, rotation, settings.keep()))
            {
                trouble = Some(problem.to_string());
            }
        }
        if let Some(problem) = trouble.as_ref().filter(|_| trouble != self.trouble) {
            error!(problem, "signing keys cannot be rolled over");
        }
        self.trouble = trouble;
        let after = self.signing(now);
        if before != after {
            info!(key = after.as_deref(), "another key signs");
        }
    }

    /// Moves every generated kind on to its next key.
    pub(super) fn rotate(&mut self, now: UnixMillis) -> Result<Vec<Box<str>>, VaultError> {
        let settings = self.settings.clone();
        let generated: Vec<_> = settings.iter().flat_map(|it| generated(it)).collect();
        if generated.is_empty() {
            return Err(RotateError::NotGenerated.into());
        }
        let mut names = Vec::new();
        for (algorithm, rotation) in generated {
            let mut vaults = self.vaults.iter_mut();
            let vault = vaults.find(|vault| vault.algorithm() == algorithm);
            let vault = vault.ok_or(RotateError::NoNext)?;
            let name = vault.rotate(now, rotation)?;
            info!(key = &*name, "another key signs, by command");
            names.push(name);
        }
        Ok(names)
    }

    /// What signs and what is published at `now`.
    pub(super) fn offer(&self, now: UnixMillis) -> Offer {
        let mut all = Offer {
            max_age: PUBLISHED_KEYS_MAX_AGE,
            ..Offer::default()
        };
        let keys = self.settings.iter().flat_map(|settings| &settings.keys);
        for (place, key) in keys.enumerate() {
            let signers = match key {
                KeySettings::Given(key) => {
                    all.published.push(Arc::clone(key));
                    Signers::always(Arc::clone(key))
                }
                KeySettings::Generate {
                    algorithm,
                    rotate_every,
                } => {
                    let rotation = Rotation {
                        every: *rotate_every,
                    };
                    let mut vaults = self.vaults.iter();
                    let vault = vaults.find(|vault| vault.algorithm() == *algorithm);
                    let offer = vault.map(|vault| vault.offer(now, rotation));
                    let offer = offer.unwrap_or_default();
                    all.published.extend(offer.published);
                    all.max_age = all.max_age.min(rotation.max_age());
                    let until = offer.until.into_iter().chain(all.until);
                    all.until = until.min();
                    offer.signers
                }
            };
            if place == 0 {
                all.signers = signers;
            }
        }
        if self.trouble.is_some() {
            let again = now.saturating_add(SIGNING_KEY_LOOK_EVERY);
            all.until = Some(again);
        }
        all
    }

    fn signing(&self, now: UnixMillis) -> Option<Box<str>> {
        self.offer(now).signers.at(now).map(|key| key.id().into())
    }
}

/// The kinds of keys that are made here.
fn generated(settings: &IssueSettings) -> Vec<(Algorithm, Rotation)> {
    let kinds = settings.keys.iter().filter_map(|key| match key {
        KeySettings::Generate {
            algorithm,
            rotate_every,
        } => {
            let every = *rotate_every;
            Some((*algorithm, Rotation { every }))
        }
        KeySettings::Given(_) => None,
    });
    kinds.collect()
}
