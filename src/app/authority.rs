//! Which configuration is in force, and the keys behind it.
//!
//! The one place that makes an [`Authorizer`] out of a [`Config`], at the start and at a reload.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::spans;
use crate::admin::ReloadStatus;
use crate::authorizer::{Authorizer, Parts};
use crate::cache::TokenCache;
use crate::config::{Config, IssuerSettings};
use crate::consumers::Consumers;
use crate::forward::Minter;
use crate::gate::Gate;
use crate::issue::{self, Desk, InternalTokens, KeysError, Prepared};
use crate::issuers::Issuer;
use crate::keys::KeyStore;
use crate::metrics::Metrics;
use crate::refresh::{self, Environment, KeyPlan, KeyRing};
use crate::rules::Rules;
use crate::telemetry::TraceSettings;
use crate::time::{Clock, SystemClock};

/// The configuration in force with its key rings. Belongs to the control plane.
pub(super) struct Authority {
    state: State,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    gate: Option<Arc<Gate>>,
}

/// What there is of it to look at and to change.
pub(super) struct State {
    /// In force.
    pub(super) config: Config,
    /// By the issuer's name.
    pub(super) rings: BTreeMap<Box<str>, KeyRing>,
    /// Grows with every configuration.
    pub(super) generation: u64,
    /// How the last reload went.
    pub(super) last_reload: Option<ReloadStatus>,
}

impl Authority {
    /// Reads the signing keys and follows the keys of every issuer of `config`; returns also who
    /// judges by it. Must be called within the control plane's runtime.
    ///
    /// # Errors
    /// If signing keys cannot be read or made.
    pub(super) fn new(
        config: Config,
        clock: &Arc<dyn Clock>,
        metrics: &Arc<Metrics>,
        signing: issue::State,
    ) -> Result<(Self, Authorizer), KeysError> {
        let desk = Arc::new(Desk::new(Arc::clone(clock), Arc::clone(metrics), signing));
        let prepared = desk.prepare(config.issue.as_ref())?;
        desk.install(config.issue.clone(), prepared);
        let rings = follow(&config, BTreeMap::new(), &desk, clock, metrics);
        let state = State {
            config,
            rings,
            generation: 1,
            last_reload: None,
        };
        let cache = TokenCache::new(state.config.cache);
        let authorizer = state.authorizer(cache, &desk);
        metrics.generation(state.generation);
        let clock = Arc::clone(clock);
        let authority = Self {
            state,
            desk,
            clock,
            metrics: Arc::clone(metrics),
            gate: None,
        };
        Ok((authority, authorizer))
    }

    /// Where tokens are issued.
    pub(super) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Ties it to the gate that its authorizers are installed in.
    pub(super) fn guard(&mut self, gate: Gate) -> Arc<Gate> {
        let gate = Arc::new(gate);
        self.gate = Some(Arc::clone(&gate));
        gate
    }

    /// The gate.
    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(
            self.gate
                .as_ref()
                .expect("tied to a gate before anything runs"),
        )
    }

    /// Starts to trace requests, if that is configured.
    pub(super) fn trace(&self) {
        let settings = self.state.config.traces.as_ref();
        spans::install(&self.gate(), settings, &self.clock);
    }

    /// For those who look at it and the one who changes it.
    pub(super) fn share(self) -> Shared {
        let gate = self.gate();
        let Self {
            state,
            desk,
            clock,
            metrics,
            ..
        } = self;
        Shared(Arc::new(Inner {
            state: Mutex::new(state),
            desk,
            clock,
            metrics,
            gate,
        }))
    }
}

/// The authority, shared within the control plane. No request ever touches its lock.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    gate: Arc<Gate>,
}

impl Shared {
    /// What stands now. Not to be held across an `.await`.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who judges.
    pub(super) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Where tokens are issued.
    pub(super) fn desk(&self) -> &Arc<Desk> {
        &self.0.desk
    }

    /// What time it is.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Who counts.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Puts `config` in force: one swap, after everything that it needs is there. Issuers whose
    /// sources did not change keep their keys, and so do those that are generated for signing.
    pub(super) fn install(&self, config: Config, signing: Prepared) {
        let mut state = self.state();
        let issues = config.issue.is_some();
        if issues {
            self.desk().install(config.issue.clone(), signing);
        }
        let rings = std::mem::take(&mut state.rings);
        state.rings = follow(&config, rings, self.desk(), &self.0.clock, &self.0.metrics);
        let cache = self.gate().authorizer().cache().clone();
        let is_same_size = cache.settings() == config.cache;
        let cache = if is_same_size {
            cache
        } else {
            TokenCache::new(config.cache)
        };
        state.generation += 1;
        // A secret that is sent along may be another one now, in the same place.
        let sends_secrets = |it: &TraceSettings| !it.headers.is_empty();
        let may_differ = config.traces.as_ref().is_some_and(sends_secrets);
        if may_differ || state.config.traces != config.traces {
            spans::install(self.gate(), config.traces.as_ref(), &self.0.clock);
        }
        state.config = config;
        self.0.metrics.generation(state.generation);
        let key = state.config.fingerprint_key.clone();
        self.gate().log_decisions(state.config.log.decisions, key);
        self.gate().install(state.authorizer(cache, self.desk()));
        if !issues {
            // Only now: until here requests were judged by a configuration that signs.
            self.desk().install(None, Prepared::default());
        }
    }

    /// Ends once every issuer that is not optional has had keys.
    pub(super) fn awaited(&self) -> impl Future<Output = ()> + use<> {
        let state = self.state();
        let awaited = state
            .config
            .issuers
            .iter()
            .filter(|issuer| !issuer.optional);
        let rings = awaited.filter_map(|issuer| state.rings.get(&issuer.policy.name));
        let mut ready: Vec<_> = rings.map(KeyRing::ready).collect();
        async move {
            for ready in &mut ready {
                // A ring that is gone was replaced by a reload; it is waited for no more.
                let _ = ready.wait_for(|is_ready| *is_ready).await;
            }
        }
    }
}

impl State {
    /// Who judges by the configuration, with the keys of the rings.
    fn authorizer(&self, cache: TokenCache, desk: &Arc<Desk>) -> Authorizer {
        let keys = |issuer: &IssuerSettings| {
            let ring = self.rings.get(&issuer.policy.name)?;
            Some(Arc::clone(ring.keys()))
        };
        let consumers = Arc::clone(&self.config.consumers);
        let minter = minter(&self.config, desk);
        let generation = self.generation;
        authorizer(&self.config, keys, consumers, cache, generation, minter)
    }
}

/// Who makes the tokens that requests carry upstream, if `config` issues any.
pub(super) fn minter(config: &Config, desk: &Arc<Desk>) -> Option<Arc<dyn Minter>> {
    let settings = Arc::new(config.issue.clone()?);
    Some(Arc::new(InternalTokens::new(Arc::clone(desk), settings)))
}

/// The same without a service: the keys are made now and end with it.
pub(super) fn passing_minter(config: &Config) -> Option<Arc<dyn Minter>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let desk = Desk::new(clock, Arc::new(Metrics::new()), issue::State::Memory);
    let prepared = desk.prepare(config.issue.as_ref()).ok()?;
    desk.install(config.issue.clone(), prepared);
    minter(config, &Arc::new(desk))
}

/// Who judges by `config`, with the keys that `keys` has for its issuers, and `consumers`.
pub(super) fn authorizer(
    config: &Config,
    keys: impl Fn(&IssuerSettings) -> Option<Arc<KeyStore>>,
    consumers: Arc<Consumers>,
    cache: TokenCache,
    generation: u64,
    minter: Option<Arc<dyn Minter>>,
) -> Authorizer {
    let issuers = config.issuers.iter().filter_map(|issuer| {
        Some(Arc::new(Issuer {
            policy: issuer.policy.clone(),
            keys: keys(issuer)?,
        }))
    });
    Authorizer::new(Parts {
        issuers: issuers.collect(),
        consumers,
        rules: Rules::new(config.rules.clone(), config.beside.clone()),
        limits: config.token_limits,
        cache,
        minter,
        bypass_cors_preflight: config.bypass_cors_preflight,
        generation,
    })
}

/// A ring for each issuer of `config`; those of `before` that have the same plan go on.
fn follow(
    config: &Config,
    mut before: BTreeMap<Box<str>, KeyRing>,
    desk: &Desk,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> BTreeMap<Box<str>, KeyRing> {
    let ring = |issuer: &IssuerSettings| {
        let name = issuer.policy.name.clone();
        let plan = KeyPlan {
            name: name.clone(),
            issuer: issuer.policy.issuer.clone(),
            algorithms: issuer.policy.algorithms,
            sources: issuer.sources.clone(),
        };
        let predecessor = match before.remove(&name) {
            Some(ring) if *ring.plan() == plan => return (name, ring),
            predecessor => predecessor,
        };
        let environment = Environment {
            clock: Arc::clone(clock),
            observer: Arc::new(metrics.issuer(&name)),
            state_dir: config.server.state_dir.clone(),
            own: desk.own().clone(),
        };
        let ring = match predecessor {
            // Its keys go on where the source is the same, so that no request waits for a fetch.
            Some(predecessor) => predecessor.succeeded_by(plan, &environment),
            None => refresh::spawn(plan, &environment),
        };
        (name, ring)
    };
    let rings = config.issuers.iter().map(ring).collect();
    metrics.retain_issuers(config.issuers.iter().map(|issuer| &*issuer.policy.name));
    rings
}
