//! Names, meanings and bounds of all metrics: the contract with dashboards and alerts.

/// One metric: its name and what it means.
#[derive(Clone, Copy)]
pub(super) struct Metric {
    /// Its name; unit last, `_total` for counters.
    pub(super) name: &'static str,
    /// One sentence for `# HELP`.
    pub(super) help: &'static str,
}

const fn metric(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help }
}

pub(super) const DECISIONS: Metric = metric(
    "jotgate_decisions_total",
    "Decisions made, by transport, verdict and reason.",
);
pub(super) const DECISION_DURATION: Metric = metric(
    "jotgate_decision_duration_seconds",
    "Time from the decoded request to the decision.",
);
pub(super) const INFLIGHT_REQUESTS: Metric =
    metric("jotgate_inflight_requests", "Requests being answered now.");
pub(super) const CACHE_REQUESTS: Metric = metric(
    "jotgate_cache_requests_total",
    "Look-ups in the cache of verified tokens.",
);
pub(super) const CACHE_ENTRIES: Metric = metric(
    "jotgate_cache_entries",
    "Tokens in the cache of verified tokens.",
);
pub(super) const CACHE_BYTES: Metric = metric(
    "jotgate_cache_bytes",
    "Estimated size of the cache of verified tokens.",
);
pub(super) const SIGNATURE_VERIFICATIONS: Metric = metric(
    "jotgate_signature_verifications_total",
    "Signatures checked, by algorithm and result.",
);
pub(super) const KEYS: Metric = metric("jotgate_keys", "Usable keys of the issuer.");
pub(super) const KEYS_SKIPPED: Metric = metric(
    "jotgate_keys_skipped",
    "Keys in the issuer's last key sets that are not used, by cause.",
);
pub(super) const KEY_REFRESH: Metric = metric(
    "jotgate_key_refresh_total",
    "Refreshes of the issuer's keys, by outcome.",
);
pub(super) const KEY_REFRESH_DURATION: Metric = metric(
    "jotgate_key_refresh_duration_seconds",
    "Time that one refresh of the issuer's keys took.",
);
pub(super) const KEYS_LAST_SUCCESS: Metric = metric(
    "jotgate_keys_last_success_timestamp_seconds",
    "When the issuer's keys were last read from their source, in Unix time; 0 if never.",
);
pub(super) const CONFIG_RELOAD: Metric = metric(
    "jotgate_config_reload_total",
    "Reloads of the configuration, by outcome.",
);
pub(super) const CONFIG_GENERATION: Metric = metric(
    "jotgate_config_generation",
    "Number of the configuration in force; grows with every reload that is applied.",
);
pub(super) const TOKENS_ISSUED: Metric = metric(
    "jotgate_tokens_issued_total",
    "Tokens that were to be issued, by profile and outcome.",
);
pub(super) const PANICS: Metric = metric(
    "jotgate_panics_total",
    "Panics that were caught and answered as a refusal. Each is a bug.",
);
pub(super) const BUILD_INFO: Metric = metric(
    "jotgate_build_info",
    "Always 1; the labels tell version and commit.",
);

/// Counters, for their help.
pub(super) const COUNTERS: [Metric; 7] = [
    DECISIONS,
    CACHE_REQUESTS,
    SIGNATURE_VERIFICATIONS,
    KEY_REFRESH,
    CONFIG_RELOAD,
    TOKENS_ISSUED,
    PANICS,
];

/// Gauges, for their help.
pub(super) const GAUGES: [Metric; 8] = [
    INFLIGHT_REQUESTS,
    CACHE_ENTRIES,
    CACHE_BYTES,
    KEYS,
    KEYS_SKIPPED,
    KEYS_LAST_SUCCESS,
    CONFIG_GENERATION,
    BUILD_INFO,
];

/// Upper bounds of the buckets of [`DECISION_DURATION`] in seconds: a decision takes microseconds.
pub(super) const DECISION_DURATION_BOUNDS: [f64; 19] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2,
    5e-2, 0.1, 0.25, 0.5, 1.0,
];

/// Histograms of the recorder and the upper bounds of their buckets in seconds: a refresh crosses a
/// network. The durations of decisions are none of its own, see `tally`.
pub(super) const HISTOGRAMS: [(Metric, &[f64]); 1] = [(
    KEY_REFRESH_DURATION,
    &[
        1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ],
)];
