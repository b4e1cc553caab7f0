//! The way of one token: known to this worker, known to another, or new; and what the rule makes of it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::decision::Admitted;
use super::judge::{Asked, Met};
use super::{Authorizer, Meter, TokenBuffers, facts};
use crate::cache::{Judgement, Judgements, TokenCache, Under, VerifiedToken};
use crate::consumers::{self, Caller};
use crate::forward::InternalToken;
use crate::issuers::Audiences;
use crate::reason::{Class, Reason};
use crate::request::RequestView;
use crate::requirement::TokenFacts;
use crate::rules::RuleId;
use crate::time::UnixMillis;
use crate::token::Scratch;
use crate::token::json::Json;
use crate::verify::{Accepts, Context, Observer, Verified, check_audience, verify};

impl Authorizer {
    /// Whether the token passes by the rule.
    pub(super) fn admit<'r, R: RequestView<'r>>(
        &self,
        met: &Met<'_>,
        token: &[u8],
        asked: &Asked<'_, R>,
        buffers: &mut TokenBuffers,
        observer: &mut impl Observer,
        meter: &impl Meter,
    ) -> Result<Admitted, Reason> {
        let TokenBuffers {
            scratch,
            front,
            refusals,
        } = buffers;
        let Some(cache) = asked.cache else {
            let admitted = self.admit_fresh(met, token, asked, scratch, observer)?;
            self.check(met, &admitted, asked, observer)?;
            return Ok(admitted);
        };
        let (generation, now) = (self.parts.generation, asked.now);
        let under = Under::new(cache, generation, met.id);
        let admitted = if let Some(token) = front.get(cache, token, generation, met.id, now) {
            meter.cache(true);
            Admitted {
                token,
                judgement: None,
            }
        } else if let Some(reason) = refusals.get(token, under) {
            meter.cache(false);
            return Err(reason);
        } else if let Some(known) = cache.get(token, generation) {
            meter.cache(true);
            let known = self.admit_known(met, token, known, cache, now);
            // Without room for what this rule says, a copy would be of no use.
            if known.judgement.is_none() {
                front.saw(cache, token, &known.token, now);
            }
            known
        } else {
            meter.cache(false);
            let fresh = self.admit_fresh(met, token, asked, scratch, observer);
            let fresh = fresh.inspect_err(|reason| refusals.saw(token, under, *reason))?;
            cache.insert(token, Arc::clone(&fresh.token));
            fresh
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
        let is_signed_now = judgement.fresh.as_ref().is_some_and(|it| it.start == now);
        let (token, judgement) = match token.judgements.keep(judgement) {
            Ok(()) => (token, None),
            // There is no room, but what cost a signature is kept: the list begins anew with it.
            Err(judgement) if is_signed_now => {
                let token = Arc::new(token.unjudged());
                let judgement = token.judgements.keep(*judgement).err();
                (token, judgement)
            }
            Err(judgement) => (token, Some(judgement)),
        };
        if judgement.is_none() {
            // It grew, and the cache counts bytes.
            cache.insert(bytes, Arc::clone(&token));
        }
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
            accepts: Accepts {
                audiences_asked: asked.question.audiences,
                ..met.rule.accepts()
            },
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
            // A consumer's that is named in the header alone.
            None if facts::of_token(token).is_ok_and(|it| it.claims.get("iss").is_none()) => {
                Err(Reason::IssuerMissing)
            }
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
        let mut fresh = None;
        if let Some(internal) = &met.rule.settings.forward.internal_token {
            let minted = match self.minted_before(internal, token, now) {
                Some(minted) => Ok(minted),
                None => self.mint(internal, facts, now),
            };
            match minted {
                Ok((minted, range)) => {
                    set.push((internal.header.clone(), minted));
                    fresh = Some(range);
                }
                // Without the token that it was promised, the upstream must not be asked. What the
                // claims are to blame for stays so; else the next request tries again.
                Err(reason) => {
                    return Judgement {
                        minted: Err(reason),
                        fresh: (reason.class() == Class::Unavailable).then_some(now..now),
                        ..self.empty_judgement(met.id)
                    };
                }
            }
        }
        Judgement {
            forwarded: self.protected.forwarding(set),
            fresh,
            ..self.empty_judgement(met.id)
        }
    }

    /// A token of ours, and when it may be sent.
    fn mint(
        &self,
        internal: &InternalToken,
        facts: &TokenFacts<'_>,
        now: UnixMillis,
    ) -> Result<(Box<str>, Range<UnixMillis>), Reason> {
        let minter = self.parts.minter.as_ref().ok_or(Reason::Internal)?;
        let minted = minter.mint(&internal.profile, facts.claims, now)?;
        Ok((minted.token, now..minted.fresh_until))
    }

    /// The same, if another rule had it made of this token.
    fn minted_before(
        &self,
        internal: &InternalToken,
        token: &VerifiedToken,
        now: UnixMillis,
    ) -> Option<(Box<str>, Range<UnixMillis>)> {
        token.judgements.iter().find_map(|judgement| {
            let forward = &self.parts.rules.get(judgement.rule).settings.forward;
            let is_same = forward.internal_token.as_ref() == Some(internal);
            if !is_same || judgement.minted.is_err() || !judgement.is_fresh(now) {
                return None;
            }
            // It comes last.
            let mut set = judgement.forwarded.set.iter().rev();
            let (_, minted) = set.find(|(name, _)| *name == internal.header)?;
            Some((minted.clone(), judgement.fresh.clone()?))
        })
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
