//! The single questions that a verification asks.

use std::sync::Arc;

use super::{Context, Observer, Step};
use crate::consumers::Credential;
use crate::issuers::{Audiences, Issuer, Issuers, TimePolicy, TokenTypes, without_application};
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::time::UnixMillis;
use crate::token::json::{Json, Kind};
use crate::token::{ClaimPath, Claims, Header, numeric_date};

/// `Ok` if `holds`.
pub(super) const fn ensure(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}

/// The algorithm, if the header is one that any issuer's token could have.
pub(super) fn check_header(header: &Header<'_>, text: &mut String) -> Result<Algorithm, Reason> {
    let name = header.algorithm().ok_or(Reason::AlgNotAllowed)?;
    let algorithm = Algorithm::from_name(name.resolve(text)).ok_or(Reason::AlgNotAllowed)?;
    ensure(!header.demands_extension(), Reason::CritUnsupported)?;
    // A token within a token (RFC 7519 5.2) would have to be judged twice.
    let is_nested = header
        .content_kind()
        .is_some_and(|kind| without_application(kind.resolve(text)).eq_ignore_ascii_case("JWT"));
    ensure(!is_nested, Reason::TypeNotAllowed)?;
    Ok(algorithm)
}

/// Whether `typ` is one of `types`.
pub(super) fn check_type(
    header: &Header<'_>,
    types: &TokenTypes,
    text: &mut String,
) -> Result<(), Reason> {
    let kind = header.kind().map(|kind| kind.resolve(text));
    ensure(types.allow(kind), Reason::TypeNotAllowed)
}

/// The issuer that the claims name, exactly.
pub(super) fn find_issuer<'i>(
    claims: &Claims<'_>,
    issuers: &'i Issuers,
    text: &mut String,
) -> Result<&'i Arc<Issuer>, Reason> {
    let issuer = claims.issuer.ok_or(Reason::IssuerMissing)?;
    let issuer = issuer.as_text().ok_or(Reason::ClaimInvalid)?;
    issuers
        .get(issuer.resolve(text))
        .ok_or(Reason::IssuerUnknown)
}

/// The credential that a claim names or, where there is no such claim, a header parameter.
pub(super) fn find_credential<'c>(
    header: &Header<'_>,
    claims: &Claims<'_>,
    context: &Context<'c>,
    text: &mut String,
) -> Result<Credential<'c>, Reason> {
    let name = context.consumers.key_claim();
    let key = match claims.object().get(name) {
        Some(claim) => claim.as_text().ok_or(Reason::ClaimInvalid)?,
        None => {
            let parameter = header.object().get(name);
            let parameter = parameter.ok_or(Reason::ConsumerUnknown)?;
            parameter.as_text().ok_or(Reason::TokenMalformed)?
        }
    };
    let credential = context.consumers.find(key.resolve(text));
    credential.ok_or(Reason::ConsumerUnknown)
}

/// When a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// `exp`: not from here on (RFC 7519 4.1.4).
    pub expires_at: Option<UnixMillis>,
    /// `nbf`: not before (RFC 7519 4.1.5).
    pub not_before: Option<UnixMillis>,
    /// `iat` (RFC 7519 4.1.6).
    pub issued_at: Option<UnixMillis>,
}

impl Times {
    /// Reads the three.
    ///
    /// # Errors
    /// `claim_invalid` if one is there and no number in range; never "absent" instead.
    pub fn read(claims: &Claims<'_>) -> Result<Self, Reason> {
        let read = |value: Option<Json<'_>>| match value {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(Reason::ClaimInvalid),
        };
        Ok(Self {
            expires_at: read(claims.expires_at)?,
            not_before: read(claims.not_before)?,
            issued_at: read(claims.issued_at)?,
        })
    }

    /// Whether a token with these times is good at `now`. Asked again on every use of a token
    /// that was verified before.
    ///
    /// # Errors
    /// `claim_missing`, `token_expired`, `token_not_yet_valid`, `token_too_old` or
    /// `lifetime_too_long`.
    pub fn check(&self, policy: &TimePolicy, now: UnixMillis) -> Result<(), Reason> {
        let needs_issued_at = policy.max_age.is_some() || policy.max_lifetime.is_some();
        let needs_expires_at = policy.require_exp || policy.max_lifetime.is_some();
        ensure(
            self.expires_at.is_some() || !needs_expires_at,
            Reason::ClaimMissing,
        )?;
        ensure(
            self.issued_at.is_some() || !needs_issued_at,
            Reason::ClaimMissing,
        )?;

        let earliest = now.saturating_sub(policy.leeway);
        let latest = now.saturating_add(policy.leeway);
        let is_live = |expires_at| earliest < expires_at;
        ensure(self.expires_at.is_none_or(is_live), Reason::TokenExpired)?;
        let has_begun = |time: Option<UnixMillis>| time.is_none_or(|time| time <= latest);
        let begun = has_begun(self.not_before) && has_begun(self.issued_at);
        ensure(begun, Reason::TokenNotYetValid)?;

        if let (Some(age_max), Some(issued_at)) = (policy.max_age, self.issued_at) {
            ensure(earliest.since(issued_at) <= age_max, Reason::TokenTooOld)?;
        }
        if let (Some(lifetime_max), Some(issued_at), Some(expires_at)) =
            (policy.max_lifetime, self.issued_at, self.expires_at)
        {
            ensure(
                expires_at.since(issued_at) <= lifetime_max,
                Reason::LifetimeTooLong,
            )?;
        }
        Ok(())
    }
}

/// Whether the token is for one of `accepted`.
///
/// # Errors
/// `claim_invalid` if `aud` is neither a string nor an array of strings, even where any audience
/// will do; `audience_mismatch` if it names none of those accepted.
pub fn check_audience(audience: Option<Json<'_>>, accepted: &Audiences) -> Result<(), Reason> {
    let mut is_for_us = *accepted == Audiences::Any;
    let mut look_at = |value: Json<'_>| {
        let text = value.as_text().ok_or(Reason::ClaimInvalid)?;
        is_for_us |= match accepted {
            Audiences::Any => true,
            Audiences::OneOf(accepted) => accepted.iter().any(|wanted| text == **wanted),
        };
        Ok(())
    };
    match audience {
        None => {}
        // To the end, whoever was found: there may be something that is no string.
        Some(list) if list.kind() == Kind::Array => list.elements().try_for_each(look_at)?,
        Some(value) => look_at(value)?,
    }
    ensure(is_for_us, Reason::AudienceMismatch)
}

/// Whether the token is for one of those that the caller asks for beyond the configuration; nobody may be asked for.
///
/// # Errors
/// Those of [`check_audience`].
pub fn check_audience_asked(
    audience: Option<Json<'_>>,
    asked: &[String],
    observer: &mut impl Observer,
) -> Result<(), Reason> {
    if asked.is_empty() {
        return Ok(());
    }
    let accepted = asked.iter().map(|name| name.as_str().into()).collect();
    let outcome = check_audience(audience, &Audiences::OneOf(accepted));
    observer.judged(Step::Audience, outcome, || {
        format!("expected, by the caller, aud {asked:?}")
    })
}

/// Whether the token has all of `scopes`, in `scope`, `scp` or `scopes`; each a string split at
/// spaces (RFC 8693 4.2) or an array of strings.
///
/// # Errors
/// `scope_insufficient`.
pub fn check_scopes<'s>(
    claims: Json<'_>,
    scopes: impl IntoIterator<Item = &'s str>,
) -> Result<(), Reason> {
    let has = |wanted: &str| {
        ["scope", "scp", "scopes"]
            .iter()
            .filter_map(|name| claims.get(name))
            .any(|value| match value.as_text() {
                Some(text) => text.to_cow().split(' ').any(|scope| scope == wanted),
                None => is_among(value, wanted),
            })
    };
    ensure(scopes.into_iter().all(has), Reason::ScopeInsufficient)
}

/// What remains: types of registered claims, bindings that nobody checks, required claims.
pub(super) fn check_claims(claims: &Claims<'_>, required: &[ClaimPath]) -> Result<(), Reason> {
    let is_text = |value: Option<Json<'_>>| value.is_none_or(|json| json.kind() == Kind::String);
    let are_texts = is_text(claims.subject) && is_text(claims.token_id);
    ensure(are_texts, Reason::ClaimInvalid)?;
    ensure(claims.confirmation.is_none(), Reason::BindingUnsupported)?;
    let has_all = required.iter().all(|path| claims.find(path).is_some());
    ensure(has_all, Reason::ClaimMissing)
}

/// Whether `value` is the string, or an array that has it.
fn is_among(value: Json<'_>, wanted: &str) -> bool {
    let is_wanted = |json: Json<'_>| json.as_text().is_some_and(|text| text == *wanted);
    is_wanted(value) || value.elements().any(is_wanted)
}
