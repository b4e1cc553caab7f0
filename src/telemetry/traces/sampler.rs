//! Which requests get a span.

use std::sync::Arc;

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    ParentBasedSampler, Sampler, SamplingDecision, SamplingResult, ShouldSample,
};

use crate::limits::SPANS_PER_SECOND;
use crate::telemetry::window::Window;
use crate::time::Clock;

/// Where a caller is traced, what it says; else a share of requests. Never more than
/// [`SPANS_PER_SECOND`], because callers are outsiders: one can say "sampled" every time.
#[derive(Clone)]
pub(super) struct Bounded {
    asked: ParentBasedSampler,
    window: Arc<Window>,
    clock: Arc<dyn Clock>,
}

impl Bounded {
    pub(super) fn new(ratio: f64, clock: Arc<dyn Clock>) -> Self {
        Self {
            asked: Sampler::parent_based(Sampler::TraceIdRatioBased(ratio)),
            window: Arc::new(Window::new(SPANS_PER_SECOND)),
            clock,
        }
    }
}

impl ShouldSample for Bounded {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut result = self
            .asked
            .should_sample(parent, trace, name, kind, attributes, links);
        if result.decision != SamplingDecision::Drop
            && self.window.admit(self.clock.now()).is_none()
        {
            result.decision = SamplingDecision::Drop;
        }
        result
    }
}

impl std::fmt::Debug for Bounded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Bounded")
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
