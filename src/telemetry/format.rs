//! How a line looks; may change while the service runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{self, Format, Full, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;

/// Both formats and which one is in force.
#[derive(Debug)]
pub(super) struct LineFormat {
    json: Format<Json>,
    text: Format<Full>,
    is_json: AtomicBool,
}

impl LineFormat {
    pub(super) fn new(format: LogFormat) -> Self {
        Self {
            json: format::json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
            text: format::format().with_ansi(false),
            is_json: AtomicBool::new(format == LogFormat::Json),
        }
    }

    pub(super) fn set(&self, format: LogFormat) {
        self.is_json
            .store(format == LogFormat::Json, Ordering::Relaxed);
    }
}

/// The format as the subscriber holds it.
pub(super) struct Shared(pub(super) Arc<LineFormat>);

impl<S, N> FormatEvent<S, N> for Shared
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.0.is_json.load(Ordering::Relaxed) {
            self.0.json.format_event(context, writer, event)
        } else {
            self.0.text.format_event(context, writer, event)
        }
    }
}
