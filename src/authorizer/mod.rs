//! The one call every transport makes: a request, or a token alone, becomes a [`Decision`].
//!
//! An [`Authorizer`] is one configuration, frozen. A reload makes another.

mod admit;
mod decision;
mod facts;
mod judge;
mod narrow;

use std::sync::Arc;

use http::HeaderName;

use crate::cache::{Front, Judgement, Refusals, TokenCache};
use crate::consumers::{self, Caller, Consumers};
use crate::credentials::Stripped;
use crate::explain::Explanation;
use crate::forward::{Minter, Protected, TokenHandling};
use crate::issuers::Issuers;
use crate::path::PathScratch;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::rules::{Rule, RuleId, Rules};
use crate::signature::Algorithm;
use crate::time::UnixMillis;
use crate::token::{Scratch, TokenLimits};
use crate::verify::{Observer, Step};

pub use decision::Decision;
use judge::Asked;

/// What a configuration judges by.
#[derive(Debug)]
pub struct Parts {
    /// Who may sign.
    pub issuers: Issuers,
    /// Who else may.
    pub consumers: Arc<Consumers>,
    /// What is asked of requests.
    pub rules: Rules,
    /// How large tokens may be.
    pub limits: TokenLimits,
    /// Tokens verified before.
    pub cache: TokenCache,
    /// Who makes the tokens that requests carry upstream, if rules ask for some.
    pub minter: Option<Arc<dyn Minter>>,
    /// Whether CORS preflights pass without a token.
    pub bypass_cors_preflight: bool,
    /// Which configuration this is: one more with every reload.
    pub generation: u64,
}

/// One configuration, ready to judge.
#[derive(Debug)]
pub struct Authorizer {
    parts: Parts,
    protected: Protected,
    /// What goes upstream where a rule does without a token.
    anonymous: Judgement,
    /// What goes upstream where nobody asked for a token.
    public: Judgement,
}

/// A question about a token, as `Verify` asks it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'q> {
    /// The token; empty to look for it in the request.
    pub token: &'q [u8],
    /// A rule to judge by.
    pub rule: Option<&'q str>,
    /// One of these must be in `aud`, if there are any.
    pub audiences: &'q [String],
    /// All of these must be granted.
    pub scopes: &'q [String],
}

impl Question<'_> {
    /// Whether a token has to have more than the configuration asks for.
    #[must_use]
    pub const fn narrows(&self) -> bool {
        !self.audiences.is_empty() || !self.scopes.is_empty()
    }
}

/// What a decision needs room for. Each worker has one and uses it again.
#[derive(Debug, Default)]
pub struct Buffers {
    /// For judging a token.
    pub token: TokenBuffers,
    /// For reading a path.
    pub path: PathScratch,
}

/// What judging a token needs room for.
#[derive(Debug, Default)]
pub struct TokenBuffers {
    /// For reading it.
    pub scratch: Scratch,
    /// The tokens that this worker sees again and again.
    pub front: Front,
    /// Those that it refuses again and again.
    pub refusals: Refusals,
}

/// Who counts what a decision costs.
pub trait Meter {
    /// The cache was asked.
    fn cache(&self, is_hit: bool);

    /// A signature was checked.
    fn signature(&self, algorithm: Algorithm, is_valid: bool);
}

/// Nobody counts.
#[derive(Clone, Copy, Debug)]
pub struct Unmetered;

impl Meter for Unmetered {
    fn cache(&self, _: bool) {}

    fn signature(&self, _: Algorithm, _: bool) {}
}

impl Authorizer {
    /// Freezes `parts`.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let forwards = parts.rules.iter().map(|rule| &rule.settings.forward);
        let names = forwards.flat_map(|forward| forward.names());
        let anonymous = parts.consumers.anonymous();
        let has_consumers = !parts.consumers.is_empty() || anonymous.is_some();
        let of_consumers = consumers::HEADERS.into_iter().filter(|_| has_consumers);
        let protected = Protected::new(names.cloned().chain(of_consumers));
        let caller = anonymous.map_or(Caller::Nobody, |consumer| Caller::Anonymous(consumer));
        let forwarded = |caller| protected.forwarding(consumers::headers(&caller));
        Self {
            anonymous: Judgement::empty(RuleId::BESIDE, forwarded(caller)),
            public: Judgement::empty(RuleId::BESIDE, forwarded(Caller::Nobody)),
            protected,
            parts,
        }
    }

    /// Judges a request as a gateway describes it, by the rule called `rule` if one is named.
    pub fn decide<'r>(
        &self,
        request: &impl RequestView<'r>,
        rule: Option<&str>,
        now: UnixMillis,
        buffers: &mut Buffers,
        meter: &impl Meter,
    ) -> Decision {
        let question = Question {
            rule,
            ..Question::default()
        };
        self.verify(&question, Some(request), now, buffers, meter)
    }

    /// Judges a token, with the request it came with if there is one.
    pub fn verify<'r>(
        &self,
        question: &Question<'_>,
        request: Option<&impl RequestView<'r>>,
        now: UnixMillis,
        buffers: &mut Buffers,
        meter: &impl Meter,
    ) -> Decision {
        let asked = Asked {
            question,
            request,
            now,
            cache: Some(&self.parts.cache),
        };
        self.judge(&asked, buffers, &mut Metered(meter), meter)
    }

    /// Judges as [`Authorizer::verify`] does, past the cache, and tells every step.
    pub fn explain<'r>(
        &self,
        question: &Question<'_>,
        request: Option<&impl RequestView<'r>>,
        now: UnixMillis,
        buffers: &mut Buffers,
    ) -> (Decision, Explanation) {
        let asked = Asked {
            question,
            request,
            now,
            cache: None,
        };
        let mut explanation = Explanation::default();
        let decision = self.judge(&asked, buffers, &mut explanation, &Unmetered);
        (decision, explanation)
    }

    /// The rule that made this decision.
    #[must_use]
    pub fn rule(&self, decision: &Decision) -> &Rule {
        self.parts.rules.get(decision.rule)
    }

    /// The name of the consumer that the decision is about: whose token it is, or the anonymous one
    /// where a rule does without a token.
    #[must_use]
    pub fn consumer<'d>(&'d self, decision: &'d Decision) -> Option<&'d str> {
        let of_token = decision.token.as_ref();
        let consumer = match of_token.and_then(|token| token.signer.consumer()) {
            None if decision.reason == Reason::OkAnonymous => self.parts.consumers.anonymous(),
            consumer => consumer,
        };
        consumer.map(|consumer| &*consumer.name)
    }

    /// What to take out of a request that passes, if its rule lets no token go upstream. Where a
    /// token was looked for there may be one although it did not count; `public` rules look for
    /// none.
    #[must_use]
    pub fn stripped<'r>(
        &self,
        decision: &Decision,
        request: &impl RequestView<'r>,
    ) -> Option<Stripped> {
        let settings = &self.rule(decision).settings;
        let is_stripped = settings.forward.token == TokenHandling::Strip;
        let may_be_there = decision.reason != Reason::OkPublic;
        (is_stripped && may_be_there).then(|| {
            let mut stripped = settings.credentials.strip(request);
            // What is set in its place, such as an internal token, is no token of the client's.
            let set = &decision.judgement(self).forwarded.set;
            let is_set = |name: &HeaderName| set.iter().any(|(set, _)| set == name);
            stripped.headers.retain(|name| !is_set(name));
            stripped
        })
    }

    /// The rule that judges before any other is known: the one beside them all.
    #[must_use]
    pub fn rule_beside(&self) -> &Rule {
        self.parts.rules.get(RuleId::BESIDE)
    }

    /// The headers that only the gate may set.
    #[must_use]
    pub const fn protected(&self) -> &Protected {
        &self.protected
    }

    /// Tokens verified before.
    #[must_use]
    pub const fn cache(&self) -> &TokenCache {
        &self.parts.cache
    }
}

/// An observer that only counts.
struct Metered<'m, M>(&'m M);

impl<M: Meter> Observer for Metered<'_, M> {
    fn step(&mut self, _: Step, _: Result<(), Reason>, _: impl FnOnce() -> String) {}

    fn signature(&mut self, algorithm: Algorithm, is_valid: bool) {
        self.0.signature(algorithm, is_valid);
    }
}

#[cfg(test)]
mod tests;
