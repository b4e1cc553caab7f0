//! The life of the process, as every thread sees it.

use tokio::sync::watch;

/// Where in its life the process is. It only ever goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Serving.
    Running,
    /// Still accepting and answering, and asking clients to go elsewhere: gRPC connections get a
    /// GOAWAY, HTTP/1.1 answers say `Connection: close`.
    Draining,
    /// Accepting no more; what is in flight is answered.
    Closing,
}

/// Waits until `phase` is at least `awaited`; also returns if nobody can change it any more.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, awaited: Phase) {
    // The sender is gone only when the process ends.
    let _ = phase.wait_for(|phase| *phase >= awaited).await;
}
