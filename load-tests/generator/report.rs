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
}

impl Report {
    pub(crate) fn answered(&mut self, start: Start, took: Duration) {
        self.latencies
            .push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        match self.starts.iter_mut().find(|(known, _)| *known == start) {
            Some((_, count)) => *count += 1,
            None => self.starts.push((start, 1)),
        }
    }

    pub(crate) fn to_json(&self, sent: u64, took: Duration) -> Value {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let microseconds = |share: f64| {
            let last = sorted.len().checked_sub(1)?;
            // The smallest of which at least that share is no larger.
            let rank = (share * sorted.len() as f64).ceil() as usize;
            Some(sorted[rank.saturating_sub(1).min(last)] as f64 / 1e3)
        };
        let latencies: BTreeMap<&str, Option<f64>> = SHARES
            .into_iter()
            .map(|(name, share)| (name, microseconds(share)))
            .collect();
        let hexadecimal = |start: &Start| start.map(|byte| format!("{byte:02x}")).concat();
        let answers = self.starts.iter();
        let answers: BTreeMap<String, u64> = answers
            .map(|(start, count)| (hexadecimal(start), *count))
            .collect();
        json!({
            "sent": sent,
            "answered": sorted.len(),
            "failed": self.failed,
            "seconds": took.as_secs_f64(),
            "answers": answers,
            "latency_us": latencies,
        })
    }
}

const SHARES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("max", 1.0),
];
