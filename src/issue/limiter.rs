//! How often somebody may ask: bounded in memory, without a lock.

use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::quality::RandomState;

use crate::limits::RATE_BUCKETS;
use crate::time::UnixMillis;

/// A number of buckets, each of which fills with what is asked and drains with time. Whoever asks
/// has one by a hash that nobody can foresee; several may share one.
pub(super) struct Limiter {
    /// For each bucket the time, in milliseconds, at which it will be empty (the "theoretical
    /// arrival time" of the generic cell rate algorithm).
    empty_at: Box<[AtomicU64]>,
    hasher: RandomState,
    /// Between two requests, in milliseconds.
    interval: u64,
    /// Requests that may come at once.
    burst: u64,
}

impl Limiter {
    /// `rate` requests a second, and `burst` at once.
    pub(super) fn new((rate, burst): (u32, u32)) -> Self {
        Self {
            empty_at: (0..RATE_BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::default(),
            interval: (1000 / u64::from(rate.max(1))).max(1),
            burst: u64::from(burst),
        }
    }

    /// Counts a request of `who`.
    ///
    /// # Errors
    /// How long to wait, if there were too many; then it is not counted.
    pub(super) fn admit(&self, who: impl Hash, now: UnixMillis) -> Result<(), Duration> {
        let now = u64::try_from(now.0).unwrap_or(0);
        let bucket = self.hasher.hash_one(who) % (self.empty_at.len() as u64);
        let bucket = &self.empty_at[usize::try_from(bucket).unwrap_or_default()];
        let full = self.interval * self.burst;
        let admitted = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty_at| {
            // A clock that went back far must not lock anybody out for as long.
            let is_possible = empty_at <= now.saturating_add(full).saturating_add(CLOCK_STEP);
            let empty_at = if is_possible { empty_at.max(now) } else { now };
            let next = empty_at + self.interval;
            (next <= now.saturating_add(full)).then_some(next)
        });
        admitted.map(|_| ()).map_err(|empty_at| {
            let over = empty_at.saturating_add(self.interval);
            Duration::from_millis(over.saturating_sub(now.saturating_add(full)))
        })
    }
}

/// Workers look at the clock at slightly different times, and clocks are set right.
const CLOCK_STEP: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::Limiter;
    use crate::time::UnixMillis;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let limiter = Limiter::new((10, 3));
        let asked = |who: &str, at| limiter.admit(who, UnixMillis(at)).is_ok();
        assert_eq!(
            [0, 0, 0, 0].map(|at| asked("a", at)),
            [true, true, true, false]
        );
        assert_eq!(
            [99, 100, 100].map(|at| asked("a", at)),
            [false, true, false]
        );
        let wait = limiter.admit("a", UnixMillis(150)).expect_err("too often");
        assert_eq!(wait.as_millis(), 50);
        assert!((0..3).all(|_| asked("a", 10_000)));
    }

    #[test]
    fn a_clock_that_went_back_locks_nobody_out() {
        let limiter = Limiter::new((10, 3));
        assert!((0..3).all(|_| limiter.admit("a", UnixMillis(1_000_000)).is_ok()));
        assert!(limiter.admit("a", UnixMillis(999_000)).is_err());
        assert!(limiter.admit("a", UnixMillis(0)).is_ok());
    }
}
