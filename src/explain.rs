//! A decision for people: every step, what was expected and what was found. Never on the hot
//! path; never a secret, never the whole token.

use crate::consumers::Credential;
use crate::issuers::{Audiences, IssuerPolicy, TimePolicy, TokenTypes};
use crate::keys::KeySet;
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::time::UnixMillis;
use crate::token::json::{Json, Text};
use crate::token::{ClaimPath, Claims, Header, TokenLimits, numeric_date};
use crate::verify::{Context, Observer, Step};

/// One step with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The step.
    pub step: Step,
    /// What came of it.
    pub outcome: Result<(), Reason>,
    /// What was expected and what was found.
    pub detail: String,
}

/// An observer that keeps the evidence.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The steps so far.
    pub steps: Vec<Evidence>,
}

impl Observer for Explanation {
    fn step(&mut self, step: Step, outcome: Result<(), Reason>, detail: impl FnOnce() -> String) {
        self.steps.push(Evidence {
            step,
            outcome,
            detail: detail(),
        });
    }

    fn signature(&mut self, _: Algorithm, _: bool) {}
}

/// Evidence of size and shape.
#[must_use]
pub fn shape(token: &[u8], limits: &TokenLimits) -> String {
    format!(
        "expected three parts of base64url, the first two JSON objects, at most {} bytes; \
         found {} bytes, {} parts",
        limits.token_bytes,
        token.len(),
        token.split(|byte| *byte == b'.').count(),
    )
}

/// Evidence of the header.
#[must_use]
pub fn header(header: &Header<'_>) -> String {
    format!(
        "expected a known alg and neither crit, b64 nor a nested token; found alg {}{}{}",
        shown(header.algorithm()),
        header
            .content_kind()
            .map(|kind| format!(", cty {}", quoted(kind)))
            .unwrap_or_default(),
        if header.demands_extension() {
            ", crit or b64"
        } else {
            ""
        },
    )
}

/// Evidence of the issuer.
#[must_use]
pub fn issuer(claims: &Claims<'_>, context: &Context<'_>) -> String {
    let mut known: Vec<&str> = context
        .issuers
        .iter()
        .filter(|issuer| context.accepts.takes(Some(&issuer.policy.name)))
        .map(|issuer| &*issuer.policy.issuer)
        .collect();
    known.sort_unstable();
    format!(
        "expected iss {}; found {}",
        list(known),
        value(claims.issuer)
    )
}

/// Evidence of the consumer: of what is configured not even the keys of credentials.
#[must_use]
pub fn consumer(header: &Header<'_>, claims: &Claims<'_>, context: &Context<'_>) -> String {
    let name = context.consumers.key_claim();
    format!(
        "expected, as no issuer has this iss, the key of a consumer's credential in the claim or \
         header parameter {name}; found claim {}, header parameter {}",
        value(claims.object().get(name)),
        value(header.object().get(name)),
    )
}

/// Evidence of the algorithm for this credential of a consumer.
#[must_use]
pub fn credential(algorithm: Algorithm, credential: &Credential<'_>) -> String {
    format!(
        "expected alg {} for this credential of consumer {}; found {}",
        credential.algorithm().name(),
        credential.consumer().name,
        algorithm.name()
    )
}

/// Evidence of the algorithm for this issuer.
#[must_use]
pub fn algorithm(algorithm: Algorithm, policy: &IssuerPolicy) -> String {
    let allowed = policy.algorithms.iter().map(Algorithm::name);
    format!(
        "expected alg {} for issuer {}; found {}",
        list(allowed),
        policy.name,
        algorithm.name()
    )
}

/// Evidence of the type.
#[must_use]
pub fn kind(header: &Header<'_>, types: &TokenTypes) -> String {
    let absent = types.allow_absent.then_some("absent");
    let allowed = types.allowed.iter().map(|kind| &**kind).chain(absent);
    format!(
        "expected typ {}; found {}",
        list(allowed),
        shown(header.kind())
    )
}

/// Evidence of the key.
#[must_use]
pub fn key(header: &Header<'_>, algorithm: Algorithm, keys: &KeySet) -> String {
    let known = keys.keys().iter().map(|key| {
        format!(
            "{} ({})",
            key.id().unwrap_or("without kid"),
            key.algorithm().name()
        )
    });
    let known: Vec<_> = known.collect();
    format!(
        "expected one of the issuer's keys: {}; found kid {}, alg {}",
        list(known.iter().map(String::as_str)),
        shown(header.key_id()),
        algorithm.name(),
    )
}

/// Evidence of the signature.
#[must_use]
pub fn signature(algorithm: Algorithm) -> String {
    format!(
        "expected an {} signature over header and payload by the key",
        algorithm.name()
    )
}

/// Evidence of the times.
#[must_use]
pub fn time(claims: &Claims<'_>, policy: &TimePolicy, now: UnixMillis) -> String {
    let at = |name: &str, found: Option<Json<'_>>| match found {
        None => format!("{name} absent"),
        Some(json) => match numeric_date(json) {
            Some(time) => format!("{name} {}", relative(time, now)),
            None => format!("{name} {}", value(found)),
        },
    };
    let mut expected = format!(
        "exp after now, nbf and iat before it, leeway {:?}",
        policy.leeway
    );
    if let Some(max_age) = policy.max_age {
        expected += &format!(", at most {max_age:?} since iat");
    }
    if let Some(max_lifetime) = policy.max_lifetime {
        expected += &format!(", at most {max_lifetime:?} from iat to exp");
    }
    format!(
        "expected {expected}; found {}, {}, {}, now {}",
        at("exp", claims.expires_at),
        at("nbf", claims.not_before),
        at("iat", claims.issued_at),
        now.seconds(),
    )
}

/// Evidence of the audience.
#[must_use]
pub fn audience(claims: &Claims<'_>, accepted: &Audiences) -> String {
    let expected = match accepted {
        Audiences::Any => "any".to_owned(),
        Audiences::OneOf(audiences) => list(audiences.iter().map(|audience| &**audience)),
    };
    format!("expected aud {expected}; found {}", value(claims.audience))
}

/// Evidence of the other claims: their names, not their values.
#[must_use]
pub fn claims(claims: &Claims<'_>, required: &[ClaimPath]) -> String {
    let missing = required.iter().filter(|path| claims.find(path).is_none());
    let missing: Vec<_> = missing.map(ToString::to_string).collect();
    let required: Vec<_> = required.iter().map(ToString::to_string).collect();
    format!(
        "expected strings in sub and jti, no cnf, and the claims {}; missing {}{}",
        list(required.iter().map(String::as_str)),
        list(missing.iter().map(String::as_str)),
        if claims.confirmation.is_some() {
            ", cnf present"
        } else {
            ""
        },
    )
}

/// "a, b or c", or "none".
fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    const SHOWN_MAX: usize = 20;
    let texts: Vec<_> = texts.into_iter().collect();
    let shown = texts
        .iter()
        .take(SHOWN_MAX)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match texts.len() {
        0 => "none".to_owned(),
        count if count > SHOWN_MAX => format!("[{shown} and {} more]", count - SHOWN_MAX),
        _ => format!("[{shown}]"),
    }
}

fn shown(text: Option<Text<'_>>) -> String {
    text.map_or_else(|| "absent".to_owned(), quoted)
}

/// A name out of a token: escaped, and cut where it stops being a name.
fn quoted(text: Text<'_>) -> String {
    const SHOWN_MAX: usize = 100;
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let rest = if text.chars().nth(SHOWN_MAX).is_some() {
        "…"
    } else {
        ""
    };
    format!("{shown:?}{rest}")
}

/// A claim, cut where it is longer than anybody reads.
pub(crate) fn value(json: Option<Json<'_>>) -> String {
    const SHOWN_MAX: usize = 200;
    let Some(json) = json else {
        return "absent".to_owned();
    };
    let shown: String = json.raw().chars().take(SHOWN_MAX).collect();
    shown.escape_debug().to_string().replace("\\\"", "\"")
}

/// "1700000000 (5s ago)".
fn relative(time: UnixMillis, now: UnixMillis) -> String {
    let seconds = time.seconds();
    if time > now {
        format!("{seconds} (in {}s)", time.since(now).as_secs())
    } else {
        format!("{seconds} ({}s ago)", now.since(time).as_secs())
    }
}
