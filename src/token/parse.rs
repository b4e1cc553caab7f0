//! From the bytes of a token to its parts, each read once.

use super::base64url;
use super::json::{Json, Text, scan_object};
use super::path::ClaimPath;
use crate::limits::{CLAIMS_DEPTH, KEY_ID_BYTES, TOKEN_BYTES};
use crate::reason::Reason;
use crate::time::UnixMillis;

/// How large a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLimits {
    /// Bytes of the whole token.
    pub token_bytes: usize,
    /// Objects and arrays within each other, in header and claims.
    pub claims_depth: usize,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            token_bytes: TOKEN_BYTES,
            claims_depth: CLAIMS_DEPTH,
        }
    }
}

/// What reading one token at a time needs. Each worker has one and uses it again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The decoded parts, which an [`UnverifiedToken`] borrows.
    pub parts: PartsRoom,
    /// For one name at a time whose escapes must be resolved.
    pub text: String,
}

/// Room for the decoded parts of one token.
#[derive(Debug, Default)]
pub struct PartsRoom {
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The header (RFC 7515 4), as the sender wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    object: Json<'a>,
    /// `alg`.
    pub algorithm: Option<Text<'a>>,
    /// `kid`.
    pub key_id: Option<Text<'a>>,
    /// `typ`.
    pub kind: Option<Text<'a>>,
    /// `cty`.
    pub content_kind: Option<Text<'a>>,
    /// Whether there is a `crit` or a `b64`, neither of which is ever right.
    pub demands_extension: bool,
}

/// A well-formed token of which nothing is known to be true.
#[derive(Clone, Copy, Debug)]
pub struct UnverifiedToken<'a> {
    /// The header.
    pub header: Header<'a>,
    /// What the signature is over: header and payload as they were sent.
    pub signing_input: &'a [u8],
    /// The decoded signature; empty in an unsecured token.
    pub signature: &'a [u8],
    claims: Claims<'a>,
}

/// The payload and its registered claims (RFC 7519 4.1), whatever their type.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    payload: &'a [u8],
    object: Json<'a>,
    /// `iss`
    pub issuer: Option<Json<'a>>,
    /// `sub`
    pub subject: Option<Json<'a>>,
    /// `aud`
    pub audience: Option<Json<'a>>,
    /// `exp`
    pub expires_at: Option<Json<'a>>,
    /// `nbf`
    pub not_before: Option<Json<'a>>,
    /// `iat`
    pub issued_at: Option<Json<'a>>,
    /// `jti`
    pub token_id: Option<Json<'a>>,
    /// `cnf` (RFC 7800)
    pub confirmation: Option<Json<'a>>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads `token` into `room`.
    ///
    /// # Errors
    /// `token_too_large`, or `token_malformed` for anything that is not three strict base64url
    /// parts of which the first two are strict JSON objects.
    pub fn parse(
        token: &'a [u8],
        limits: &TokenLimits,
        room: &'a mut PartsRoom,
    ) -> Result<Self, Reason> {
        if token.len() > limits.token_bytes {
            return Err(Reason::TokenTooLarge);
        }
        let Parts {
            header,
            payload,
            signature,
            signing_input,
        } = Parts::split(token).ok_or(Reason::TokenMalformed)?;
        let header = base64url::decode(header, &mut room.header);
        let payload = base64url::decode(payload, &mut room.payload);
        let signature = base64url::decode(signature, &mut room.signature);
        let (Some(header), Some(payload), Some(signature)) = (header, payload, signature) else {
            return Err(Reason::TokenMalformed);
        };
        let header = Header::read(header, limits.claims_depth)?;
        let claims = Claims::read(payload, limits.claims_depth)?;
        Ok(Self {
            header,
            signing_input,
            signature,
            claims,
        })
    }

    /// The claims, as the sender wrote them. They are no facts: act on `Verified` instead.
    #[must_use]
    pub const fn unverified_claims(&self) -> &Claims<'a> {
        &self.claims
    }
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8], depth: usize) -> Result<Self, Reason> {
        let mut texts = [None; 4];
        let mut demands_extension = false;
        let mut is_readable = true;
        let object = scan_object(bytes, depth, |name, value| {
            // Everything else is skipped; `jwk`, `jku`, `x5u` and `x5c` above all: keys come from
            // the configuration alone (RFC 8725 3.10).
            if let Some(at) = position(name, &["alg", "kid", "typ", "cty"]) {
                texts[at] = value.as_text();
                is_readable &= texts[at].is_some();
            } else if position(name, &["crit", "b64"]).is_some() {
                demands_extension = true;
            }
        })
        .map_err(|_| Reason::TokenMalformed)?;
        let is_short = |text: Text<'_>| text.raw().len() <= KEY_ID_BYTES;
        let [algorithm, key_id, kind, content_kind] = texts;
        if !is_readable || !key_id.is_none_or(is_short) {
            return Err(Reason::TokenMalformed);
        }
        Ok(Self {
            object,
            algorithm,
            key_id,
            kind,
            content_kind,
            demands_extension,
        })
    }

    /// Every parameter.
    #[must_use]
    pub const fn object(&self) -> Json<'a> {
        self.object
    }
}

impl<'a> Claims<'a> {
    fn read(payload: &'a [u8], depth: usize) -> Result<Self, Reason> {
        let mut registered = [None; REGISTERED.len()];
        let object = scan_object(payload, depth, |name, value| {
            if let Some(at) = position(name, &REGISTERED) {
                registered[at] = Some(value);
            }
        })
        .map_err(|_| Reason::TokenMalformed)?;
        let [
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            token_id,
            confirmation,
        ] = registered;
        Ok(Self {
            payload,
            object,
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            token_id,
            confirmation,
        })
    }

    /// The decoded payload, byte for byte.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// All claims.
    #[must_use]
    pub const fn object(&self) -> Json<'a> {
        self.object
    }

    /// The claim at `path`, unless it is `null`.
    #[must_use]
    pub fn find(&self, path: &ClaimPath) -> Option<Json<'a>> {
        path.find(self.object)
    }
}

/// The claims that are looked at in every token, in the order of the fields of [`Claims`].
const REGISTERED: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf"];

/// Where `name` stands among `names`, escapes resolved, without allocating.
fn position(name: Text<'_>, names: &[&str]) -> Option<usize> {
    names.iter().position(|candidate| name == **candidate)
}

/// A `NumericDate` (RFC 7519 2), fractions rounded up to the millisecond; `None` for anything but a
/// number within ±2^53 seconds.
#[must_use]
pub fn numeric_date(value: Json<'_>) -> Option<UnixMillis> {
    const SECONDS_MAX: i64 = 1 << 53;
    if let Some(seconds) = value.as_i64() {
        return (-SECONDS_MAX..=SECONDS_MAX)
            .contains(&seconds)
            .then(|| UnixMillis::from_seconds(seconds));
    }
    let seconds = value.as_f64()?;
    // Infinite where the text was beyond a double; never NaN. The range keeps the product exact
    // enough and within 64 bits.
    (seconds.abs() <= SECONDS_MAX as f64).then(|| UnixMillis((seconds * 1000.0).ceil() as i64))
}

/// The three parts of a token, still encoded.
struct Parts<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    signing_input: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Two dots, no more, with something before and between them. A part with a third dot fails
    /// later: a dot is not base64url.
    fn split(token: &'a [u8]) -> Option<Self> {
        let first = memchr::memchr(b'.', token)?;
        let second = first + 1 + memchr::memchr(b'.', &token[first + 1..])?;
        let (header, payload) = (&token[..first], &token[first + 1..second]);
        if header.is_empty() || payload.is_empty() {
            return None;
        }
        Some(Self {
            header,
            payload,
            signature: &token[second + 1..],
            signing_input: &token[..second],
        })
    }
}

#[cfg(test)]
mod tests;
