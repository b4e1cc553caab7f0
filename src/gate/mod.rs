//! What every transport holds: the configuration in force, the clock, the counters, and the guard
//! that turns a fault of ours into a refusal.

mod bodies;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::authorizer::{Authorizer, Buffers, Decision, Meter, Question};
use crate::explain::Explanation;
use crate::limits::BODIES_BYTES;
use crate::metrics::{CacheResult, InFlight, Metrics, SignatureResult, Transport};
use crate::reason::Reason;
use crate::request::RequestView;
use crate::signature::{Algorithm, FingerprintKey};
use crate::telemetry::{self, DecisionLog, Decisions, TraceContext, Traces};
use crate::time::{Clock, UnixMillis};
pub use bodies::{Bodies, Held, NotTaken, Parts};

/// The door through which every question comes.
pub struct Gate {
    authorizer: ArcSwap<Authorizer>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    decisions: DecisionLog,
    traces: ArcSwapOption<Traces>,
    bodies: Arc<Bodies>,
    requests: AtomicUsize,
    requests_max: usize,
    is_draining: AtomicBool,
    /// Whether there was a request since it was last asked for, while draining.
    was_asked: AtomicBool,
}

/// What a judgement is made with.
pub struct Bench<'g> {
    /// The configuration; the same for the whole request.
    pub authorizer: &'g Authorizer,
    now: UnixMillis,
    buffers: &'g mut Buffers,
    meter: &'g Metrics,
}

impl Bench<'_> {
    /// Judges a request as a gateway describes it.
    pub fn decide<'r>(&mut self, request: &impl RequestView<'r>, rule: Option<&str>) -> Decision {
        self.authorizer
            .decide(request, rule, self.now, self.buffers, self.meter)
    }

    /// Judges a token, with the request it came with if there is one.
    pub fn verify<'r>(
        &mut self,
        question: &Question<'r>,
        request: Option<&impl RequestView<'r>>,
    ) -> Decision {
        self.authorizer
            .verify(question, request, self.now, self.buffers, self.meter)
    }

    /// The same with every step.
    pub fn explain<'r>(
        &mut self,
        question: &Question<'r>,
        request: Option<&impl RequestView<'r>>,
    ) -> (Decision, Explanation) {
        self.authorizer
            .explain(question, request, self.now, self.buffers)
    }
}

/// A request that was let in; counted out when dropped.
pub struct Entered<'g> {
    _waiting: Waiting<'g>,
    _in_flight: InFlight<'g>,
}

/// A request that waits for what its client sends, counted among those that do until it is dropped.
pub struct Waiting<'g>(&'g Gate);

impl Gate {
    /// A gate that judges by `authorizer` and lets in `requests_max` requests at a time.
    #[must_use]
    pub fn new(
        authorizer: Authorizer,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        decisions: DecisionLog,
        requests_max: usize,
    ) -> Self {
        Self {
            authorizer: ArcSwap::from_pointee(authorizer),
            clock,
            metrics,
            decisions,
            traces: ArcSwapOption::empty(),
            bodies: Arc::new(Bodies::new(BODIES_BYTES)),
            requests: AtomicUsize::new(0),
            requests_max,
            is_draining: AtomicBool::new(false),
            was_asked: AtomicBool::new(false),
        }
    }

    /// Counts a request in, before anything is read or waited for. `None` if there are too many;
    /// then answer with [`Gate::refuse`] and `overloaded`.
    #[must_use]
    pub fn enter(&self, transport: Transport) -> Option<Entered<'_>> {
        self.note_request();
        Some(Entered {
            _waiting: self.wait()?,
            _in_flight: self.metrics.began(transport),
        })
    }

    /// Counts a request in that waits for its body, and may be judged afterwards. `None` if there are
    /// too many.
    #[must_use]
    pub fn wait(&self) -> Option<Waiting<'_>> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        // Made first, so that a refusal counts out what was counted in.
        let waiting = Waiting(self);
        (before < self.requests_max).then_some(waiting)
    }

    /// Where what comes in parts is counted.
    #[must_use]
    pub const fn bodies(&self) -> &Arc<Bodies> {
        &self.bodies
    }

    /// Counts a request in that waits for nothing: it is answered before this worker does anything
    /// else. `None` if those of [`Gate::enter`] are too many already. Workers meet in no count here.
    #[must_use]
    pub fn pass(&self, transport: Transport) -> Option<InFlight<'_>> {
        self.note_request();
        let is_full = self.requests.load(Ordering::Relaxed) >= self.requests_max;
        (!is_full).then(|| self.metrics.began(transport))
    }

    /// Which trace a request belongs to. Nobody looks unless requests are traced.
    pub fn trace_context<'h>(&self, header: impl Fn(&str) -> Option<&'h str>) -> TraceContext {
        if self.traces.load().is_some() {
            TraceContext::read(header)
        } else {
            TraceContext::default()
        }
    }

    /// Judges one question: `answer` decides and builds the answer, `refuse` builds one for a
    /// reason. A panic in `answer` becomes the reason `internal`.
    pub fn judge<T>(
        &self,
        transport: Transport,
        within: &TraceContext,
        answer: impl FnOnce(&mut Bench<'_>) -> (Decision, T),
        refuse: impl FnOnce(&Authorizer, Reason) -> T,
    ) -> T {
        thread_local! {
            /// One a worker, as large as the longest token it saw.
            static BUFFERS: RefCell<Buffers> = RefCell::default();
        }
        let started = Instant::now();
        let now = self.clock.now();
        let authorizer = self.authorizer.load();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            BUFFERS.with_borrow_mut(|buffers| {
                answer(&mut Bench {
                    authorizer: &authorizer,
                    now,
                    buffers,
                    meter: &self.metrics,
                })
            })
        }));
        let (decision, answer) = outcome.unwrap_or_else(|_| {
            self.metrics.panicked();
            (
                Decision::refusal(Reason::Internal),
                refuse(&authorizer, Reason::Internal),
            )
        });
        let took = started.elapsed();
        self.metrics.decided(transport, decision.reason, took);
        let reported = report(transport, &authorizer, &decision);
        self.decisions.record(&reported, now);
        // Whoever read the request has looked whether it is traced: once is enough.
        if within.is_asked()
            && let Some(traces) = &*self.traces.load()
        {
            traces.record(within, &reported, took);
        }
        answer
    }

    /// Answers for `reason` without having judged anything.
    pub fn refuse<T>(
        &self,
        transport: Transport,
        within: &TraceContext,
        reason: Reason,
        refuse: impl FnOnce(&Authorizer, Reason) -> T,
    ) -> T {
        let decide =
            |bench: &mut Bench<'_>| (Decision::refusal(reason), refuse(bench.authorizer, reason));
        // A refusal is built from what is there; a second try would fail as the first.
        self.judge(transport, within, decide, |_, _| {
            unreachable!("refusals are prebuilt")
        })
    }

    /// The configuration in force. Load it once a request; do not hold it across an `.await`.
    #[must_use]
    pub fn authorizer(&self) -> Guard<Arc<Authorizer>> {
        self.authorizer.load()
    }

    /// From here on every request is judged by `authorizer`.
    pub fn install(&self, authorizer: Authorizer) {
        self.authorizer.store(Arc::new(authorizer));
    }

    /// From here on these decisions are written to the log.
    pub fn log_decisions(&self, which: Decisions, key: Option<FingerprintKey>) {
        self.decisions.apply(which, key);
    }

    /// From here on requests are traced by `traces`; returns what they were traced by before.
    pub fn trace(&self, traces: Option<Traces>) -> Option<Arc<Traces>> {
        self.traces.swap(traces.map(Arc::new))
    }

    /// Every counter there is.
    #[must_use]
    pub const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Asks clients to go elsewhere from here on.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Whether clients are asked to go elsewhere.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    fn note_request(&self) {
        if self.is_draining.load(Ordering::Relaxed) {
            self.was_asked.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there was a request since the last time that this was called. Counts only while
    /// draining.
    pub fn was_asked(&self) -> bool {
        self.was_asked.swap(false, Ordering::Relaxed)
    }
}

/// What logs and traces tell of a decision.
fn report<'d>(
    transport: Transport,
    authorizer: &'d Authorizer,
    decision: &'d Decision,
) -> telemetry::Decision<'d> {
    let token = decision.token.as_ref();
    telemetry::Decision {
        transport,
        reason: decision.reason,
        issuer: token.and_then(|token| token.signer.issuer_name()),
        rule: authorizer.rule(decision).settings.name.as_deref(),
        subject: token.and_then(|token| token.subject.as_deref()),
        token: token.map(|token| [&token.header[..], &token.payload[..]]),
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meter for Metrics {
    fn cache(&self, is_hit: bool) {
        self.cache_asked(if is_hit {
            CacheResult::Hit
        } else {
            CacheResult::Miss
        });
    }

    fn signature(&self, algorithm: Algorithm, is_valid: bool) {
        let result = if is_valid {
            SignatureResult::Valid
        } else {
            SignatureResult::Invalid
        };
        // The inherent method of the same name takes the label.
        Self::signature(self, algorithm, result);
    }
}
