//! The life of key sets: one loop per source, a pure schedule beside it.
//!
//! A [`KeyRing`] owns all sources of one issuer and publishes what they have to its `KeyStore`.
//! A request can do no more to it than raise the store's flag.

mod discovery;
mod fetch;
mod lifetime;
mod local;
mod missing;
mod observe;
mod own;
mod persist;
mod remote;
mod ring;
mod schedule;
mod settings;
mod slot;
mod source;
mod status;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::issue::{self, OwnKeys};
use crate::keys::{
    Completeness, JwkPolicy, Key, KeySet, KeyStore, SkippedKeys, default_rsa_algorithm,
};
use crate::signature::AlgorithmSet;
use crate::time::Clock;

use discovery::Discovery;
use fetch::{Fetcher, UrlSource};
use local::{Follower, LocalSource};
use persist::StateFile;
use remote::Follow;
use ring::Ring;
use source::{Label, identity};

pub use fetch::is_loopback;
pub use observe::{Observer, Unobserved};
pub use settings::{Encoding, HttpSettings, RefreshSettings, SourceKind, SourceSettings};
pub use source::SourceError;
pub use status::{KeyStatus, KeysFrom, RingStatus, SourceStatus};

/// Where the keys of one issuer come from. Two equal plans give the same keys, so that a reload
/// can leave a ring alone whose plan did not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// The issuer's name in the configuration.
    pub name: Box<str>,
    /// The exact value of `iss`.
    pub issuer: Box<str>,
    /// With what it may sign; decides the algorithm of RSA keys that do not name theirs.
    pub algorithms: AlgorithmSet,
    /// Its sources.
    pub sources: Vec<SourceSettings>,
}

/// What a ring needs of the world.
#[derive(Clone)]
pub struct Environment {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// Where last good sets survive a restart.
    pub state_dir: Option<PathBuf>,
    /// The keys of what is issued here, for the source `own`.
    pub own: OwnKeys,
}

/// The keys of one issuer, kept fresh until it is dropped.
pub struct KeyRing {
    plan: KeyPlan,
    ring: Arc<Ring>,
    tasks: Vec<AbortHandle>,
    /// Drop them and the ring hears no more of our own keys.
    _own: Vec<issue::Follower>,
}

/// Starts to follow the sources of an issuer. What is on this machine is loaded when it returns:
/// keys, PEM files, secrets, and with `state_dir` the last good sets of the sources elsewhere.
///
/// # Panics
/// Outside a tokio runtime: the loops run on the one that it is called from.
#[must_use]
pub fn spawn(plan: KeyPlan, environment: &Environment) -> KeyRing {
    spawn_after(None, plan, environment)
}

fn spawn_after(before: Option<&KeyRing>, plan: KeyPlan, environment: &Environment) -> KeyRing {
    let sources = plan
        .sources
        .iter()
        .map(|source| (Label::new(source, &plan.issuer), source.refresh.max_stale));
    let min_interval = longest_min_interval(&plan.sources);
    let ring = Ring::new(&plan.name, sources.collect(), min_interval, environment);
    let ring = Arc::new(ring);
    let misses = watch::Sender::new(());
    let mut tasks = Vec::new();
    let mut own = Vec::new();
    for (index, source) in plan.sources.iter().enumerate() {
        if source.kind == SourceKind::Own {
            own.push(own::follow(&environment.own, &ring, index, plan.algorithms));
        }
        if let Some(source) = LocalSource::new(&source.kind, plan.algorithms) {
            let mut follower = Follower::new(source, Arc::clone(&ring), index);
            follower.look();
            tasks.push(tokio::spawn(follower.follow()).abort_handle());
        }
        let state = environment.state_dir.as_deref().map(|directory| {
            StateFile::new(directory, &plan.issuer, &identity(source, &plan.issuer))
        });
        let follow = |http: &HttpSettings| {
            let follow = Follow {
                ring: Arc::clone(&ring),
                index,
                settings: source.refresh,
                policy: JwkPolicy::remote(plan.algorithms),
                bytes_max: http.max_bytes,
                state,
                misses: misses.subscribe(),
                saving: None,
            };
            // Keys that are in force are newer than those on disk.
            if !before.is_some_and(|before| before.bequeath(&plan, index, &ring)) {
                follow.restore();
            }
            follow
        };
        let task = match &source.kind {
            SourceKind::Url(url, http) => {
                let fetcher = Fetcher::new(http.clone(), source.refresh.timeout);
                tokio::spawn(follow(http).run(UrlSource::new(url.clone(), fetcher)))
            }
            SourceKind::Discovery(http) => {
                let fetcher = Fetcher::new(http.clone(), source.refresh.timeout);
                tokio::spawn(follow(http).run(Discovery::new(&plan.issuer, fetcher)))
            }
            SourceKind::File(_)
            | SourceKind::Inline(_)
            | SourceKind::Own
            | SourceKind::Pem { .. }
            | SourceKind::Secret { .. } => continue,
        };
        tasks.push(task.abort_handle());
    }
    ring.store().on_miss(move || {
        misses.send_replace(());
    });
    KeyRing {
        plan,
        ring,
        tasks,
        _own: own,
    }
}

/// Of the sources that a missing key is looked for at: whoever does not have it is not asked more
/// often because another may be.
fn longest_min_interval(sources: &[SourceSettings]) -> Duration {
    let remote = sources.iter().filter(|source| match &source.kind {
        SourceKind::Discovery(_) | SourceKind::Url(..) => true,
        SourceKind::File(_)
        | SourceKind::Inline(_)
        | SourceKind::Own
        | SourceKind::Pem { .. }
        | SourceKind::Secret { .. } => false,
    });
    let pauses = remote.map(|source| source.refresh.min_interval);
    pauses.max().unwrap_or_default()
}

impl KeyRing {
    /// The ring of a plan that takes this one's place: a remote source that both have starts with
    /// the keys it has here, so that a change of settings costs no request its key.
    ///
    /// # Panics
    /// As [`spawn`].
    #[must_use]
    pub fn succeeded_by(&self, plan: KeyPlan, environment: &Environment) -> Self {
        spawn_after(Some(self), plan, environment)
    }

    /// Where its keys are published.
    #[must_use]
    pub fn keys(&self) -> &Arc<KeyStore> {
        self.ring.store()
    }

    /// What it was made from.
    #[must_use]
    pub const fn plan(&self) -> &KeyPlan {
        &self.plan
    }

    /// Turns true once there are keys, and stays so.
    #[must_use]
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ring.ready()
    }

    /// What stands now, for people.
    #[must_use]
    pub fn status(&self) -> RingStatus {
        self.ring.status()
    }

    /// Gives `ring` the keys of the source at `index` of its plan, if that source is here too, of
    /// the same issuer, read the same way, and its server had to show no less here: keys that came
    /// before a certificate was pinned may be anybody's.
    fn bequeath(&self, plan: &KeyPlan, index: usize, ring: &Ring) -> bool {
        let is_same_issuer = self.plan.issuer == plan.issuer
            && default_rsa_algorithm(self.plan.algorithms)
                == default_rsa_algorithm(plan.algorithms);
        let there = &plan.sources[index].kind;
        let is_same_place = |here: &SourceSettings| match (&here.kind, there) {
            (SourceKind::Url(here, before), SourceKind::Url(there, after)) => {
                here == there && before.trusts_no_more_than(after)
            }
            (SourceKind::Discovery(before), SourceKind::Discovery(after)) => {
                // Of a URL the scheme is written in it.
                let allows_no_less = !before.allow_http || after.allow_http;
                allows_no_less && before.trusts_no_more_than(after)
            }
            _ => false,
        };
        let here = self.plan.sources.iter().position(is_same_place);
        is_same_issuer && here.is_some_and(|here| ring.inherit(index, &self.ring, here))
    }
}

impl Drop for KeyRing {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The keys that an issuer has without a network.
#[derive(Debug, Default)]
pub struct LocalKeys {
    /// The keys of all local sources.
    pub keys: Vec<Key>,
    /// Keys in them that are not used.
    pub skipped: SkippedKeys,
    /// Local sources without a usable key: position in the list, and why.
    pub errors: Vec<(usize, SourceError)>,
    /// How many sources need a network and were not asked.
    pub remote: usize,
}

/// Reads the local sources among `sources` now: for checks and decisions without a network.
#[must_use]
pub fn load_static(sources: &[SourceSettings], allowed: AlgorithmSet) -> LocalKeys {
    let mut local = LocalKeys::default();
    for (index, source) in sources.iter().enumerate() {
        match LocalSource::new(&source.kind, allowed).map(|source| source.load()) {
            None => local.remote += 1,
            Some(Ok(parsed)) => {
                local.keys.extend(parsed.keys);
                local.skipped.add(&parsed.skipped);
            }
            Some(Err(error)) => local.errors.push((index, error)),
        }
    }
    local
}

impl LocalKeys {
    /// A store with these keys. Where a source is missing, so may be a key: a token that needs one
    /// is `keys_unavailable`.
    #[must_use]
    pub fn into_store(self) -> KeyStore {
        let is_complete = self.remote == 0 && self.errors.is_empty();
        if is_complete {
            return KeyStore::fixed(self.keys);
        }
        let store = KeyStore::loading();
        let keys = self.keys.into_iter().map(Arc::new).collect();
        store.publish(KeySet::new(keys, Completeness::Loading));
        store
    }
}
