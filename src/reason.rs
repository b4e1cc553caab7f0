//! The vocabulary of every verdict: one [`Reason`] per cause.
//!
//! The code of a reason is a public contract: it is the metric label, `VerifyResponse.reason`, the
//! value of `x-jotgate-reason` and a row of `docs/reasons.md`. A reason carries no payload, so a
//! refusal costs nothing to build and can leak nothing from a token.

/// Why a request passes or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// A token was verified and every requirement held.
    Ok,
    /// The rule is public.
    OkPublic,
    /// The rule lets requests without a (usable) token pass.
    OkAnonymous,
    /// No token where one is needed.
    TokenMissing,
    /// Two different tokens, or a credential that can be read in two ways.
    TokenAmbiguous,
    /// Not a compact JWS of strict base64url parts holding strict JSON objects (RFC 7515, 7519).
    TokenMalformed,
    /// Longer than `limits.token_bytes`.
    TokenTooLarge,
    /// `alg` is missing, `none`, unknown or not listed for the issuer (RFC 8725 3.1).
    AlgNotAllowed,
    /// `crit` or `b64` is present (RFC 7515 4.1.11, RFC 7797).
    CritUnsupported,
    /// `typ` or `cty` is not one that the issuer's tokens have (RFC 8725 3.11).
    TypeNotAllowed,
    /// No `iss`.
    IssuerMissing,
    /// `iss` is not configured.
    IssuerUnknown,
    /// No key of the issuer has the token's `kid`.
    KeyUnknown,
    /// No `kid`, and more than one key of the issuer fits.
    KeyAmbiguous,
    /// The key that `kid` names is for another algorithm.
    KeyUnsuitable,
    /// The signature does not verify.
    SignatureInvalid,
    /// `exp` has passed.
    TokenExpired,
    /// `nbf` or `iat` lies in the future.
    TokenNotYetValid,
    /// `iat` is longer ago than `max_age`.
    TokenTooOld,
    /// `exp` - `iat` is more than `max_lifetime`.
    LifetimeTooLong,
    /// `aud` names none of the audiences asked for.
    AudienceMismatch,
    /// A claim that must be there is not.
    ClaimMissing,
    /// A registered claim has the wrong type or range.
    ClaimInvalid,
    /// The token is bound to a key (`cnf`, RFC 7800) and no binding is configured.
    BindingUnsupported,
    /// The token was revoked.
    TokenRevoked,
    /// No consumer has this credential.
    ConsumerUnknown,
    /// A scope is missing.
    ScopeInsufficient,
    /// A role is missing.
    RoleInsufficient,
    /// A claim does not have the value that the rule asks for.
    ClaimMismatch,
    /// The rule's expression is false or failed.
    ConditionFalse,
    /// The rule denies everything.
    RuleDenied,
    /// No rule matches the request.
    RuleUnmatched,
    /// The rule that was named does not exist.
    RuleUnknown,
    /// The original request can be read in two ways.
    PathAmbiguous,
    /// The issuer's keys could not be had yet.
    KeysUnavailable,
    /// The issuer's keys are older than `max_stale`.
    KeysStale,
    /// Too many requests at once.
    Overloaded,
    /// A fault of ours; it is a refusal.
    Internal,
}

impl Reason {
    /// Every reason, in the order of the contract.
    pub const ALL: [Self; 38] = [
        Self::Ok,
        Self::OkPublic,
        Self::OkAnonymous,
        Self::TokenMissing,
        Self::TokenAmbiguous,
        Self::TokenMalformed,
        Self::TokenTooLarge,
        Self::AlgNotAllowed,
        Self::CritUnsupported,
        Self::TypeNotAllowed,
        Self::IssuerMissing,
        Self::IssuerUnknown,
        Self::KeyUnknown,
        Self::KeyAmbiguous,
        Self::KeyUnsuitable,
        Self::SignatureInvalid,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenTooOld,
        Self::LifetimeTooLong,
        Self::AudienceMismatch,
        Self::ClaimMissing,
        Self::ClaimInvalid,
        Self::BindingUnsupported,
        Self::TokenRevoked,
        Self::ConsumerUnknown,
        Self::ScopeInsufficient,
        Self::RoleInsufficient,
        Self::ClaimMismatch,
        Self::ConditionFalse,
        Self::RuleDenied,
        Self::RuleUnmatched,
        Self::RuleUnknown,
        Self::PathAmbiguous,
        Self::KeysUnavailable,
        Self::KeysStale,
        Self::Overloaded,
        Self::Internal,
    ];

    /// The stable code: metric label, response field, documentation row.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// Whose fault it is, which decides the status.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().1
    }

    /// One sentence for people, without anything from the token.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().2
    }

    /// Position in [`Reason::ALL`], for tables with one slot a reason.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The one table: code, class and sentence of every reason.
    const fn row(self) -> (&'static str, Class, &'static str) {
        use Class::{Allowed, Forbidden, Invalid, Missing, Unavailable};
        match self {
            Self::Ok => ("ok", Allowed, "the token is valid"),
            Self::OkPublic => ("ok_public", Allowed, "no token is needed here"),
            Self::OkAnonymous => ("ok_anonymous", Allowed, "passed without a token"),
            Self::TokenMissing => ("token_missing", Missing, "no token was sent"),
            Self::TokenAmbiguous => (
                "token_ambiguous",
                Invalid,
                "more than one token, or a credential with a comma",
            ),
            Self::TokenMalformed => (
                "token_malformed",
                Invalid,
                "not a well-formed compact JWS with JSON claims",
            ),
            Self::TokenTooLarge => ("token_too_large", Invalid, "the token is too long"),
            Self::AlgNotAllowed => (
                "alg_not_allowed",
                Invalid,
                "the signature algorithm is not allowed",
            ),
            Self::CritUnsupported => (
                "crit_unsupported",
                Invalid,
                "the header demands an extension (crit or b64)",
            ),
            Self::TypeNotAllowed => (
                "type_not_allowed",
                Invalid,
                "the kind of token (typ or cty) is not allowed",
            ),
            Self::IssuerMissing => ("issuer_missing", Invalid, "the token names no issuer"),
            Self::IssuerUnknown => ("issuer_unknown", Invalid, "the issuer is not configured"),
            Self::KeyUnknown => (
                "key_unknown",
                Invalid,
                "no key of the issuer has this key id",
            ),
            Self::KeyAmbiguous => (
                "key_ambiguous",
                Invalid,
                "without a key id, more than one key fits",
            ),
            Self::KeyUnsuitable => (
                "key_unsuitable",
                Invalid,
                "the key is for another signature algorithm",
            ),
            Self::SignatureInvalid => ("signature_invalid", Invalid, "the signature is wrong"),
            Self::TokenExpired => ("token_expired", Invalid, "the token has expired"),
            Self::TokenNotYetValid => {
                ("token_not_yet_valid", Invalid, "the token is not valid yet")
            }
            Self::TokenTooOld => (
                "token_too_old",
                Invalid,
                "the token was issued too long ago",
            ),
            Self::LifetimeTooLong => (
                "lifetime_too_long",
                Invalid,
                "the token is valid for too long",
            ),
            Self::AudienceMismatch => (
                "audience_mismatch",
                Invalid,
                "the token is for another audience",
            ),
            Self::ClaimMissing => ("claim_missing", Invalid, "a required claim is missing"),
            Self::ClaimInvalid => (
                "claim_invalid",
                Invalid,
                "a registered claim has a wrong type or value",
            ),
            Self::BindingUnsupported => (
                "binding_unsupported",
                Invalid,
                "the token is bound to a key (cnf)",
            ),
            Self::TokenRevoked => ("token_revoked", Invalid, "the token was revoked"),
            Self::ConsumerUnknown => (
                "consumer_unknown",
                Invalid,
                "no consumer has this credential",
            ),
            Self::ScopeInsufficient => ("scope_insufficient", Forbidden, "a scope is missing"),
            Self::RoleInsufficient => ("role_insufficient", Forbidden, "a role is missing"),
            Self::ClaimMismatch => (
                "claim_mismatch",
                Forbidden,
                "a claim does not have the value asked for",
            ),
            Self::ConditionFalse => ("condition_false", Forbidden, "a condition does not hold"),
            Self::RuleDenied => ("rule_denied", Forbidden, "a rule denies this request"),
            Self::RuleUnmatched => ("rule_unmatched", Forbidden, "no rule matches this request"),
            Self::RuleUnknown => ("rule_unknown", Forbidden, "there is no rule of that name"),
            Self::PathAmbiguous => (
                "path_ambiguous",
                Forbidden,
                "the request can be read in two ways",
            ),
            Self::KeysUnavailable => (
                "keys_unavailable",
                Unavailable,
                "the issuer's keys are not available yet",
            ),
            Self::KeysStale => ("keys_stale", Unavailable, "the issuer's keys are too old"),
            Self::Overloaded => ("overloaded", Unavailable, "too many requests at once"),
            Self::Internal => ("internal", Unavailable, "an internal error"),
        }
    }
}

/// Whose fault a reason is. It decides the status codes of every transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody's: the request passes.
    Allowed,
    /// The client sent no token: 401 with a challenge that names no error (RFC 6750 3).
    Missing,
    /// The client's token is not good: 401 `invalid_token` (RFC 6750 3.1).
    Invalid,
    /// The token is good, and not enough: 403.
    Forbidden,
    /// Ours: 503, or what `deny.unavailable_status` says.
    Unavailable,
}

impl Class {
    /// The verdict as metric label and in logs.
    #[must_use]
    pub const fn verdict(self) -> &'static str {
        match self {
            Self::Allowed => "allow",
            Self::Missing | Self::Invalid | Self::Forbidden => "deny",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status (RFC 9110) before `deny.unavailable_status` has its say.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Allowed => 200,
            Self::Missing | Self::Invalid => 401,
            Self::Forbidden => 403,
            Self::Unavailable => 503,
        }
    }
}

/// The gRPC status code (`google.rpc.Code`) that says the same as an HTTP status of ours.
#[must_use]
pub const fn grpc_code(http_status: u16) -> i32 {
    match http_status {
        200 => 0,
        401 => 16,
        403 => 7,
        _ => 14,
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Reason, grpc_code};

    #[test]
    fn all_lists_every_reason_at_its_own_index() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }

    #[test]
    fn codes_are_snake_case_and_distinct() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        );
    }

    #[test]
    fn every_refusal_has_a_grpc_code_that_is_not_zero() {
        for reason in Reason::ALL {
            let code = grpc_code(reason.class().http_status());
            assert_eq!(
                code == 0,
                reason.class() == Class::Allowed,
                "{}",
                reason.code()
            );
        }
    }
}
