use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::{TraceContext, Traces};
use crate::limits::{SPANS_PER_SECOND, TRACE_STATE_BYTES};
use crate::metrics::Transport;
use crate::reason::Reason;
use crate::telemetry::Decision;
use crate::time::{ManualClock, UnixMillis};

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

#[test]
fn a_span_is_part_of_its_callers_trace_and_says_what_was_decided() {
    let collector = Collector::default();
    let traces = collector.traces(0.0);
    let took = Duration::from_micros(250);
    traces.record(&within(SAMPLED), &decision(Reason::RuleDenied), took);
    traces.end();
    let [span] = <[SpanData; 1]>::try_from(collector.take()).expect("one");
    assert_eq!(
        span.span_context.trace_id().to_string(),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
    assert!(span.parent_span_is_remote);
    assert_eq!(span.name, "jotgate.check");
    assert_eq!(span.span_kind, SpanKind::Server);
    let lasted = span.end_time.duration_since(span.start_time);
    assert_eq!(lasted.expect("time goes on"), took);
    assert_eq!(span.status, Status::Unset);
    let attributes = span.attributes.iter();
    let attributes: Vec<_> = attributes
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    assert_eq!(
        attributes,
        [
            "jotgate.verdict=deny",
            "jotgate.reason=rule_denied",
            "jotgate.issuer=corp",
            "jotgate.rule=orders",
        ],
    );
}

#[test]
fn what_could_not_be_decided_is_an_error() {
    let collector = Collector::default();
    let traces = collector.traces(0.0);
    traces.record(
        &within(SAMPLED),
        &decision(Reason::KeysStale),
        Duration::ZERO,
    );
    traces.end();
    assert_eq!(collector.take()[0].status, Status::error("keys_stale"));
}

#[test]
fn the_caller_says_whether_its_trace_is_sampled_and_the_ratio_is_for_all_others() {
    for (ratio, caller, spans) in [
        (1.0, NOT_SAMPLED, 0),
        (0.0, SAMPLED, 1),
        (1.0, "", 1),
        (0.0, "", 0),
        (
            0.0,
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            0,
        ),
        (0.0, "00-4bf92f3577b34da6a3ce929d0e0e4736-01", 0),
        (0.0, "\u{fffd}", 0),
    ] {
        let collector = Collector::default();
        let traces = collector.traces(ratio);
        traces.record(&within(caller), &decision(Reason::Ok), Duration::ZERO);
        traces.end();
        assert_eq!(collector.take().len(), spans, "{ratio} {caller}");
    }
}

#[test]
fn callers_cannot_ask_for_more_spans_than_the_limit() {
    let collector = Collector::default();
    let traces = collector.traces(0.0);
    for _ in 0..2 * SPANS_PER_SECOND {
        traces.record(&within(SAMPLED), &decision(Reason::Ok), Duration::ZERO);
    }
    collector.clock.advance(Duration::from_secs(1));
    traces.record(&within(SAMPLED), &decision(Reason::Ok), Duration::ZERO);
    traces.end();
    assert_eq!(collector.take().len(), SPANS_PER_SECOND as usize + 1);
}

#[test]
fn a_state_that_is_longer_than_all_have_to_pass_on_is_not_kept() {
    for (length, is_kept) in [(TRACE_STATE_BYTES, true), (TRACE_STATE_BYTES + 1, false)] {
        let state = format!("a={}", "b".repeat(length - 2));
        // A member has 256 characters at most.
        let state = format!("{},{}", &state[..200], "c=d,".repeat(200));
        let state = &state[..length];
        let context = TraceContext::read(|name| match name {
            "traceparent" => Some(SAMPLED),
            _ => Some(state),
        });
        let collector = Collector::default();
        let traces = collector.traces(0.0);
        traces.record(&context, &decision(Reason::Ok), Duration::ZERO);
        traces.end();
        let spans = collector.take();
        let kept = spans[0].span_context.trace_state().header();
        assert_eq!(!kept.is_empty(), is_kept, "{length}: {kept}");
    }
}

fn within(caller: &str) -> TraceContext {
    TraceContext::read(|name| (name == "traceparent").then_some(caller))
}

fn decision(reason: Reason) -> Decision<'static> {
    Decision {
        transport: Transport::Check,
        reason,
        issuer: Some("corp"),
        rule: Some("orders"),
        subject: Some("alice"),
        token: None,
    }
}

/// Keeps what would be sent.
struct Collector {
    spans: Arc<Mutex<Vec<SpanData>>>,
    clock: Arc<ManualClock>,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            spans: Arc::default(),
            clock: Arc::new(ManualClock::new(UnixMillis::from_seconds(1))),
        }
    }
}

impl Collector {
    fn traces(&self, ratio: f64) -> Traces {
        let exporter = Keeping(Arc::clone(&self.spans));
        Traces::with(exporter, ratio, Arc::<ManualClock>::clone(&self.clock))
    }

    fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut self.spans.lock().expect("nobody panicked"))
    }
}

#[derive(Debug)]
struct Keeping(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Keeping {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("nobody panicked").extend(batch);
        Ok(())
    }
}
