//! The way of a judgement: rule, token, what the rule makes of it.

use std::iter;

use super::decision::Admitted;
use super::narrow::{check_scopes_asked, is_cors_preflight};
use super::{Authorizer, Buffers, Decision, Meter, Question, facts};
use crate::cache::{Judgement, TokenCache, VerifiedToken};
use crate::matching::bare_host;
use crate::path::{Path, PathScratch};
use crate::reason::{Class, Reason};
use crate::request::RequestView;
use crate::requirement::Facts;
use crate::rules::{Access, Rule, RuleId};
use crate::time::UnixMillis;
use crate::verify::{Observer, Step, check_audience_asked};

/// Everything that is asked at once.
pub(super) struct Asked<'a, R> {
    pub(super) question: &'a Question<'a>,
    pub(super) request: Option<&'a R>,
    pub(super) now: UnixMillis,
    /// Where tokens are kept; `None` to verify anew.
    pub(super) cache: Option<&'a TokenCache>,
}

/// The rule that a request met.
#[derive(Clone, Copy)]
pub(super) struct Met<'a> {
    pub(super) id: RuleId,
    pub(super) rule: &'a Rule,
    /// The request's path, if rules needed it and it is known.
    pub(super) path: Option<Path<'a>>,
}

impl<'a> Met<'a> {
    /// The path in each way that an upstream may read it: a rule must hold for all. Empty if it is
    /// unknown.
    fn readings(&self) -> impl Iterator<Item = &'a [u8]> {
        let whole = self.path.map_or(&b""[..], |path| path.as_bytes());
        let other = self.path.and_then(|path| path.without_parameters());
        iter::once(whole).chain(other)
    }

    /// Tells of every line, what it expected and found.
    fn show_lines<'r, R: RequestView<'r>>(
        &self,
        token: &VerifiedToken,
        asked: &Asked<'_, R>,
        observer: &mut impl Observer,
    ) -> Result<(), Reason> {
        let facts = facts::of_token(token)?;
        let explain = |facts: &Facts<'_>| self.rule.settings.require.explain(facts);
        for (number, reading) in self.readings().enumerate() {
            let lines = facts::with_request(facts, asked.request, reading, explain);
            // Of a second reading only what it changes.
            for line in lines.iter().filter(|it| number == 0 || it.outcome.is_err()) {
                observer.step(Step::Rule, line.outcome, || line.detail.clone());
            }
        }
        Ok(())
    }
}

impl Authorizer {
    pub(super) fn judge<'r, R: RequestView<'r>>(
        &self,
        asked: &Asked<'_, R>,
        buffers: &mut Buffers,
        observer: &mut impl Observer,
        meter: &impl Meter,
    ) -> Decision {
        // Who asks for scopes or audiences asks for a token that has them, whatever the rule is
        // content with.
        let narrows = asked.question.narrows();
        let bypasses = self.parts.bypass_cors_preflight && !narrows;
        if bypasses && asked.request.is_some_and(is_cors_preflight) {
            return Decision::without_token(RuleId::BESIDE, Reason::OkPublic);
        }
        let Buffers {
            token: buffers,
            path,
        } = buffers;
        let met = match self.meet(asked, path, observer) {
            Ok(met) => met,
            Err(reason) => return Decision::refusal(reason),
        };
        let without = |reason| Decision::without_token(met.id, reason);
        let access = met.rule.settings.access.narrowed(narrows);
        match access {
            Access::Denied => return without(Reason::RuleDenied),
            Access::Public => return without(Reason::OkPublic),
            Access::Required | Access::Optional | Access::Permissive => {}
        }
        if met.rule.settings.require.reads_request()
            && let Err(reason) = asked.has_readable_host()
        {
            observer.step(Step::Rule, Err(reason), || {
                "a condition reads the request, and its host is none".to_owned()
            });
            return without(reason);
        }
        let token = asked.token(met.rule);
        let token = observer.judged(Step::Credentials, token, || match token {
            Ok(token) => format!("found a token of {} bytes", token.len()),
            Err(reason) => reason.message().to_owned(),
        });
        let admitted =
            token.and_then(|token| self.admit(&met, token, asked, buffers, observer, meter));
        match admitted {
            Ok(admitted) => match minted(&met, &admitted, observer) {
                Ok(()) => Decision::admitted(met.id, admitted),
                // The token is good, so it is not as if there were none.
                Err(reason) => without(reason),
            },
            Err(reason) if access.forgives(reason) => without(Reason::OkAnonymous),
            Err(reason) => without(reason),
        }
    }

    /// The rule that the request meets, or that is asked for.
    fn meet<'a, 'r: 'a, R: RequestView<'r>>(
        &'a self,
        asked: &Asked<'a, R>,
        scratch: &'a mut PathScratch,
        observer: &mut impl Observer,
    ) -> Result<Met<'a>, Reason> {
        let rules = &self.parts.rules;
        let path = match asked.request {
            Some(request) if !rules.is_empty() => scratch.read(request.target()),
            Some(_) | None => Ok(None),
        };
        let mut id = path.and_then(|path| {
            let request = asked.request.map(|request| (request, path.as_ref()));
            rules.pick(asked.question.rule, request)
        });
        if id != Ok(RuleId::BESIDE) {
            id = observer.judged(Step::Rule, id, || rules.evidence(id));
        }
        let id = id?;
        let rule = rules.get(id);
        let path = path?;
        Ok(Met { id, rule, path })
    }

    /// What is asked on every use: the times, what the rule made of the token, what only the
    /// request can tell, what the caller wants beyond that.
    pub(super) fn check<'r, R: RequestView<'r>>(
        &self,
        met: &Met<'_>,
        admitted: &Admitted,
        asked: &Asked<'_, R>,
        observer: &mut impl Observer,
    ) -> Result<(), Reason> {
        let token = &admitted.token;
        let judgement = judgement(met, admitted)?;
        judgement.accepted?;
        token.times.check(token.signer.times(), asked.now)?;
        judgement.audience?;
        let question = asked.question;
        // A new token was asked already, when it was verified.
        if asked.cache.is_some() && !question.audiences.is_empty() {
            let audience = facts::of_token(token)?.claims.get("aud");
            check_audience_asked(audience, question.audiences, observer)?;
        }
        let require = &met.rule.settings.require;
        if asked.cache.is_none() {
            met.show_lines(token, asked, observer)?;
        }
        let mut verdict = judgement.verdict;
        if require.reads_request() {
            let facts = facts::of_token(token)?;
            // Each line must hold for every reading, and the first line that does not is the reason.
            for reading in met.readings() {
                let judge = |facts: &Facts<'_>| require.check_request(verdict, facts);
                verdict = facts::with_request(facts, asked.request, reading, judge);
            }
        }
        verdict.outcome()?;
        if question.scopes.is_empty() {
            return Ok(());
        }
        check_scopes_asked(facts::of_token(token)?.claims, question.scopes, observer)
    }
}

/// What the rule made of the token. One of the two is there; if none were, it would be a fault of ours.
fn judgement<'a>(met: &Met<'_>, admitted: &'a Admitted) -> Result<&'a Judgement, Reason> {
    let kept = admitted.token.judgements.find(met.id);
    admitted
        .judgement
        .as_deref()
        .or(kept)
        .ok_or(Reason::Internal)
}

/// Whether the token of ours that the request is to carry could be made.
fn minted(met: &Met<'_>, admitted: &Admitted, observer: &mut impl Observer) -> Result<(), Reason> {
    if met.rule.settings.forward.internal_token.is_none() {
        return Ok(());
    }
    let minted = judgement(met, admitted)?.minted;
    if minted.is_ok() {
        return Ok(());
    }
    observer.judged(Step::Rule, minted, || {
        "the internal token that the request is to carry cannot be made of these claims".to_owned()
    })
}

impl<R> Asked<'_, R> {
    /// What is no host is the empty one to a condition, and may be another to an upstream.
    fn has_readable_host<'r>(&self) -> Result<(), Reason>
    where
        R: RequestView<'r>,
    {
        let host = self.request.map_or(&b""[..], R::host);
        if host.is_empty() || bare_host(host).is_some() {
            Ok(())
        } else {
            Err(Reason::PathAmbiguous)
        }
    }

    /// The token that is to be judged.
    fn token<'t, 'r: 't>(&'t self, rule: &Rule) -> Result<&'t [u8], Reason>
    where
        R: RequestView<'r>,
    {
        let found = match self.request {
            Some(request) => rule
                .settings
                .credentials
                .find(request)
                .map(|found| found.token),
            None => Err(Reason::TokenMissing),
        };
        let asked = self.question.token;
        match found {
            _ if asked.is_empty() => found,
            // The caller's token counts; that the request carries another one does too.
            Ok(token) if token != asked => Err(Reason::TokenAmbiguous),
            Ok(_) | Err(Reason::TokenMissing) => Ok(asked),
            // Upstreams may read what we cannot.
            Err(reason) => Err(reason),
        }
    }
}

impl Access {
    /// What it comes to where the caller asks for more than the configuration.
    const fn narrowed(self, narrows: bool) -> Self {
        match self {
            Self::Optional | Self::Permissive | Self::Public if narrows => Self::Required,
            Self::Required | Self::Optional | Self::Permissive | Self::Public | Self::Denied => {
                self
            }
        }
    }

    /// Whether a request whose token fails for `reason` passes as if it had none. What could not
    /// be decided is never forgiven.
    const fn forgives(self, reason: Reason) -> bool {
        match self {
            Self::Required | Self::Public | Self::Denied => false,
            Self::Optional => matches!(reason, Reason::TokenMissing),
            Self::Permissive => matches!(reason.class(), Class::Missing | Class::Invalid),
        }
    }
}
