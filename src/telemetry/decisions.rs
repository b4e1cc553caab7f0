//! The log of decisions: what was decided and why. About whom, only by fingerprints.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering};

use arc_swap::ArcSwap;

use super::Decisions;
use crate::limits::SAMPLED_DECISIONS_PER_SECOND as SAMPLED_PER_SECOND;
use crate::metrics::Transport;
use crate::reason::{Class, Reason};
use crate::signature::FingerprintKey;
use crate::threads::thread_number;
use crate::time::UnixMillis;

/// What there is to write about one decision: codes, names from the configuration, and of a
/// verified token two fingerprints.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'d> {
    /// How the question came.
    pub transport: Transport,
    /// The answer.
    pub reason: Reason,
    /// The issuer's name in the configuration, if one was found.
    pub issuer: Option<&'d str>,
    /// The rule's name, if one matched.
    pub rule: Option<&'d str>,
    /// Whom a verified token is about; written as a fingerprint.
    pub subject: Option<&'d str>,
    /// Header and payload of a verified token; written as one fingerprint. Its signature does not
    /// count: the same token may have another one.
    pub token: Option<[&'d [u8]; 2]>,
}

/// Writes decisions as `log.decisions` asks.
#[derive(Debug)]
pub struct DecisionLog {
    /// A position in [`Decisions::ALL`].
    mode: AtomicU8,
    key: ArcSwap<FingerprintKey>,
    allowed: Window,
    refused: Window,
}

impl DecisionLog {
    /// A log in that mode, with fingerprints of that key.
    #[must_use]
    pub fn new(mode: Decisions, key: FingerprintKey) -> Self {
        Self {
            mode: AtomicU8::new(mode as u8),
            key: ArcSwap::from_pointee(key),
            allowed: Window::new(),
            refused: Window::new(),
        }
    }

    /// Goes on in another mode: after a reload. Without a key it keeps the one that it has.
    pub fn apply(&self, mode: Decisions, key: Option<FingerprintKey>) {
        self.mode.store(mode as u8, Ordering::Relaxed);
        if let Some(key) = key {
            self.key.store(Arc::new(key));
        }
    }

    /// Writes `decision`, if it is to be written.
    pub fn record(&self, decision: &Decision<'_>, now: UnixMillis) {
        let is_allowed = decision.reason.class() == Class::Allowed;
        match Decisions::ALL[usize::from(self.mode.load(Ordering::Relaxed))] {
            Decisions::Off => {}
            Decisions::Denied if is_allowed => {}
            Decisions::All | Decisions::Denied => self.write(decision, None),
            // Two windows, so that a flood of refusals does not hide what passes, nor the
            // other way round.
            Decisions::Sampled => {
                let window = if is_allowed {
                    &self.allowed
                } else {
                    &self.refused
                };
                if let Some(skipped) = window.admit(now) {
                    self.write(decision, (skipped > 0).then_some(skipped));
                }
            }
        }
    }

    fn write(&self, decision: &Decision<'_>, skipped: Option<u32>) {
        let key = self.key.load();
        let subject = decision
            .subject
            .map(|subject| key.of(&[subject.as_bytes()]));
        let token = decision
            .token
            .map(|[header, payload]| key.of(&[header, b".", payload]));
        tracing::info!(
            target: "jotgate::decision",
            transport = decision.transport.label(),
            verdict = decision.reason.class().verdict(),
            reason = decision.reason.code(),
            issuer = decision.issuer,
            rule = decision.rule,
            subject = subject.map(tracing::field::display),
            token = token.map(tracing::field::display),
            skipped,
            "decision",
        );
    }
}

/// At most so many a second, and a count of those left out. At the turn of a second workers may
/// let a few more slip through, which harms nobody. Once a second has its number, its decisions
/// only read what workers share, and each worker counts for itself what it leaves out.
#[derive(Debug)]
struct Window {
    second: AtomicI64,
    seen: AtomicU32,
    skipped: [Skipped; SKIP_COUNTS],
}

#[repr(align(128))]
#[derive(Debug)]
struct Skipped(AtomicU32);

impl Window {
    const fn new() -> Self {
        Self {
            second: AtomicI64::new(i64::MIN),
            seen: AtomicU32::new(0),
            skipped: [const { Skipped(AtomicU32::new(0)) }; SKIP_COUNTS],
        }
    }

    /// Whether one more fits, and how many did not since the last that did.
    fn admit(&self, now: UnixMillis) -> Option<u32> {
        let second = now.seconds();
        if self.second.load(Ordering::Relaxed) != second
            && self.second.swap(second, Ordering::Relaxed) != second
        {
            self.seen.store(1, Ordering::Relaxed);
            let skipped = self.skipped.iter();
            return Some(skipped.map(|of| of.0.swap(0, Ordering::Relaxed)).sum());
        }
        let is_full = self.seen.load(Ordering::Relaxed) >= SAMPLED_PER_SECOND
            || self.seen.fetch_add(1, Ordering::Relaxed) >= SAMPLED_PER_SECOND;
        if is_full {
            let mine = &self.skipped[thread_number() % SKIP_COUNTS];
            mine.0.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(0)
    }
}

/// Counts of what is left out; workers beyond them share.
const SKIP_COUNTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::{SAMPLED_PER_SECOND, Window};
    use crate::time::UnixMillis;

    #[test]
    fn a_second_has_room_for_a_few_and_the_next_one_tells_how_many_were_left_out() {
        let window = Window::new();
        let at = UnixMillis::from_seconds;
        let admitted = (0..SAMPLED_PER_SECOND + 7)
            .filter(|_| window.admit(at(100)).is_some())
            .count();
        assert_eq!(admitted, SAMPLED_PER_SECOND as usize);
        assert_eq!(window.admit(at(101)), Some(7));
        assert_eq!(window.admit(at(101)), Some(0));
        assert_eq!(window.admit(at(200)), Some(0));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_it() {
        let window = Window::new();
        assert!(window.admit(UnixMillis::from_seconds(100)).is_some());
        assert!(window.admit(UnixMillis::from_seconds(50)).is_some());
    }
}
