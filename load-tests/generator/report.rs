//! What came of the load.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::streams::Start;

#[derive(Default)]
pub(crate) struct Report {
    /// How long each answer took from when its request was due, in nanoseconds.
    pub(crate) latencies: Vec<u64>,
    /// Answers by their first bytes.
    starts: Vec<(Start, u64)>,
    /// Calls that ended without an answer.
    pub(crate) failed: u64,
    /// At a rate: how long after each request was due it was noticed, in nanoseconds. That is the
    /// load's own doing, whatever the server does meanwhile.
    pub(crate) lateness: Vec<u64>,
    /// At a rate: how long there was something to do.
    pub(crate) busy: Duration,
}

impl Report {
    pub(crate) fn answered(&mut self, start: Start, took: Duration) {
        self.latencies.push(nanoseconds(took));
        match self.starts.iter_mut().find(|(known, _)| *known == start) {
            Some((_, count)) => *count += 1,
            None => self.starts.push((start, 1)),
        }
    }

    pub(crate) fn noticed(&mut self, late: Duration) {
        self.lateness.push(nanoseconds(late));
    }

    pub(crate) fn to_json(&self, sent: u64, took: Duration) -> Value {
        let hexadecimal = |start: &Start| start.map(|byte| format!("{byte:02x}")).concat();
        let answers = self.starts.iter();
        let answers: BTreeMap<String, u64> = answers
            .map(|(start, count)| (hexadecimal(start), *count))
            .collect();
        json!({
            "sent": sent,
            "answered": self.latencies.len(),
            "failed": self.failed,
            "seconds": took.as_secs_f64(),
            "answers": answers,
            "latency_us": microseconds(&self.latencies),
            "late_us": microseconds(&self.lateness),
            "busy": self.busy.as_secs_f64() / took.as_secs_f64(),
        })
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// For each share, the smallest of the times of which at least that share is no larger.
fn microseconds(nanoseconds: &[u64]) -> BTreeMap<&'static str, Option<f64>> {
    let mut sorted = nanoseconds.to_vec();
    sorted.sort_unstable();
    let at = |share: f64| {
        let last = sorted.len().checked_sub(1)?;
        let rank = (share * sorted.len() as f64).ceil() as usize;
        Some(sorted[rank.saturating_sub(1).min(last)] as f64 / 1e3)
    };
    SHARES.map(|(name, share)| (name, at(share))).into()
}

const SHARES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("max", 1.0),
];
