//! Who signed a token: from the header to the signature.

use std::sync::Arc;

use super::signer::Signer;
use super::{Context, Observer, Step, checks};
use crate::consumers::Credential;
use crate::explain as evidence;
use crate::issuers::Issuer;
use crate::reason::Reason;
use crate::signature::{Algorithm, VerifyingKey};
use crate::token::{Header, UnverifiedToken};

/// Who signed `token`; its signature is right. `text` has room for a name with escapes.
pub(super) fn authenticate<'a>(
    token: &UnverifiedToken<'_>,
    context: &Context<'a>,
    text: &mut String,
    observer: &mut impl Observer,
) -> Result<Signer<'a>, Reason> {
    let algorithm = checks::check_header(&token.header, text);
    let algorithm = observer.judged(Step::Header, algorithm, || evidence::header(&token.header))?;
    let claims = token.unverified_claims();
    match checks::find_issuer(claims, context.issuers, text) {
        Err(Reason::IssuerMissing | Reason::IssuerUnknown) if context.may_be_consumers() => {
            let credential = checks::find_credential(&token.header, claims, context, text);
            let credential = observer.judged(Step::Consumer, credential, || {
                evidence::consumer(&token.header, claims, context)
            })?;
            by_consumer(token, algorithm, credential, context, text, observer)
        }
        issuer => {
            let issuer = issuer.and_then(|issuer| {
                let is_taken = context.accepts.takes(Some(&issuer.policy.name));
                checks::ensure(is_taken, Reason::IssuerUnknown).map(|()| issuer)
            });
            let issuer =
                observer.judged(Step::Issuer, issuer, || evidence::issuer(claims, context))?;
            by_issuer(token, algorithm, issuer, text, observer)
        }
    }
}

fn by_issuer<'a>(
    token: &UnverifiedToken<'_>,
    algorithm: Algorithm,
    issuer: &'a Arc<Issuer>,
    text: &mut String,
    observer: &mut impl Observer,
) -> Result<Signer<'a>, Reason> {
    let header = &token.header;
    let policy = &issuer.policy;
    let allowed = checks::ensure(policy.algorithms.contains(algorithm), Reason::AlgNotAllowed);
    observer.judged(Step::Algorithm, allowed, || {
        evidence::algorithm(algorithm, policy)
    })?;
    let allowed = checks::check_type(header, &policy.types, text);
    observer.judged(Step::Type, allowed, || {
        evidence::kind(header, &policy.types)
    })?;

    let keys = issuer.keys.load();
    let candidates = match header.key_id().map(|id| id.resolve(text)) {
        None if policy.require_kid => Err(Reason::KeyUnknown),
        id => keys.select(id, algorithm).inspect_err(|reason| {
            // All that a request may do about a key that is not there. Ambiguity is no lack.
            if *reason != Reason::KeyAmbiguous {
                issuer.keys.raise_miss(id, algorithm);
            }
        }),
    };
    let candidates = observer.judged(Step::Key, candidates, || {
        evidence::key(header, algorithm, &keys)
    })?;
    let key = signed_by(
        token,
        algorithm,
        candidates,
        |key| key.verifying(),
        observer,
    )?;
    Ok(Signer::Issuer {
        issuer,
        key: Arc::clone(key),
        keys_generation: keys.generation(),
    })
}

fn by_consumer<'a>(
    token: &UnverifiedToken<'_>,
    algorithm: Algorithm,
    credential: Credential<'a>,
    context: &Context<'a>,
    text: &mut String,
    observer: &mut impl Observer,
) -> Result<Signer<'a>, Reason> {
    let header: &Header<'_> = &token.header;
    let allowed = checks::ensure(credential.algorithm() == algorithm, Reason::AlgNotAllowed);
    observer.judged(Step::Algorithm, allowed, || {
        evidence::credential(algorithm, &credential)
    })?;
    let types = context.consumers.types();
    let allowed = checks::check_type(header, types, text);
    observer.judged(Step::Type, allowed, || evidence::kind(header, types))?;

    // It was a good key when the table was made; anything else is a fault of ours.
    let key = credential.verifying_key().map_err(|_| Reason::Internal)?;
    signed_by(token, algorithm, [key], |key| key, observer)?;
    Ok(Signer::Consumer {
        credential,
        consumer: Arc::new(credential.consumer()),
    })
}

/// The one of the `candidates` that made the signature.
fn signed_by<K>(
    token: &UnverifiedToken<'_>,
    algorithm: Algorithm,
    candidates: impl IntoIterator<Item = K>,
    verifying: impl Fn(&K) -> &VerifyingKey,
    observer: &mut impl Observer,
) -> Result<K, Reason> {
    let made_it = |key: &K| verifying(key).verify(token.signing_input, token.signature);
    let key = candidates.into_iter().find(made_it);
    let key = key.ok_or(Reason::SignatureInvalid);
    observer.signature(algorithm, key.is_ok());
    observer.judged(Step::Signature, key, || evidence::signature(algorithm))
}
