//! Spans of requests (OpenTelemetry): a request whose caller is traced gets a span in that trace, and of
//! the others a share starts one of its own. Off unless configured.
//!
//! The data plane makes the span and puts it into a bounded queue; a thread of its own sends what is
//! there every few seconds, and what does not fit is dropped. A span holds codes and names from the
//! configuration, as a line of the decision log does, and nothing of a token.

mod collector;
mod context;
mod sampler;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderName;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanExporter,
};
use url::Url;

use super::Decision;
use crate::limits::{SPAN_EXPORT_EVERY, SPANS_BUFFERED, SPANS_PER_EXPORT, TRACES_END};
use crate::metrics::Transport;
use crate::reason::Class;
use crate::secret::SecretSource;
use crate::time::Clock;
pub use context::TraceContext;
use sampler::Bounded;

/// `traces` of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// Where spans are sent: the base of OTLP over HTTP, to which `/v1/traces` is added.
    pub endpoint: Url,
    /// The share of requests without a traced caller that start a trace, from 0 to 1.
    pub ratio: f64,
    /// Headers to send along.
    pub headers: Vec<(HeaderName, SecretSource)>,
}

/// Spans could not be made.
#[derive(Debug, thiserror::Error)]
#[error("requests are not traced: {0}")]
pub struct TracesError(String);

/// What makes spans and sends them.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts to send. Must be called within the runtime that the sending is done by.
    ///
    /// # Errors
    /// If a header cannot be read, or the system has no certificates.
    pub fn start(settings: &TraceSettings, clock: Arc<dyn Clock>) -> Result<Self, TracesError> {
        Ok(Self::with(
            collector::exporter(settings)?,
            settings.ratio,
            clock,
        ))
    }

    fn with(exporter: impl SpanExporter + 'static, ratio: f64, clock: Arc<dyn Clock>) -> Self {
        let queue = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_BUFFERED)
            .with_max_export_batch_size(SPANS_PER_EXPORT)
            .with_scheduled_delay(SPAN_EXPORT_EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(queue)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Bounded::new(ratio, clock))
            .with_resource(resource())
            .build();
        Self {
            tracer: provider.tracer("jotgate"),
            provider,
        }
    }

    /// Makes the span of a decision that was just made and took so long, if it is sampled.
    pub fn record(&self, within: &TraceContext, decision: &Decision<'_>, took: Duration) {
        let ended = SystemTime::now();
        let mut span = self
            .tracer
            .span_builder(name(decision.transport))
            .with_kind(SpanKind::Server)
            .with_start_time(ended.checked_sub(took).unwrap_or(ended))
            .start_with_context(&self.tracer, &within.parent());
        if !span.is_recording() {
            return;
        }
        let class = decision.reason.class();
        span.set_attribute(KeyValue::new("jotgate.verdict", class.verdict()));
        span.set_attribute(KeyValue::new("jotgate.reason", decision.reason.code()));
        for (name, value) in [
            ("jotgate.issuer", decision.issuer),
            ("jotgate.rule", decision.rule),
        ] {
            if let Some(value) = value {
                span.set_attribute(KeyValue::new(name, value.to_owned()));
            }
        }
        // A refusal is an answer; only what could not be decided is an error.
        if class == Class::Unavailable {
            span.set_status(Status::error(decision.reason.code()));
        }
        span.end_with_timestamp(ended);
    }

    /// Sends what is still queued, for [`TRACES_END`] at most, and ends. It waits: not for a thread
    /// that others depend on.
    pub fn end(&self) {
        // It fails where the collector is away or was told already; there is nobody to tell.
        let _ = self.provider.shutdown_with_timeout(TRACES_END);
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The exporter holds headers, which may be secrets.
        formatter.debug_struct("Traces").finish_non_exhaustive()
    }
}

/// The name of a span: few, so that they can be grouped by.
const fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Check => "jotgate.check",
        Transport::Verify => "jotgate.verify",
        Transport::Http => "jotgate.http",
    }
}

/// Who we are; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` have the last word.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let ours = Resource::builder_empty().with_service_name("jotgate");
    let asked = Resource::builder().build();
    let asked = asked
        .iter()
        // What the library says if nobody has said anything.
        .filter(|(_, value)| !value.as_str().starts_with("unknown_service"))
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    ours.with_attribute(version)
        .with_attributes(asked.collect::<Vec<_>>())
        .build()
}

#[cfg(test)]
mod tests;
