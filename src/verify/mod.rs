//! The heart: is this token good? Synchronous, pure, without allocation; `now` is an argument.
//!
//! The order of the steps is part of the contract: the first failure is the reason.

mod checks;
mod observe;
mod signer;

use std::sync::Arc;

pub use checks::{Times, check_audience, check_scopes};
pub use observe::{Observer, Step, Unobserved};
pub use signer::{SignedBy, Signer};

use crate::consumers::Consumers;
use crate::explain as evidence;
use crate::issuers::{Audiences, Issuer, Issuers};
use crate::keys::Key;
use crate::reason::Reason;
use crate::time::UnixMillis;
use crate::token::json::Json;
use crate::token::{Claims, Scratch, TokenLimits, UnverifiedToken};

/// A token whose signature was checked with a key of its issuer, and whose time, audience and
/// claims are right. There is one constructor, [`verify`].
#[derive(Debug)]
pub struct Verified<'a> {
    signer: Signer<'a>,
    key: Arc<Key>,
    keys_generation: u64,
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
    let authentic = authenticate(&token, context, text, observer)?;
    let claims = token.unverified_claims();
    let policy = &authentic.issuer.policy;
    let times = observer.judged(
        Step::Time,
        Times::read(claims)
            .and_then(|times| times.check(&policy.times, context.now).map(|()| times)),
        || evidence::time(claims, &policy.times, context.now),
    )?;
    let audiences = context.accepts.audiences.unwrap_or(&policy.audiences);
    observer.judged(
        Step::Audience,
        check_audience(claims.audience, audiences),
        || evidence::audience(claims, audiences),
    )?;
    observer.judged(Step::Claims, checks::check_claims(claims, policy), || {
        evidence::claims(claims, policy)
    })?;
    let Authentic {
        issuer,
        key,
        keys_generation,
    } = authentic;
    Ok(Verified {
        signer: Signer::Issuer(issuer),
        key,
        keys_generation,
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

/// What a rule narrows or replaces. By default, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepts<'a> {
    /// Names of issuers in the configuration: tokens of others are `issuer_unknown`, and so are
    /// those of consumers, who are no issuers.
    pub issuers: Option<&'a [Box<str>]>,
    /// In place of the audiences of the signer.
    pub audiences: Option<&'a Audiences>,
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

/// Who signed a token, and with what.
struct Authentic<'a> {
    issuer: &'a Arc<Issuer>,
    key: Arc<Key>,
    keys_generation: u64,
}

/// From the header to the signature. `text` has room for a name with escapes.
fn authenticate<'a>(
    token: &UnverifiedToken<'_>,
    context: &Context<'a>,
    text: &mut String,
    observer: &mut impl Observer,
) -> Result<Authentic<'a>, Reason> {
    let (header, claims) = (&token.header, token.unverified_claims());
    let algorithm = observer.judged(Step::Header, checks::check_header(header, text), || {
        evidence::header(header)
    })?;
    let issuer = observer.judged(
        Step::Issuer,
        checks::find_issuer(claims, context, text),
        || evidence::issuer(claims, context),
    )?;
    let policy = &issuer.policy;
    let allowed = checks::ensure(policy.algorithms.contains(algorithm), Reason::AlgNotAllowed);
    observer.judged(Step::Algorithm, allowed, || {
        evidence::algorithm(algorithm, policy)
    })?;
    let kind = header.kind.map(|kind| kind.resolve(text));
    let allowed = checks::ensure(policy.types.allow(kind), Reason::TypeNotAllowed);
    observer.judged(Step::Type, allowed, || evidence::kind(header, policy))?;

    let keys = issuer.keys.load();
    let candidates = match header.key_id.map(|id| id.resolve(text)) {
        None if policy.require_kid => Err(Reason::KeyUnknown),
        id => keys.select(id, algorithm).inspect_err(|reason| {
            // All that a request may do about a key that is not there. Ambiguity is no lack.
            if *reason != Reason::KeyAmbiguous {
                issuer.keys.raise_miss(id, algorithm);
            }
        }),
    };
    let mut candidates = observer.judged(Step::Key, candidates, || {
        evidence::key(header, algorithm, &keys)
    })?;
    let key = candidates
        .find(|key| key.verifying().verify(token.signing_input, token.signature))
        .ok_or(Reason::SignatureInvalid);
    observer.signature(algorithm, key.is_ok());
    let key = observer.judged(Step::Signature, key, || evidence::signature(algorithm))?;
    Ok(Authentic {
        issuer,
        key: Arc::clone(key),
        keys_generation: keys.generation(),
    })
}

impl<'a> Verified<'a> {
    /// Who signed it.
    #[must_use]
    pub const fn signer(&self) -> &Signer<'a> {
        &self.signer
    }

    /// What its key is called: `kid`, or the key of a consumer's credential.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        match &self.signer {
            Signer::Issuer(_) => self.key.id(),
            Signer::Consumer(credential) => Some(credential.key()),
        }
    }

    /// The generation of the key set that the key is from.
    #[must_use]
    pub const fn keys_generation(&self) -> u64 {
        self.keys_generation
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
