//! Which trace a request belongs to (W3C Trace Context).

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;

use crate::limits::TRACE_STATE_BYTES;

/// What a caller says of its trace; nothing, if it says nothing that can be read.
#[derive(Clone, Debug, Default)]
pub struct TraceContext(Option<Context>);

impl TraceContext {
    /// From `traceparent` and `tracestate`. `header` finds a header's value by its name in lower case.
    pub fn read<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Self {
        let headers = Headers(
            header("traceparent"),
            header("tracestate").filter(|state| state.len() <= TRACE_STATE_BYTES),
        );
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        let is_read = context.span().span_context().is_valid();
        Self(is_read.then_some(context))
    }

    /// The same, or what `other` says if there is nothing.
    #[must_use]
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.0.is_some() { self } else { other() }
    }

    pub(super) fn parent(&self) -> Cow<'_, Context> {
        self.0
            .as_ref()
            .map_or_else(|| Cow::Owned(Context::new()), Cow::Borrowed)
    }
}

struct Headers<'h>(Option<&'h str>, Option<&'h str>);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.0,
            "tracestate" => self.1,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}
