//! The way of a judgement: rule, token, what the rule makes of it.

use std::sync::Arc;

use bytes::Bytes;

use super::decision::Admitted;
use super::narrow::{is_cors_preflight, narrow};
use super::{Authorizer, Buffers, Decision, Meter, Question, facts};
use crate::cache::{Judgement, Judgements, TokenCache, VerifiedToken};
use crate::consumers::{self, Caller};
use crate::issuers::Audiences;
use crate::path::{Path, PathScratch};
use crate::reason::{Class, Reason};
use crate::request::RequestView;
use crate::requirement::{Facts, TokenFacts};
use crate::rules::{Access, Rule, RuleId};
use crate::time::UnixMillis;
use crate::token::Scratch;
use crate::token::json::Json;
use crate::verify::{Context, Observer, Step, Verified, check_audience, verify};

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
struct Met<'a> {
    id: RuleId,
    rule: &'a Rule,
    /// The request's path, if rules needed it and it is known.
    path: Option<Path<'a>>,
}

impl Authorizer {
    pub(super) fn judge<'r, R: RequestView<'r>>(
        &self,
        asked: &Asked<'_, R>,
        buffers: &mut Buffers,
        observer: &mut impl Observer,
        meter: &impl Meter,
    ) -> Decision {
        if self.parts.bypass_cors_preflight && asked.request.is_some_and(is_cors_preflight) {
            return Decision::without_token(RuleId::BESIDE, Reason::OkPublic);
        }
        let Buffers {
            token: scratch,
            path,
        } = buffers;
        let met = match self.meet(asked, path, observer) {
            Ok(met) => met,
            Err(reason) => return Decision::refusal(reason),
        };
        let without = |reason| Decision::without_token(met.id, reason);
        match met.rule.settings.access {
            Access::Denied => return without(Reason::RuleDenied),
            Access::Public => return without(Reason::OkPublic),
            Access::Required | Access::Optional | Access::Permissive => {}
        }
        let token = asked.token(met.rule);
        let token = observer.judged(Step::Credentials, token, || match token {
            Ok(token) => format!("found a token of {} bytes", token.len()),
            Err(reason) => reason.message().to_owned(),
        });
        let admitted =
            token.and_then(|token| self.admit(&met, token, asked, scratch, observer, meter));
        match admitted {
            Ok(admitted) => Decision::admitted(met.id, admitted),
            Err(reason) if met.rule.settings.access.forgives(reason) => {
                without(Reason::OkAnonymous)
            }
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

    /// Whether the token passes by the rule.
    fn admit<'r, R: RequestView<'r>>(
        &self,
        met: &Met<'_>,
        token: &[u8],
        asked: &Asked<'_, R>,
        scratch: &mut Scratch,
        observer: &mut impl Observer,
        meter: &impl Meter,
    ) -> Result<Admitted, Reason> {
        let admitted = match asked.cache {
            Some(cache) => match cache.get(token, self.parts.generation) {
                Some(known) => {
                    meter.cache(true);
                    self.admit_known(met, token, known, cache, asked.now)
                }
                None => {
                    meter.cache(false);
                    let fresh = self.admit_fresh(met, token, asked, scratch, observer)?;
                    cache.insert(token, Arc::clone(&fresh.token));
                    fresh
                }
            },
            None => self.admit_fresh(met, token, asked, scratch, observer)?,
        };
        self.check(met, &admitted, asked, observer)?;
        Ok(admitted)
    }

    /// A token that was verified before, perhaps not by this rule.
    fn admit_known(
        &self,
        met: &Met<'_>,
        bytes: &[u8],
        token: Arc<VerifiedToken>,
        cache: &TokenCache,
        now: UnixMillis,
    ) -> Admitted {
        let token = match token.judgements.find(met.id) {
            Some(judgement) if judgement.is_fresh(now) => {
                return Admitted {
                    token,
                    judgement: None,
                };
            }
            // The token of ours that goes upstream ends soon: judgements only ever grow, so the
            // list begins anew.
            Some(_) => Arc::new(token.unjudged()),
            None => token,
        };
        let judgement = self.judgement_on_known(met, &token, now);
        let judgement = token.judgements.keep(judgement).err();
        // It grew, and the cache counts bytes.
        cache.insert(bytes, Arc::clone(&token));
        Admitted { token, judgement }
    }

    /// A token that nobody has seen.
    fn admit_fresh<'r, R: RequestView<'r>>(
        &self,
        met: &Met<'_>,
        token: &[u8],
        asked: &Asked<'_, R>,
        scratch: &mut Scratch,
        observer: &mut impl Observer,
    ) -> Result<Admitted, Reason> {
        let context = Context {
            issuers: &self.parts.issuers,
            consumers: &self.parts.consumers,
            limits: &self.parts.limits,
            accepts: met.rule.accepts(),
            now: asked.now,
        };
        let verified = verify(token, &context, scratch, observer)?;
        let token = self.keep(&verified);
        let facts = TokenFacts {
            claims: verified.claims().object(),
            header: verified.header(),
            consumer: token.signer.consumer().map(AsRef::as_ref),
        };
        let judgement = self.judgement(met, &facts, &token, asked.now);
        let judgement = token.judgements.keep(judgement).err();
        let token = Arc::new(token);
        Ok(Admitted { token, judgement })
    }

    /// What is asked on every use: the times, what the rule made of the token, what only the
    /// request can tell, what the caller wants beyond that.
    fn check<'r, R: RequestView<'r>>(
        &self,
        met: &Met<'_>,
        admitted: &Admitted,
        asked: &Asked<'_, R>,
        observer: &mut impl Observer,
    ) -> Result<(), Reason> {
        let token = &admitted.token;
        let kept = token.judgements.find(met.id);
        // One of the two is there; if none were, it would be a fault of ours.
        let judgement = admitted.judgement.as_deref().or(kept);
        let judgement = judgement.ok_or(Reason::Internal)?;
        judgement.accepted?;
        token.times.check(token.signer.times(), asked.now)?;
        judgement.audience?;
        let require = &met.rule.settings.require;
        if asked.cache.is_none() {
            let facts = facts::of_token(token)?;
            let explain = |facts: &Facts<'_>| require.explain(facts);
            let lines = facts::with_request(facts, asked.request, met.path.as_ref(), explain);
            for line in &lines {
                observer.step(Step::Rule, line.outcome, || line.detail.clone());
            }
            lines.iter().try_for_each(|line| line.outcome)?;
        } else if require.reads_request() {
            let facts = facts::of_token(token)?;
            let judge = |facts: &Facts<'_>| require.check_request(judgement.verdict, facts);
            facts::with_request(facts, asked.request, met.path.as_ref(), judge)?;
        } else {
            judgement.verdict.outcome()?;
        }
        let question = asked.question;
        if question.audiences.is_empty() && question.scopes.is_empty() {
            return Ok(());
        }
        narrow(facts::of_token(token)?.claims, question, observer)
    }

    /// What the rule makes of a token that was verified for another one.
    fn judgement_on_known(
        &self,
        met: &Met<'_>,
        token: &VerifiedToken,
        now: UnixMillis,
    ) -> Judgement {
        let accepts = met.rule.accepts();
        let accepted = match token.signer.issuer_name() {
            issuer if accepts.takes(issuer) => Ok(()),
            _ => Err(Reason::IssuerUnknown),
        };
        let judged = facts::of_token(token).and_then(|facts| {
            let audiences = accepts.audiences.or(token.signer.audiences());
            check_audience(
                facts.claims.get("aud"),
                audiences.unwrap_or(&Audiences::Any),
            )?;
            Ok(self.judgement(met, &facts, token, now))
        });
        let judgement = judged.unwrap_or_else(|reason| Judgement {
            audience: Err(reason),
            ..self.empty_judgement(met.id)
        });
        Judgement {
            accepted: accepted.and(judgement.accepted),
            ..judgement
        }
    }

    /// What the rule makes of a token whose issuer and audience are right.
    fn judgement(
        &self,
        met: &Met<'_>,
        facts: &TokenFacts<'_>,
        token: &VerifiedToken,
        now: UnixMillis,
    ) -> Judgement {
        let verdict = met.rule.settings.require.check_token(facts);
        if !verdict.is_good() {
            return Judgement {
                verdict,
                ..self.empty_judgement(met.id)
            };
        }
        let mut set = met
            .rule
            .settings
            .forward
            .render(facts.claims, &token.payload);
        if let Some(consumer) = facts.consumer {
            let credential = token.key_id.as_deref().unwrap_or_default();
            set.extend(consumers::headers(&Caller::Consumer(consumer, credential)));
        }
        let mut fresh_until = None;
        if let Some(internal) = &met.rule.settings.forward.internal_token {
            let minter = self.parts.minter.as_ref();
            let minted = minter.and_then(|it| it.mint(&internal.profile, facts.claims, now));
            let Some(minted) = minted else {
                // Without the token that it was promised, the upstream must not be asked; the next
                // request tries again.
                return Judgement {
                    accepted: Err(Reason::Internal),
                    fresh_until: Some(now),
                    ..self.empty_judgement(met.id)
                };
            };
            set.push((internal.header.clone(), minted.token));
            fresh_until = Some(minted.fresh_until);
        }
        Judgement {
            forwarded: self.protected.forwarding(set),
            fresh_until,
            ..self.empty_judgement(met.id)
        }
    }

    fn empty_judgement(&self, rule: RuleId) -> Judgement {
        Judgement::empty(rule, self.protected.forwarding(Vec::new()))
    }

    fn keep(&self, verified: &Verified<'_>) -> VerifiedToken {
        let claims = verified.claims();
        let subject = claims
            .subject
            .and_then(Json::as_text)
            .map(|text| text.to_cow().into());
        VerifiedToken {
            signer: verified.signer().to_owned(),
            key_id: verified.key_id().map(Box::from),
            times: verified.times(),
            subject,
            payload: Bytes::copy_from_slice(claims.payload()),
            header: Bytes::copy_from_slice(verified.header().raw().as_bytes()),
            keys_generation: verified.keys_generation(),
            config_generation: self.parts.generation,
            judgements: Judgements::default(),
        }
    }
}

impl<R> Asked<'_, R> {
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
            Err(Reason::TokenAmbiguous) => Err(Reason::TokenAmbiguous),
            Ok(_) | Err(_) => Ok(asked),
        }
    }
}

impl Access {
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
