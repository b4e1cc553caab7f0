//! What the data plane counts: a set of counters for each worker, summed when somebody looks.
//!
//! One set for all would be a line of memory that every request on every core writes; a recorder's
//! histogram allocates and remembers each sample until the next scrape.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::describe::{DECISION_DURATION, DECISION_DURATION_BOUNDS};
use super::labels::{CacheResult, SignatureResult, Transport};
use crate::limits::TALLIES;
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::threads::thread_number;

/// One for each worker.
pub(super) struct Tallies(Box<[Tally]>);

/// What one worker counted. Other threads share one with it if there are more than [`TALLIES`], so
/// every addition is atomic, and usually nobody else's.
#[repr(align(128))]
#[derive(Default)]
pub(super) struct Tally {
    transports: [ByTransport; Transport::ALL.len()],
    cache: [AtomicU64; CacheResult::ALL.len()],
    signatures: [[AtomicU64; SignatureResult::ALL.len()]; Algorithm::ALL.len()],
}

struct ByTransport {
    decisions: [AtomicU64; Reason::ALL.len()],
    /// As in the last bucket that is large enough; one more for what is beyond all.
    durations: [AtomicU64; DECISION_DURATION_BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
    began: AtomicU64,
    ended: AtomicU64,
}

impl Default for ByTransport {
    fn default() -> Self {
        Self {
            decisions: [const { AtomicU64::new(0) }; _],
            durations: [const { AtomicU64::new(0) }; _],
            nanoseconds: AtomicU64::new(0),
            began: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }
}

impl Tallies {
    pub(super) fn new() -> Self {
        Self((0..TALLIES).map(|_| Tally::default()).collect())
    }

    /// This thread's.
    pub(super) fn mine(&self) -> &Tally {
        &self.0[thread_number() % TALLIES]
    }

    pub(super) fn decisions(&self, transport: Transport, reason: Reason) -> u64 {
        self.sum(|tally| &tally.transports[transport.index()].decisions[reason.index()])
    }

    pub(super) fn cache_requests(&self, result: CacheResult) -> u64 {
        self.sum(|tally| &tally.cache[result.index()])
    }

    pub(super) fn signatures(&self, algorithm: Algorithm, result: SignatureResult) -> u64 {
        self.sum(|tally| &tally.signatures[algorithm.index()][result.index()])
    }

    /// Requests that began and have not ended.
    pub(super) fn in_flight(&self, transport: Transport) -> u64 {
        // First those that ended, lest one that does both in between be counted as less than none.
        let ended = self.sum(|tally| &tally.transports[transport.index()].ended);
        let began = self.sum(|tally| &tally.transports[transport.index()].began);
        began.saturating_sub(ended)
    }

    /// The histogram of durations in Prometheus's text format.
    pub(super) fn write_durations(&self, text: &mut String) -> fmt::Result {
        let name = DECISION_DURATION.name;
        writeln!(text, "# HELP {name} {}", DECISION_DURATION.help)?;
        writeln!(text, "# TYPE {name} histogram")?;
        for transport in Transport::ALL {
            let of = |tally: &Tally, bucket: usize| {
                tally.transports[transport.index()].durations[bucket].load(Ordering::Relaxed)
            };
            let label = transport.label();
            let mut count = 0;
            let bounds = DECISION_DURATION_BOUNDS.iter().map(ToString::to_string);
            for (bucket, bound) in bounds.chain(["+Inf".to_owned()]).enumerate() {
                count += self.0.iter().map(|tally| of(tally, bucket)).sum::<u64>();
                writeln!(
                    text,
                    r#"{name}_bucket{{transport="{label}",le="{bound}"}} {count}"#
                )?;
            }
            let nanoseconds = self.sum(|tally| &tally.transports[transport.index()].nanoseconds);
            let seconds = Duration::from_nanos(nanoseconds).as_secs_f64();
            writeln!(text, r#"{name}_sum{{transport="{label}"}} {seconds}"#)?;
            writeln!(text, r#"{name}_count{{transport="{label}"}} {count}"#)?;
        }
        writeln!(text)
    }

    fn sum(&self, of: impl Fn(&Tally) -> &AtomicU64) -> u64 {
        let counts = self.0.iter().map(|tally| of(tally).load(Ordering::Relaxed));
        counts.fold(0, u64::wrapping_add)
    }
}

impl Tally {
    pub(super) fn decided(&self, transport: Transport, reason: Reason, took: Duration) {
        let tally = &self.transports[transport.index()];
        add(&tally.decisions[reason.index()], 1);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        add(&tally.durations[bucket(nanoseconds)], 1);
        add(&tally.nanoseconds, nanoseconds);
    }

    pub(super) fn began(&self, transport: Transport) -> InFlight<'_> {
        let tally = &self.transports[transport.index()];
        add(&tally.began, 1);
        InFlight(&tally.ended)
    }

    pub(super) fn cache_asked(&self, result: CacheResult) {
        add(&self.cache[result.index()], 1);
    }

    pub(super) fn signature(&self, algorithm: Algorithm, result: SignatureResult) {
        add(&self.signatures[algorithm.index()][result.index()], 1);
    }
}

/// One request in flight; counted out when dropped, whatever became of the request.
#[derive(Debug)]
pub struct InFlight<'m>(&'m AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        add(self.0, 1);
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// The first bucket whose bound is not below. Most decisions take a microsecond or two, so looking
/// from the start is the quickest.
fn bucket(nanoseconds: u64) -> usize {
    let found = BOUNDS_NANOSECONDS
        .iter()
        .position(|bound| nanoseconds <= *bound);
    found.unwrap_or(BOUNDS_NANOSECONDS.len())
}

const BOUNDS_NANOSECONDS: [u64; DECISION_DURATION_BOUNDS.len()] = {
    let mut bounds = [0; DECISION_DURATION_BOUNDS.len()];
    let mut place = 0;
    while place < bounds.len() {
        // Half a nanosecond more, because the bound may be a little less than what is written.
        bounds[place] = (DECISION_DURATION_BOUNDS[place] * 1e9 + 0.5) as u64;
        place += 1;
    }
    bounds
};

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::{BOUNDS_NANOSECONDS, Tallies, bucket};
    use crate::metrics::{CacheResult, Transport};
    use crate::reason::Reason;

    #[test]
    fn a_duration_is_in_the_first_bucket_that_is_not_below_it() {
        for (nanoseconds, expected) in [
            (0, 0),
            (1_000, 0),
            (1_001, 1),
            (2_500, 1),
            (2_501, 2),
            (1_000_000_000, 18),
            (1_000_000_001, 19),
            (u64::MAX, 19),
        ] {
            assert_eq!(bucket(nanoseconds), expected, "{nanoseconds}");
        }
        assert_eq!(BOUNDS_NANOSECONDS[..3], [1_000, 2_500, 5_000]);
    }

    #[test]
    fn what_many_threads_count_is_summed() {
        let tallies = Tallies::new();
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    let tally = tallies.mine();
                    let _in_flight = tally.began(Transport::Check);
                    tally.cache_asked(CacheResult::Hit);
                    tally.decided(Transport::Check, Reason::Ok, Duration::from_micros(1));
                });
            }
        });
        assert_eq!(tallies.decisions(Transport::Check, Reason::Ok), 100);
        assert_eq!(tallies.cache_requests(CacheResult::Hit), 100);
        assert_eq!(tallies.in_flight(Transport::Check), 0);
        let mut text = String::new();
        tallies.write_durations(&mut text).expect("text takes all");
        let line = r#"jotgate_decision_duration_seconds_count{transport="check"} 100"#;
        assert!(text.lines().any(|shown| shown == line), "{text}");
    }
}
