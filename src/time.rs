//! Points in time as milliseconds since 1970, with arithmetic that cannot wrap.
//!
//! Milliseconds, because a `NumericDate` may have a fraction (RFC 7519 2) and ±2^53 seconds still
//! fit. The core never asks what time it is: `now` is an argument; whoever needs a [`Clock`] is
//! given one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// From whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The milliseconds beyond [`UnixMillis::seconds`], 0 to 999.
    #[must_use]
    pub const fn subsec_millis(self) -> i32 {
        // The remainder of a division by 1000 fits.
        self.0.rem_euclid(1000) as i32
    }

    /// Later by `duration`; stays at the end of time instead of wrapping.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// Earlier by `duration`; stays at the beginning of time instead of wrapping.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long after `earlier`; zero if it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// What time it is, for those who may ask.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        // A clock before 1970 is broken; at zero every token is "not yet valid", which is safe.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixMillis(millis(since_epoch))
    }
}

/// A clock that stands still until it is set: for tests, cases and benchmarks.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn new(now: UnixMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Shows `now` from here on.
    pub fn set(&self, now: UnixMillis) {
        self.0.store(now.0, Ordering::Release);
    }

    /// Moves on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(millis(duration), Ordering::AcqRel);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Acquire))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Clock, ManualClock, UnixMillis};
    use std::time::Duration;

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        assert_eq!(
            UnixMillis(i64::MAX).saturating_add(Duration::MAX),
            UnixMillis(i64::MAX)
        );
        assert_eq!(
            UnixMillis(i64::MIN).saturating_sub(Duration::MAX),
            UnixMillis(i64::MIN)
        );
        assert_eq!(UnixMillis(0).since(UnixMillis(5)), Duration::ZERO);
        assert_eq!(UnixMillis::from_seconds(i64::MAX), UnixMillis(i64::MAX));
    }

    #[test]
    fn times_before_1970_split_into_seconds_and_a_positive_rest() {
        let time = UnixMillis(-1);
        assert_eq!((time.seconds(), time.subsec_millis()), (-1, 999));
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(UnixMillis(7));
        assert_eq!(clock.now(), UnixMillis(7));
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), UnixMillis(1007));
    }
}
