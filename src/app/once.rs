//! One question, judged by a configuration without serving anything: for commands.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::authority::{Authority, Shared};
use super::{AppError, system};
use crate::config::Config;
use crate::gate::Gate;
use crate::grpc::proto::jotgate::v1::{VerifyRequest, VerifyResponse};
use crate::grpc::verifier;
use crate::issue;
use crate::metrics::Metrics;
use crate::signature::FingerprintKey;
use crate::telemetry::{DecisionLog, Decisions, TraceContext};
use crate::time::{Clock, SystemClock};

/// A verdict, and what kept its keys from being complete.
#[derive(Debug)]
pub struct Answer {
    /// The verdict.
    pub response: VerifyResponse,
    /// Sources whose keys could not be had: the issuer's name, the source and why.
    pub missing: Vec<String>,
}

/// Judges `question` by `config`. Every source of keys is asked once, with its own timeout;
/// nothing is bound, and nothing is written.
///
/// # Errors
/// If the system has no runtime to give, or signing keys cannot be read.
pub fn ask(mut config: Config, question: &VerifyRequest) -> Result<Answer, AppError> {
    // What a command fetched is not the service's to start from.
    let state_dir = config.server.state_dir.take();
    let signing = state_dir.map_or(issue::State::Memory, issue::State::ReadOnly);
    let sources = config.issuers.iter().flat_map(|issuer| &issuer.sources);
    let patience = sources
        .map(|source| source.refresh.timeout)
        .max()
        .unwrap_or_default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let metrics = Arc::new(Metrics::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system("cannot start a runtime"))?;
    let answer = runtime.block_on(async {
        let (mut authority, authorizer) = Authority::new(config, &clock, &metrics, signing)?;
        let decisions = DecisionLog::new(Decisions::Off, FingerprintKey::random());
        let gate = Gate::new(authorizer, clock, metrics, decisions, 1);
        let gate = authority.guard(gate);
        let shared = authority.share();
        every_source_asked(&shared, patience + GRACE).await;
        let response = verifier::answer(&gate, &TraceContext::default(), question);
        Ok(Answer {
            response,
            missing: missing(&shared),
        })
    });
    // A name server or a disk that says nothing has had its time.
    runtime.shutdown_background();
    answer
}

/// Waits until every source has had its first outcome, for at most `patience`.
async fn every_source_asked(shared: &Shared, patience: Duration) {
    let deadline = Instant::now() + patience;
    let is_asked = || {
        let state = shared.state();
        let sources = state.rings.values().flat_map(|ring| ring.status().sources);
        sources
            .into_iter()
            .all(|source| source.last_outcome.is_some())
    };
    while !is_asked() && Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn missing(shared: &Shared) -> Vec<String> {
    let state = shared.state();
    let mut missing = Vec::new();
    for (name, ring) in &state.rings {
        for source in ring.status().sources {
            let problem = match source.last_outcome {
                Some("failed") => source.last_error.unwrap_or_default(),
                Some(_) => continue,
                None => "no answer in time".to_owned(),
            };
            missing.push(format!(
                "{name}: {} {}: {problem}",
                source.kind, source.place
            ));
        }
    }
    missing
}

/// Beyond the longest timeout of a source: for reading what it sent.
const GRACE: Duration = Duration::from_secs(1);
/// A person waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(10);
