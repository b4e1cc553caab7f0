//! The log of decisions: what was decided and why. About whom, only by fingerprints.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;

use super::Decisions;
use super::window::Window;
use crate::limits::SAMPLED_DECISIONS_PER_SECOND;
use crate::metrics::Transport;
use crate::reason::{Class, Reason};
use crate::signature::FingerprintKey;
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
            allowed: Window::new(SAMPLED_DECISIONS_PER_SECOND),
            refused: Window::new(SAMPLED_DECISIONS_PER_SECOND),
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
