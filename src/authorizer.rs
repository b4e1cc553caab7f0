//! The one call every transport makes: a request, or a token alone, becomes a [`Decision`].
//!
//! An [`Authorizer`] is one configuration, frozen. A reload makes another.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::cache::{TokenCache, VerifiedToken};
use crate::consumers::Consumers;
use crate::credentials::Credentials;
use crate::deny::{OnUnavailable, Refusals};
use crate::explain::Explanation;
use crate::forward::ForwardPolicy;
use crate::issuers::{Audiences, Issuers};
use crate::limits::CLAIMS_DEPTH_MAX;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::signature::Algorithm;
use crate::time::UnixMillis;
use crate::token::json::{Json, scan_object};
use crate::token::{Scratch, TokenLimits};
use crate::verify::{
    Accepts, Context, Observer, Step, Unobserved, Verified, check_audience, check_scopes, verify,
};

/// One configuration, ready to judge.
#[derive(Debug)]
pub struct Authorizer {
    /// Who may sign.
    pub issuers: Issuers,
    /// Who else may.
    pub consumers: Arc<Consumers>,
    /// Where tokens are.
    pub credentials: Credentials,
    /// What goes upstream.
    pub forward: ForwardPolicy,
    /// What refusals look like.
    pub refusals: Refusals,
    /// What Envoy is told when no decision could be made.
    pub on_unavailable: OnUnavailable,
    /// How large tokens may be.
    pub limits: TokenLimits,
    /// Tokens verified before.
    pub cache: TokenCache,
    /// Whether CORS preflights pass without a token.
    pub bypass_cors_preflight: bool,
    /// Which configuration this is: one more with every reload.
    pub generation: u64,
    /// What an edge made of each refusal once, to be sent again as it is.
    pub prepared_refusals: [OnceLock<Bytes>; Reason::ALL.len()],
}

/// May it pass, and why.
#[derive(Debug)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// The token, if one was verified and it passes.
    pub token: Option<Arc<VerifiedToken>>,
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
    /// Judges a request as a gateway describes it, by the rule called `rule` if one is named.
    pub fn decide<'r>(
        &self,
        request: &impl RequestView<'r>,
        rule: Option<&str>,
        now: UnixMillis,
        scratch: &mut Scratch,
        meter: &impl Meter,
    ) -> Decision {
        // No rules yet, so there is none of any name.
        if rule.is_some() {
            return Decision::refusal(Reason::RuleUnknown);
        }
        if self.bypass_cors_preflight && is_cors_preflight(request) {
            return Decision {
                reason: Reason::OkPublic,
                token: None,
            };
        }
        match self.credentials.find(request) {
            Ok(found) => self.admit(found.token, now, scratch, meter).into(),
            Err(reason) => Decision::refusal(reason),
        }
    }

    /// Judges a token, with the request it came with if there is one.
    pub fn verify<'r>(
        &self,
        question: &Question<'r>,
        request: Option<&impl RequestView<'r>>,
        now: UnixMillis,
        scratch: &mut Scratch,
        meter: &impl Meter,
    ) -> Decision {
        let token = match self.token_of(question, request) {
            Ok(token) => token,
            Err(reason) => return Decision::refusal(reason),
        };
        let admitted = self.admit(token, now, scratch, meter);
        let narrowed = admitted.and_then(|verified| {
            narrow(&verified.payload, question, &mut Unobserved).map(|()| verified)
        });
        narrowed.into()
    }

    /// Judges as [`Authorizer::verify`] does, past the cache, and tells every step.
    pub fn explain<'r>(
        &self,
        question: &Question<'r>,
        request: Option<&impl RequestView<'r>>,
        now: UnixMillis,
        scratch: &mut Scratch,
    ) -> (Decision, Explanation) {
        let mut explanation = Explanation::default();
        let observer = &mut explanation;
        let token = self.token_of(question, request);
        let token = observer.judged(Step::Credentials, token, || match token {
            Ok(token) => format!("found a token of {} bytes", token.len()),
            Err(reason) => reason.message().to_owned(),
        });
        let verified = token.and_then(|token| {
            let verified = verify(token, &self.context(now), scratch, observer)?;
            narrow(verified.claims().payload(), question, observer)?;
            Ok(self.keep(&verified))
        });
        (verified.into(), explanation)
    }

    /// The token that the question is about.
    fn token_of<'r>(
        &self,
        question: &Question<'r>,
        request: Option<&impl RequestView<'r>>,
    ) -> Result<&'r [u8], Reason> {
        if question.rule.is_some() {
            return Err(Reason::RuleUnknown);
        }
        let found = match request {
            Some(request) => self.credentials.find(request).map(|found| found.token),
            None => Err(Reason::TokenMissing),
        };
        match found {
            _ if question.token.is_empty() => found,
            // The caller's token counts; that the request carries another one does too.
            Ok(token) if token != question.token => Err(Reason::TokenAmbiguous),
            Err(Reason::TokenAmbiguous) => Err(Reason::TokenAmbiguous),
            Ok(_) | Err(_) => Ok(question.token),
        }
    }

    /// The token as it was verified, now or before.
    fn admit(
        &self,
        token: &[u8],
        now: UnixMillis,
        scratch: &mut Scratch,
        meter: &impl Meter,
    ) -> Result<Arc<VerifiedToken>, Reason> {
        let kept = self.cache.get(token, self.generation);
        meter.cache(kept.is_some());
        if let Some(verified) = kept {
            verified.times.check(verified.signer.times(), now)?;
            return Ok(verified);
        }
        let verified = verify(token, &self.context(now), scratch, &mut Metered(meter))?;
        let verified = self.keep(&verified);
        self.cache.insert(token, Arc::clone(&verified));
        Ok(verified)
    }

    fn keep(&self, verified: &Verified<'_>) -> Arc<VerifiedToken> {
        let claims = verified.claims();
        let subject = claims
            .subject
            .and_then(Json::as_text)
            .map(|text| text.to_cow().into());
        Arc::new(VerifiedToken {
            signer: verified.signer().to_owned(),
            key_id: verified.key_id().map(Box::from),
            times: verified.times(),
            subject,
            payload: Bytes::copy_from_slice(claims.payload()),
            forwarded: self.forward.render(claims.object(), claims.payload()),
            keys_generation: verified.keys_generation(),
            config_generation: self.generation,
            prepared: OnceLock::new(),
        })
    }

    fn context(&self, now: UnixMillis) -> Context<'_> {
        Context {
            issuers: &self.issuers,
            consumers: &self.consumers,
            accepts: Accepts::default(),
            limits: &self.limits,
            now,
        }
    }
}

impl Decision {
    /// A refusal without a token.
    #[must_use]
    pub const fn refusal(reason: Reason) -> Self {
        Self {
            reason,
            token: None,
        }
    }
}

impl From<Result<Arc<VerifiedToken>, Reason>> for Decision {
    fn from(outcome: Result<Arc<VerifiedToken>, Reason>) -> Self {
        match outcome {
            Ok(verified) => Self {
                reason: Reason::Ok,
                token: Some(verified),
            },
            Err(reason) => Self::refusal(reason),
        }
    }
}

/// What the caller asks for beyond the configuration. It can only narrow.
fn narrow(
    payload: &[u8],
    question: &Question<'_>,
    observer: &mut impl Observer,
) -> Result<(), Reason> {
    if question.audiences.is_empty() && question.scopes.is_empty() {
        return Ok(());
    }
    // It was read before within the limits; anything else is a fault of ours.
    let claims = scan_object(payload, CLAIMS_DEPTH_MAX, |_, _| ()).map_err(|_| Reason::Internal)?;
    if !question.audiences.is_empty() {
        let accepted = question
            .audiences
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        let outcome = check_audience(claims.get("aud"), &Audiences::OneOf(accepted));
        observer.judged(Step::Rule, outcome, || {
            format!("expected, by the caller, aud {:?}", question.audiences)
        })?;
    }
    let outcome = check_scopes(claims, question.scopes.iter().map(String::as_str));
    observer.judged(Step::Rule, outcome, || {
        format!("expected, by the caller, the scopes {:?}", question.scopes)
    })
}

/// An `OPTIONS` request with the two headers that make it a preflight (Fetch, 3.2.2).
fn is_cors_preflight<'r>(request: &impl RequestView<'r>) -> bool {
    if request.method() != b"OPTIONS" {
        return false;
    }
    let (mut has_origin, mut has_method) = (false, false);
    request.for_each_header(&mut |name, _| {
        has_origin |= name.eq_ignore_ascii_case(b"origin");
        has_method |= name.eq_ignore_ascii_case(b"access-control-request-method");
    });
    has_origin && has_method
}

/// An observer that only counts.
struct Metered<'m, M>(&'m M);

impl<M: Meter> Observer for Metered<'_, M> {
    fn step(&mut self, _: Step, _: Result<(), Reason>, _: impl FnOnce() -> String) {}

    fn signature(&mut self, algorithm: Algorithm, is_valid: bool) {
        self.0.signature(algorithm, is_valid);
    }
}
