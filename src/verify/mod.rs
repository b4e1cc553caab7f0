//! The heart: is this token good? Synchronous, pure, without allocation; `now` is an argument.
//!
//! The order of the steps is part of the contract: the first failure is the reason.

mod authenticate;
mod checks;
mod observe;
mod signer;

use authenticate::authenticate;
pub use checks::{Times, check_audience, check_audience_asked, check_scopes};
pub use observe::{Observer, Step, Unobserved};
pub use signer::{SignedBy, Signer};

use crate::consumers::Consumers;
use crate::explain as evidence;
use crate::issuers::{Audiences, Issuers};
use crate::reason::Reason;
use crate::time::UnixMillis;
use crate::token::json::Json;
use crate::token::{Claims, Scratch, TokenLimits, UnverifiedToken};

/// A token whose signature was checked with a key of its signer, and whose time, audience and
/// claims are right. There is one constructor, [`verify`].
#[derive(Debug)]
pub struct Verified<'a> {
    signer: Signer<'a>,
    header: Json<'a>,
    claims: Claims<'a>,
    times: Times,
}

/// Verifies `token` as of `now`.
///
/// # Errors
/// The first reason, in the contract's order, why the token is not good.
pub fn verify<'a>(
    token: &'a [u8],
    context: &Context<'a>,
    scratch: &'a mut Scratch,
    observer: &mut impl Observer,
) -> Result<Verified<'a>, Reason> {
    let Scratch { parts, text } = scratch;
    let token = observer.judged(
        Step::Shape,
        UnverifiedToken::parse(token, context.limits, parts),
        || evidence::shape(token, context.limits),
    )?;
    let signer = authenticate(&token, context, text, observer)?;
    let claims = token.unverified_claims();
    let policy = signer.times();
    let times = observer.judged(
        Step::Time,
        Times::read(claims).and_then(|times| times.check(policy, context.now).map(|()| times)),
        || evidence::time(claims, policy, context.now),
    )?;
    let audiences = context.accepts.audiences.or(signer.audiences());
    let audiences = audiences.unwrap_or(&Audiences::Any);
    observer.judged(
        Step::Audience,
        check_audience(claims.audience, audiences),
        || evidence::audience(claims, audiences),
    )?;
    check_audience_asked(claims.audience, context.accepts.audiences_asked, observer)?;
    let required = signer.required_claims();
    observer.judged(Step::Claims, checks::check_claims(claims, required), || {
        evidence::claims(claims, required)
    })?;
    Ok(Verified {
        signer,
        header: token.header.object(),
        claims: *claims,
        times,
    })
}

/// What a token is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Who may sign.
    pub issuers: &'a Issuers,
    /// Who else may.
    pub consumers: &'a Consumers,
    /// Whom of them, and for whom, a rule accepts.
    pub accepts: Accepts<'a>,
    /// How large a token may be.
    pub limits: &'a TokenLimits,
    /// What time it is.
    pub now: UnixMillis,
}

/// What a rule narrows or replaces, and what the caller narrows. By default, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepts<'a> {
    /// Names of issuers in the configuration: tokens of others are `issuer_unknown`, and so are
    /// those of consumers, who are no issuers.
    pub issuers: Option<&'a [Box<str>]>,
    /// In place of the audiences of the signer.
    pub audiences: Option<&'a Audiences>,
    /// What the caller asks for beyond that: the token has to be for one of these, too. None asks for nothing.
    pub audiences_asked: &'a [String],
}

impl Context<'_> {
    /// Whether a token may be a consumer's at all.
    fn may_be_consumers(&self) -> bool {
        !self.consumers.is_empty() && self.accepts.takes(None)
    }
}

impl Accepts<'_> {
    /// Whether tokens of `issuer` are; `None` is who is no issuer.
    #[must_use]
    pub fn takes(&self, issuer: Option<&str>) -> bool {
        self.issuers.is_none_or(|names| {
            let mut names = names.iter();
            issuer.is_some_and(|issuer| names.any(|name| **name == *issuer))
        })
    }
}

impl<'a> Verified<'a> {
    /// Who signed it.
    #[must_use]
    pub const fn signer(&self) -> &Signer<'a> {
        &self.signer
    }

    /// What its key is called: `kid`, or what tokens name a consumer's credential by.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.signer.key_id()
    }

    /// The generation of the key set that its key is from.
    #[must_use]
    pub const fn keys_generation(&self) -> u64 {
        self.signer.keys_generation()
    }

    /// The JOSE header, which is a fact now as well.
    #[must_use]
    pub const fn header(&self) -> Json<'a> {
        self.header
    }

    /// The claims, which are facts now.
    #[must_use]
    pub const fn claims(&self) -> &Claims<'a> {
        &self.claims
    }

    /// When it is valid.
    #[must_use]
    pub const fn times(&self) -> Times {
        self.times
    }
}

#[cfg(test)]
mod tests;
