//! Traces as the configuration in force asks for them.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::gate::Gate;
use crate::telemetry::{TraceSettings, Traces};
use crate::time::Clock;

/// From here on requests are traced as `settings` says. What cannot be started is no reason not to
/// serve: it is logged. Must be called within the control plane's runtime.
pub(super) fn install(gate: &Gate, settings: Option<&TraceSettings>, clock: &Arc<dyn Clock>) {
    let start = |settings| match Traces::start(settings, Arc::clone(clock)) {
        Ok(traces) => Some(traces),
        Err(error) => {
            tracing::error!(%error, "traces");
            None
        }
    };
    if let Some(before) = gate.trace(settings.and_then(start)) {
        drop(spawn_blocking(move || before.end()));
    }
}

/// Sends what is left, and traces no more.
pub(super) async fn end(gate: &Gate) {
    if let Some(traces) = gate.trace(None) {
        // It fails only if it panicked, and then there is nothing left to send.
        let _ = spawn_blocking(move || traces.end()).await;
    }
}
