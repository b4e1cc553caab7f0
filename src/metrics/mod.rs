//! What is counted and measured, in Prometheus's text format.
//!
//! Every handle is resolved when it is registered and found by index afterwards: recording neither
//! locks nor looks anything up by name. What requests count, each worker counts for itself, and it
//! becomes one number when somebody asks. Labels are closed sets or names from the configuration,
//! never anything from a token or a request, so the number of series is bounded; each exists at 0
//! from the first scrape. The recorder is not the process's global one, so that several instances
//! can live side by side.

mod describe;
mod issuer;
mod labels;
mod profile;
mod registry;
mod tally;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::metrics::{Counter, Gauge};

use crate::reason::Reason;
use crate::signature::Algorithm;

use describe::{
    BUILD_INFO, CACHE_BYTES, CACHE_ENTRIES, CACHE_REQUESTS, CONFIG_GENERATION, CONFIG_RELOAD,
    DECISIONS, INFLIGHT_REQUESTS, PANICS, SIGNATURE_VERIFICATIONS,
};
pub use issuer::IssuerMetrics;
pub use labels::{
    CacheResult, IssueOutcome, RefreshOutcome, ReloadOutcome, SignatureResult, Transport,
};
pub use profile::ProfileMetrics;
use registry::Registry;
pub use tally::InFlight;
use tally::Tallies;

/// Everything that one running instance counts.
pub struct Metrics {
    registry: Registry,
    tallies: Tallies,
    issuers: Mutex<BTreeMap<Box<str>, Registered>>,
    decisions: [[Counter; Reason::ALL.len()]; Transport::ALL.len()],
    inflight: [Gauge; Transport::ALL.len()],
    cache_requests: [Counter; CacheResult::ALL.len()],
    cache_entries: Gauge,
    cache_bytes: Gauge,
    signatures: [[Counter; SignatureResult::ALL.len()]; Algorithm::ALL.len()],
    reloads: [Counter; ReloadOutcome::ALL.len()],
    generation: Gauge,
    panics: Counter,
}

/// An issuer's series cannot be taken out of the recorder, only left out of what it shows.
struct Registered {
    metrics: IssuerMetrics,
    is_configured: bool,
}

impl Metrics {
    /// All series that do not depend on the configuration, at 0.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        registry
            .gauge(
                BUILD_INFO,
                &[
                    ("version", env!("CARGO_PKG_VERSION")),
                    ("commit", env!("JOTGATE_COMMIT")),
                ],
            )
            .set(1.0);
        Self {
            decisions: Transport::ALL.map(|transport| {
                Reason::ALL.map(|reason| {
                    let labels = [
                        ("transport", transport.label()),
                        ("verdict", reason.class().verdict()),
                        ("reason", reason.code()),
                    ];
                    registry.counter(DECISIONS, &labels)
                })
            }),
            inflight: Transport::ALL.map(|transport| {
                registry.gauge(INFLIGHT_REQUESTS, &[("transport", transport.label())])
            }),
            cache_requests: CacheResult::ALL
                .map(|result| registry.counter(CACHE_REQUESTS, &[("result", result.label())])),
            cache_entries: registry.gauge(CACHE_ENTRIES, &[]),
            cache_bytes: registry.gauge(CACHE_BYTES, &[]),
            signatures: Algorithm::ALL.map(|algorithm| {
                SignatureResult::ALL.map(|result| {
                    let labels = [("alg", algorithm.name()), ("result", result.label())];
                    registry.counter(SIGNATURE_VERIFICATIONS, &labels)
                })
            }),
            reloads: ReloadOutcome::ALL
                .map(|outcome| registry.counter(CONFIG_RELOAD, &[("outcome", outcome.label())])),
            generation: registry.gauge(CONFIG_GENERATION, &[]),
            panics: registry.counter(PANICS, &[]),
            issuers: Mutex::default(),
            tallies: Tallies::new(),
            registry,
        }
    }

    /// A decision was made for `transport`, and took that long.
    pub fn decided(&self, transport: Transport, reason: Reason, took: Duration) {
        self.tallies.mine().decided(transport, reason, took);
    }

    /// A request is being worked on until the guard is dropped.
    #[must_use]
    pub fn began(&self, transport: Transport) -> InFlight<'_> {
        self.tallies.mine().began(transport)
    }

    /// The cache was asked for a token.
    pub fn cache_asked(&self, result: CacheResult) {
        self.tallies.mine().cache_asked(result);
    }

    /// How full the cache is.
    pub fn cache_size(&self, entries: u64, bytes: u64) {
        self.cache_entries.set(approximate(entries));
        self.cache_bytes.set(approximate(bytes));
    }

    /// A signature was checked.
    pub fn signature(&self, algorithm: Algorithm, result: SignatureResult) {
        self.tallies.mine().signature(algorithm, result);
    }

    /// A reload of the configuration ended.
    pub fn reloaded(&self, outcome: ReloadOutcome) {
        self.reloads[outcome.index()].increment(1);
    }

    /// The number of the configuration in force.
    pub fn generation(&self, generation: u64) {
        self.generation.set(approximate(generation));
    }

    /// A panic was caught and answered as a refusal.
    pub fn panicked(&self) {
        self.panics.increment(1);
    }

    /// The series of one issuer, registered on first use. For load and reload, not for requests.
    #[must_use]
    pub fn issuer(&self, name: &str) -> IssuerMetrics {
        let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        let registered = issuers.entry(name.into()).or_insert_with(|| Registered {
            metrics: IssuerMetrics::register(&self.registry, name),
            is_configured: true,
        });
        registered.is_configured = true;
        registered.metrics.clone()
    }

    /// The series of one profile of tokens, registered on first use. For load and reload, not for
    /// requests.
    #[must_use]
    pub fn profile(&self, name: &str) -> ProfileMetrics {
        ProfileMetrics::register(&self.registry, name)
    }

    /// Shows only these issuers from here on: a gauge of an issuer that is gone would raise alarms
    /// for ever.
    pub fn retain_issuers<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        for registered in issuers.values_mut() {
            registered.is_configured = false;
        }
        for name in names {
            if let Some(registered) = issuers.get_mut(name) {
                registered.is_configured = true;
            }
        }
    }

    /// Everything in Prometheus's text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        self.sum_up();
        let mut text = self.registry.render();
        self.tallies
            .write_durations(&mut text)
            .expect("text takes whatever is written");
        let gone = self.labels_of_gone_issuers();
        if gone.is_empty() {
            return text;
        }
        text.split_inclusive('\n')
            .filter(|line| !gone.iter().any(|label| line.contains(label)))
            .collect()
    }

    /// Moves the samples of histograms to where they take no more room. The control plane calls
    /// this about once a second; it is what bounds the memory between two scrapes.
    pub fn upkeep(&self) {
        self.registry.upkeep();
    }

    /// Tells the recorder what the workers have counted.
    fn sum_up(&self) {
        for transport in Transport::ALL {
            for reason in Reason::ALL {
                let count = self.tallies.decisions(transport, reason);
                self.decisions[transport.index()][reason.index()].absolute(count);
            }
            let in_flight = self.tallies.in_flight(transport);
            self.inflight[transport.index()].set(approximate(in_flight));
        }
        for result in CacheResult::ALL {
            let count = self.tallies.cache_requests(result);
            self.cache_requests[result.index()].absolute(count);
        }
        for algorithm in Algorithm::ALL {
            for result in SignatureResult::ALL {
                let count = self.tallies.signatures(algorithm, result);
                self.signatures[algorithm.index()][result.index()].absolute(count);
            }
        }
    }

    fn labels_of_gone_issuers(&self) -> Vec<String> {
        let issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        issuers
            .iter()
            .filter(|(_, registered)| !registered.is_configured)
            .map(|(name, _)| registry::rendered_label("issuer", name))
            .collect()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Gauges are floating point: beyond 2^53 the last digits do not matter to a chart.
const fn approximate(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
