//! From the bytes of a token to its parts, each read once.

use super::base64url;
use super::claims::Claims;
use super::header::{Header, HeaderRoom};
use crate::limits::{CLAIMS_DEPTH, TOKEN_BYTES};
use crate::reason::Reason;

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
    header: HeaderRoom,
    payload: Vec<u8>,
    signature: Vec<u8>,
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
        let payload = base64url::decode(payload, &mut room.payload);
        let signature = base64url::decode(signature, &mut room.signature);
        let (Some(payload), Some(signature)) = (payload, signature) else {
            return Err(Reason::TokenMalformed);
        };
        let header = room.header.read(header, limits.claims_depth)?;
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
