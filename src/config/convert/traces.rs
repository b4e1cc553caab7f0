//! `traces`

use crate::config::problems::At;
use crate::config::raw;
use crate::telemetry::TraceSettings;

use super::{Context, source};

/// Converts `traces`.
pub(super) fn traces(
    raw: &raw::Traces,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<TraceSettings> {
    let endpoint = raw.endpoint.as_ref().map(|url| url.0.clone());
    if endpoint.is_none() {
        let remedy = "name the collector, as in http://otel-collector:4318";
        context.problems.missing(at, "endpoint", remedy);
    }
    let endpoint = endpoint.filter(|url| {
        let has_query = url.query().is_some();
        if has_query {
            let problem = "has a query: remove the ? and what follows";
            context.problems.push(&at.key("endpoint"), problem);
        }
        !has_query
    });
    let ratio = raw
        .ratio
        .0
        .as_f64()
        .filter(|ratio| (0.0..=1.0).contains(ratio));
    if ratio.is_none() {
        let problem = "must be from 0 to 1: 0.01 is one request in a hundred";
        context.problems.push(&at.key("ratio"), problem);
    }
    let headers = source::headers(raw.headers.as_ref(), at, context);
    Some(TraceSettings {
        endpoint: endpoint?,
        ratio: ratio?,
        headers,
    })
}
