//! `jotgate.v1.Verifier`: a question and its verdict, one, many or a stream of them.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::proto::jotgate::v1::verifier_server::Verifier;
use super::proto::jotgate::v1::{
    RequestContext, TraceStep, Verdict, VerifyBatchRequest, VerifyBatchResponse, VerifyRequest,
    VerifyResponse,
};
use crate::authorizer::{Authorizer, Decision, Question};
use crate::explain::Explanation;
use crate::gate::{Bench, Gate};
use crate::limits::{BATCH_REQUESTS, VERIFY_STREAMS};
use crate::metrics::Transport;
use crate::reason::{Class, Reason};
use crate::request::RequestView;
use crate::telemetry::TraceContext;

/// The service.
#[derive(Clone)]
pub struct VerifierService {
    gate: Arc<Gate>,
    streams: Arc<Semaphore>,
}

impl VerifierService {
    /// A service that judges by `gate`.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        let streams = Arc::new(Semaphore::new(VERIFY_STREAMS));
        Self { gate, streams }
    }
}

#[tonic::async_trait]
impl Verifier for VerifierService {
    async fn verify(
        &self,
        request: Request<VerifyRequest>,
    ) -> Result<Response<VerifyResponse>, Status> {
        let within = within(&self.gate, &request);
        Ok(Response::new(answer(
            &self.gate,
            &within,
            request.get_ref(),
        )))
    }

    async fn verify_batch(
        &self,
        request: Request<VerifyBatchRequest>,
    ) -> Result<Response<VerifyBatchResponse>, Status> {
        let within = within(&self.gate, &request);
        let requests = &request.get_ref().requests;
        if requests.len() > BATCH_REQUESTS {
            return Err(Status::invalid_argument(format!(
                "a batch has at most {BATCH_REQUESTS} requests, this one has {}: split it",
                requests.len(),
            )));
        }
        let mut responses = Vec::with_capacity(requests.len());
        for request in requests {
            responses.push(answer(&self.gate, &within, request));
            if responses.len() % BATCH_TURN == 0 {
                // A long batch of fresh tokens is long work: others of this worker get a turn.
                tokio::task::yield_now().await;
            }
        }
        Ok(Response::new(VerifyBatchResponse { responses }))
    }

    type VerifyStreamStream =
        Pin<Box<dyn Stream<Item = Result<VerifyResponse, Status>> + Send + 'static>>;

    async fn verify_stream(
        &self,
        request: Request<Streaming<VerifyRequest>>,
    ) -> Result<Response<Self::VerifyStreamStream>, Status> {
        let place = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted(format!(
                "there are {VERIFY_STREAMS} streams already: call VerifyBatch, or come back"
            ))
        })?;
        let gate = Arc::clone(&self.gate);
        // A stream may outlive a reload that turns traces on, so it is asked in any case.
        let within = TraceContext::read(header(&request));
        let mut judged = 0_usize;
        let verdicts = request.into_inner().then(move |request| {
            let verdict = request.map(|request| answer(&gate, &within, &request));
            judged += 1;
            // As many as the connection's window holds are there at once.
            let is_turn_over = judged.is_multiple_of(BATCH_TURN);
            let _held = &place;
            async move {
                if is_turn_over {
                    tokio::task::yield_now().await;
                }
                verdict
            }
        });
        Ok(Response::new(Box::pin(verdicts)))
    }
}

/// How many questions of a batch or a stream are judged at a time.
const BATCH_TURN: usize = 8;

/// The trace that a call belongs to.
fn within<T>(gate: &Gate, call: &Request<T>) -> TraceContext {
    gate.trace_context(header(call))
}

fn header<'c, T>(call: &'c Request<T>) -> impl Fn(&str) -> Option<&'c str> {
    |name| call.metadata().get(name)?.to_str().ok()
}

/// Judges one question. A bad token is a verdict, and so is a fault of ours.
#[must_use]
pub fn answer(gate: &Gate, within: &TraceContext, request: &VerifyRequest) -> VerifyResponse {
    let transport = Transport::Verify;
    let Some(_passing) = gate.pass(transport) else {
        return refuse(gate, within, Reason::Overloaded);
    };
    gate.judge(transport, within, |bench| judge(bench, request), refusal)
}

fn judge(bench: &mut Bench<'_>, request: &VerifyRequest) -> (Decision, VerifyResponse) {
    let question = Question {
        token: request.token.as_bytes(),
        rule: (!request.rule.is_empty()).then_some(&request.rule),
        audiences: &request.audiences,
        scopes: &request.scopes,
    };
    let context = request.request.as_ref().map(ContextView);
    let (decision, trace) = if request.explain {
        let (decision, explanation) = bench.explain(&question, context.as_ref());
        (decision, steps(explanation))
    } else {
        (bench.verify(&question, context.as_ref()), Vec::new())
    };
    let response = VerifyResponse {
        trace,
        ..response(bench.authorizer, &decision)
    };
    (decision, response)
}

fn response(authorizer: &Authorizer, decision: &Decision) -> VerifyResponse {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let verdict = match decision.reason.class() {
        Class::Allowed => Verdict::Allow,
        Class::Missing | Class::Invalid | Class::Forbidden => Verdict::Deny,
        Class::Unavailable => Verdict::Unavailable,
    };
    let response = VerifyResponse {
        verdict: verdict.into(),
        reason: decision.reason.code().to_owned(),
        message: decision.reason.message().to_owned(),
        rule: owned(authorizer.rule(decision).settings.name.as_deref()),
        consumer: owned(authorizer.consumer(decision)),
        ..VerifyResponse::default()
    };
    let Some(token) = &decision.token else {
        return response;
    };
    VerifyResponse {
        issuer: owned(token.signer.issuer_name()),
        subject: owned(token.subject.as_deref()),
        expires_at: token.times.expires_at.map(|time| prost_types::Timestamp {
            seconds: time.seconds(),
            nanos: time.subsec_millis() * 1_000_000,
        }),
        claims_json: token.payload.clone(),
        key_id: owned(token.key_id.as_deref()),
        ..response
    }
}

/// Answers for `reason` without having read the question.
#[must_use]
pub fn refuse(gate: &Gate, within: &TraceContext, reason: Reason) -> VerifyResponse {
    gate.refuse(Transport::Verify, within, reason, refusal)
}

fn refusal(authorizer: &Authorizer, reason: Reason) -> VerifyResponse {
    response(authorizer, &Decision::refusal(reason))
}

fn steps(explanation: Explanation) -> Vec<TraceStep> {
    let steps = explanation.steps.into_iter();
    steps
        .map(|evidence| TraceStep {
            step: evidence.step.name().to_owned(),
            ok: evidence.outcome.is_ok(),
            detail: match evidence.outcome {
                Ok(()) => evidence.detail,
                Err(reason) => format!("{}: {}", reason.code(), evidence.detail),
            },
        })
        .collect()
}

/// `RequestContext` as a request.
struct ContextView<'a>(&'a RequestContext);

impl<'a> RequestView<'a> for ContextView<'a> {
    fn method(&self) -> &'a [u8] {
        self.0.method.as_bytes()
    }

    fn host(&self) -> &'a [u8] {
        self.0.host.as_bytes()
    }

    /// The question does not say.
    fn scheme(&self) -> &'a [u8] {
        b""
    }

    fn target(&self) -> &'a [u8] {
        self.0.path.as_bytes()
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in &self.0.headers {
            visit(name.as_bytes(), value.as_bytes());
        }
    }
}
