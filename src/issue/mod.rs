//! Issuing tokens: signing keys and their rollover, what is published of them, what tokens are
//! like.
//!
//! The [`Desk`] is what everybody holds. What is in force is an immutable snapshot that is swapped:
//! a request signs without a lock and never waits for the control plane, which alone reads and
//! writes keys.

mod client;
mod document;
mod file;
mod grant;
mod hashing;
mod keeper;
mod key;
mod limiter;
mod mint;
mod minter;
mod own;
mod publish;
mod schedule;
mod scopes;
mod settings;
mod signers;
#[cfg(test)]
mod tests;
mod vault;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

use crate::limits::SIGNING_KEY_LOOK_EVERY;
use crate::metrics::{IssueOutcome, Metrics, ProfileMetrics};
use crate::time::{Clock, UnixMillis};

use client::Door;
pub use client::{Client, ClientError};
pub use document::{DocumentSettings, Serialization, SignError};
pub use file::KeysError;
pub use grant::{Grant, Refusal as GrantRefusal, Request as GrantRequest};
pub use hashing::{HashError, SecretHash};
pub use keeper::Prepared;
use keeper::{Keeper, Offer};
pub use key::{NamedKey, is_publishable};
pub use mint::{Issued, MintError, Order, ScopesOf};
pub use minter::InternalTokens;
pub use own::{Follower, OwnKeys};
pub use publish::Document;
pub use schedule::RotateError;
pub use settings::{ClaimSettings, ClaimValue, IssueSettings, KeySettings, Profile};
use signers::Signers;
pub use vault::VaultError;

/// Where tokens are issued.
pub struct Desk {
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    in_force: ArcSwapOption<InForce>,
    own: OwnKeys,
    /// Belongs to the control plane; no request touches it.
    keeper: Mutex<Keeper>,
    door: Door,
    wake: Notify,
}

/// Where generated keys survive a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nowhere.
    Memory,
    /// In this directory.
    Directory(PathBuf),
    /// In this directory, by another process: they are only looked at.
    ReadOnly(PathBuf),
}

/// What issues at one moment: settings and keys that belong together.
pub struct InForce {
    settings: Arc<IssueSettings>,
    signers: Signers,
    key_set: Document,
    metadata: Document,
    meters: BTreeMap<Box<str>, ProfileMetrics>,
}

impl Desk {
    /// Nothing is issued yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, metrics: Arc<Metrics>, state: State) -> Self {
        Self {
            clock,
            metrics,
            in_force: ArcSwapOption::empty(),
            own: OwnKeys::default(),
            keeper: Mutex::new(Keeper::new(state)),
            door: Door::new(),
            wake: Notify::new(),
        }
    }

    /// Reads and makes the keys that `settings` need and that are not there yet: everything that
    /// can go wrong. Nothing is in force before [`Desk::install`].
    ///
    /// # Errors
    /// If kept keys are damaged or unreadable, or new ones cannot be made or kept.
    pub fn prepare(&self, settings: Option<&IssueSettings>) -> Result<Prepared, KeysError> {
        self.keeper().prepare(settings, self.clock.now())
    }

    /// From here on tokens are issued as `settings` say; `None` for none. Generated keys go on.
    pub fn install(&self, settings: Option<IssueSettings>, prepared: Prepared) {
        let mut keeper = self.keeper();
        keeper.install(settings.map(Arc::new), prepared, self.clock.now());
        self.publish(&keeper);
        self.wake.notify_one();
    }

    /// Does what is due: keys are made, change places and go. Returns when to do it again.
    pub fn turn(&self) -> Duration {
        let mut keeper = self.keeper();
        keeper.turn(self.clock.now());
        let offer = self.publish(&keeper);
        let until = offer.until.map(|until| until.since(self.clock.now()));
        // Others who share the keys have told of a new one by the time that a set of theirs is
        // allowed to be as old as it may.
        let look = SIGNING_KEY_LOOK_EVERY.min(offer.max_age);
        until.map_or(look, |until| until.min(look))
    }

    /// Turns whenever it is time, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        loop {
            let desk = Arc::clone(&self);
            // RSA keys take seconds to make, and disks their time.
            let turned = tokio::task::spawn_blocking(move || desk.turn()).await;
            let pause = turned.unwrap_or(SIGNING_KEY_LOOK_EVERY);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// The next generated key, which is published already, signs from now on. Returns the names of
    /// the keys that sign now.
    ///
    /// # Errors
    /// If there is none that others know, or it cannot be written down; then nothing changes.
    pub fn rotate(&self) -> Result<Vec<Box<str>>, VaultError> {
        let mut keeper = self.keeper();
        let rotated = keeper.rotate(self.clock.now());
        self.publish(&keeper);
        self.wake.notify_one();
        rotated
    }

    /// The public keys, for those who verify in this process.
    #[must_use]
    pub const fn own(&self) -> &OwnKeys {
        &self.own
    }

    /// What issues now; `None` if nothing does. Load it once a request.
    #[must_use]
    pub fn in_force(&self) -> Option<Arc<InForce>> {
        self.in_force.load_full()
    }

    /// The client that `authorization` (HTTP Basic) names, with the right secret. The secret is
    /// checked on a thread of its own; a client who does not exist costs as much.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn recognise(
        &self,
        in_force: &InForce,
        authorization: Option<&[u8]>,
        address: Option<IpAddr>,
    ) -> Result<Arc<Client>, ClientError> {
        let clients = &in_force.settings.clients;
        let now = self.now();
        self.door
            .recognise(clients, authorization, address, now)
            .await
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Swaps what is in force. Whoever verifies in this process knows a key before it signs.
    fn publish(&self, keeper: &Keeper) -> Offer {
        let offer = keeper.offer(self.clock.now());
        let Some(settings) = keeper.settings() else {
            self.in_force.store(None);
            self.own.publish(None);
            return offer;
        };
        let key_set = publish::key_set(&offer.published, offer.max_age);
        let metadata = publish::metadata(settings, &offer.published, offer.max_age);
        let profiles = settings.profiles.iter().map(|profile| &*profile.name);
        let meter = |name: &str| (Box::from(name), self.metrics.profile(name));
        let in_force = InForce {
            settings: Arc::clone(settings),
            signers: offer.signers.clone(),
            metadata,
            meters: profiles.chain([UNKNOWN_PROFILE]).map(meter).collect(),
            key_set,
        };
        self.own.publish(Some(in_force.key_set.body.clone()));
        self.in_force.store(Some(Arc::new(in_force)));
        offer
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        // Whatever it does is done on copies first, so a panic does not spoil it.
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InForce {
    /// The profile of this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        let mut profiles = self.settings.profiles.iter();
        profiles.find(|profile| &*profile.name == name)
    }

    /// Signs a token, and counts it. Refusals are counted by whoever asked: [`InForce::refused`].
    ///
    /// # Errors
    /// [`MintError`].
    pub fn issue(&self, order: &Order<'_>, now: UnixMillis) -> Result<Issued, MintError> {
        self.issue_as(&self.settings.issuer, order, now)
    }

    /// The same for an `issuer` that was in force when the request was judged.
    fn issue_as(
        &self,
        issuer: &str,
        order: &Order<'_>,
        now: UnixMillis,
    ) -> Result<Issued, MintError> {
        let key = self.signers.at(now).ok_or(MintError::NoKey)?;
        let issued = mint::mint(issuer, key, order, now)?;
        self.count(&order.profile.name, IssueOutcome::Issued);
        Ok(issued)
    }

    /// A request got no token; `profile` is what it should have been like, if known.
    pub fn refused(&self, profile: &str) {
        let is_known = self.meters.contains_key(profile);
        let profile = if is_known { profile } else { UNKNOWN_PROFILE };
        self.count(profile, IssueOutcome::Refused);
    }

    /// The public keys (RFC 7517 5).
    #[must_use]
    pub const fn key_set(&self) -> &Document {
        &self.key_set
    }

    /// The metadata (RFC 8414, OpenID Connect Discovery).
    #[must_use]
    pub const fn metadata(&self) -> &Document {
        &self.metadata
    }

    fn count(&self, profile: &str, outcome: IssueOutcome) {
        if let Some(meter) = self.meters.get(profile) {
            meter.count(outcome);
        }
    }
}

/// The label of refusals for which no profile is known. A name is never empty.
const UNKNOWN_PROFILE: &str = "";

impl fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Desk").finish_non_exhaustive()
    }
}
