//! When to fetch next: a pure function of what the operator set and what happened last.

use std::time::Duration;

use super::settings::RefreshSettings;

/// How the last fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastFetch {
    /// With good keys, new or not.
    Delivered {
        /// How long HTTP says they stay fresh (RFC 9111 4.2.1), if it does.
        lifetime: Option<Duration>,
    },
    /// Without.
    Failed {
        /// How many have failed since the last good one, at least 1.
        in_a_row: u32,
    },
}

/// The pause from the end of the last fetch to the next. `jitter` is random in 0..1 and keeps many
/// instances from asking all at once.
///
/// - After a good fetch: `every`, or ahead of the end of the HTTP lifetime if that is sooner; up
///   to a tenth earlier by jitter.
/// - After failures: `min_interval`, doubled for each one, up to a minute (or `every`, or
///   `min_interval` where that is longer); up to a quarter later by jitter.
/// - Never less than `min_interval`, never more than 1.25 times the longer of `every` and
///   `min_interval`.
#[must_use]
pub(super) fn next(settings: &RefreshSettings, last: LastFetch, jitter: f64) -> Duration {
    let least = settings.min_interval;
    let most = settings.every.max(least);
    let jitter = jitter.clamp(0.0, 1.0);
    match last {
        LastFetch::Delivered { lifetime } => {
            let ahead = lifetime.map_or(most, |lifetime| scaled(lifetime, AHEAD).min(most));
            scaled(ahead, 1.0 - EARLIER * jitter).max(least)
        }
        LastFetch::Failed { in_a_row } => {
            let doublings = in_a_row.saturating_sub(1).min(31);
            let ceiling = BACKOFF_MAX.min(most).max(least);
            let backoff = least.max(BACKOFF_MIN).saturating_mul(1 << doublings);
            scaled(backoff.min(ceiling), 1.0 + LATER * jitter)
        }
    }
}

/// How long a missing key is not looked for again, once `in_a_row` fetches (at least 1) did not
/// bring it: 1, 2, 4 and then 6 times `min_interval`. So a client that does not let go of an old
/// key soon causes few fetches, and a new key that its provider publishes too late is found
/// within 6 `min_interval`s, or at the next regular fetch.
#[must_use]
pub(super) fn missing(min_interval: Duration, in_a_row: u32) -> Duration {
    let factor = 1 << in_a_row.saturating_sub(1).min(3);
    min_interval
        .saturating_mul(factor.min(MISSING_FACTOR_MAX))
        .min(PAUSE_MAX)
}

/// `duration` times a factor between 0 and 2.
fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(duration)
}

/// The part of an HTTP lifetime after which keys are fetched again.
const AHEAD: f64 = 0.9;
/// Far enough away for tokio's timer, which knows no "never".
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(86_400 * 365);
const MISSING_FACTOR_MAX: u32 = 6;
const EARLIER: f64 = 0.1;
const LATER: f64 = 0.25;
/// An issuer that is back is noticed within a minute or so, however long it was away.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// Where `min_interval` is zero, failures still pause.
const BACKOFF_MIN: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{LastFetch, next};
    use crate::refresh::RefreshSettings;

    fn settings(every: u64, min_interval: u64) -> RefreshSettings {
        RefreshSettings {
            every: Duration::from_millis(every),
            min_interval: Duration::from_millis(min_interval),
            ..RefreshSettings::default()
        }
    }

    fn delivered(lifetime: Option<u64>) -> LastFetch {
        LastFetch::Delivered {
            lifetime: lifetime.map(Duration::from_secs),
        }
    }

    #[test]
    fn pauses_are_what_the_settings_and_http_say() {
        let failed = |in_a_row| LastFetch::Failed { in_a_row };
        for (last, jitter, seconds) in [
            (delivered(None), 0.0, 600.0),
            (delivered(None), 1.0, 540.0),
            (delivered(Some(100)), 0.0, 90.0),
            (delivered(Some(1)), 0.0, 10.0),
            (delivered(Some(86_400)), 0.0, 600.0),
            (failed(1), 0.0, 10.0),
            (failed(1), 1.0, 12.5),
            (failed(2), 0.0, 20.0),
            (failed(3), 0.0, 40.0),
            (failed(4), 0.0, 60.0),
            (failed(u32::MAX), 1.0, 75.0),
        ] {
            let pause = next(&RefreshSettings::default(), last, jitter).as_secs_f64();
            assert!((pause - seconds).abs() < 1e-6, "{last:?} {jitter}: {pause}");
        }
    }

    fn last_fetch() -> impl Strategy<Value = LastFetch> {
        prop_oneof![
            proptest::option::of(any::<u64>()).prop_map(delivered),
            any::<u32>().prop_map(|in_a_row| LastFetch::Failed { in_a_row }),
        ]
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_min_interval_and_never_much_longer_than_every(
            every in 0_u64..1 << 40, least in 0_u64..1 << 40, last in last_fetch(),
            jitter in 0.0..1.0,
        ) {
            let settings = settings(every, least);
            let pause = next(&settings, last, jitter);
            // Factors are applied in floating point.
            let slack = Duration::from_millis(1) + settings.min_interval / 1_000_000;
            prop_assert!(pause + slack >= settings.min_interval);
            let most = settings.every.max(settings.min_interval).max(Duration::from_millis(1));
            prop_assert!(pause <= most.mul_f64(1.26));
        }

        #[test]
        fn more_failures_never_mean_a_shorter_pause(
            every in 1_u64..1 << 30, least in 1_u64..1 << 20, in_a_row in 1_u32..200, jitter in 0.0..1.0,
        ) {
            let settings = settings(every, least);
            let after = |in_a_row| next(&settings, LastFetch::Failed { in_a_row }, jitter);
            prop_assert!(after(in_a_row) <= after(in_a_row + 1));
        }

        #[test]
        fn keys_are_fetched_before_their_lifetime_ends(
            lifetime in 60_u64..1 << 30, jitter in 0.0..1.0,
        ) {
            let pause = next(&settings(u64::MAX >> 8, 10), delivered(Some(lifetime)), jitter);
            prop_assert!(pause < Duration::from_secs(lifetime));
        }
    }
}
