//! The one place that names the recorder.

use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::describe::{COUNTERS, GAUGES, HISTOGRAMS, Metric};

/// Hands out handles and shows what they recorded.
pub(super) struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Registry {
    /// A recorder of its own, with every metric described and every histogram's buckets set.
    pub(super) fn new() -> Self {
        let mut builder = PrometheusBuilder::new();
        for (metric, bounds) in HISTOGRAMS {
            builder = builder
                .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
                .expect("the bounds are a constant that is not empty");
        }
        let recorder = builder.build_recorder();
        for metric in COUNTERS {
            recorder.describe_counter(metric.name.into(), None, metric.help.into());
        }
        for metric in GAUGES {
            recorder.describe_gauge(metric.name.into(), None, metric.help.into());
        }
        for (metric, _) in HISTOGRAMS {
            recorder.describe_histogram(metric.name.into(), None, metric.help.into());
        }
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    pub(super) fn counter(&self, metric: Metric, labels: &[(&'static str, &str)]) -> Counter {
        self.recorder
            .register_counter(&key(metric, labels), &METADATA)
    }

    pub(super) fn gauge(&self, metric: Metric, labels: &[(&'static str, &str)]) -> Gauge {
        self.recorder
            .register_gauge(&key(metric, labels), &METADATA)
    }

    pub(super) fn histogram(&self, metric: Metric, labels: &[(&'static str, &str)]) -> Histogram {
        self.recorder
            .register_histogram(&key(metric, labels), &METADATA)
    }

    pub(super) fn render(&self) -> String {
        self.handle.render()
    }

    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// A label as it stands in the text, escaped like there.
pub(super) fn rendered_label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

fn key(metric: Metric, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> = labels
        .iter()
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}

const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
