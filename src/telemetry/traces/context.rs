//! Which trace a request belongs to (W3C Trace Context).

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;

use crate::limits::TRACE_STATE_BYTES;

/// What a caller says of its trace.
#[derive(Clone, Debug, Default)]
pub struct TraceContext(Said);

#[derive(Clone, Debug, Default)]
enum Said {
    /// Nobody asked: requests are not traced.
    #[default]
    Unasked,
    /// Nothing that can be read.
    Nothing,
    Parent(Context),
}

impl TraceContext {
    /// From `traceparent` and `tracestate`. `header` finds a header's value by its name in lower case.
    pub fn read<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Self {
        let headers = Headers(
            header("traceparent"),
            header("tracestate").filter(|state| state.len() <= TRACE_STATE_BYTES),
        );
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        Self(if context.span().span_context().is_valid() {
            Said::Parent(context)
        } else {
            Said::Nothing
        })
    }

    /// The same, or what `other` says if the caller says nothing.
    #[must_use]
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self.0 {
            Said::Nothing => other(),
            Said::Unasked | Said::Parent(_) => self,
        }
    }

    /// Whether there may be a span for the request.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        !matches!(self.0, Said::Unasked)
    }

    pub(super) fn parent(&self) -> Cow<'_, Context> {
        match &self.0 {
            Said::Parent(parent) => Cow::Borrowed(parent),
            Said::Unasked | Said::Nothing => Cow::Owned(Context::new()),
        }
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
