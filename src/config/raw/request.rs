//! `credentials`, `forward` and `deny`

use std::borrow::Cow;
use std::fmt;

use http::HeaderName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::deny::{BodyFormat, OnUnavailable};
use crate::forward::{Format, TokenHandling};

use super::entries::Entries;
use super::number::UnavailableStatus;
use super::scalar::{Line, Word, Written};
use super::secret::ClaimName;

/// A place where a token may be: exactly one of `header`, `cookie` and `query`.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [
    {"required": ["header"]}, {"required": ["cookie"]}, {"required": ["query"]},
]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Credential {
    /// A header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) header: Option<Written<HeaderName>>,
    /// The word before the token in the header, without case; without it the header is the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) scheme: Option<Written<Word>>,
    /// The name of a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) cookie: Option<Written<Word>>,
    /// The name of a parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) query: Option<Written<Line>>,
}

impl Credential {
    /// `Authorization: Bearer TOKEN` (RFC 6750 2.1), the default.
    pub(super) fn bearer() -> Self {
        Self {
            header: Some(Written(http::header::AUTHORIZATION)),
            scheme: Some(Written(Word("Bearer".into()))),
            cookie: None,
            query: None,
        }
    }
}

/// What an allowed request carries upstream.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Forward {
    /// Whether the token goes along or is taken out of wherever it was found.
    pub(in crate::config) token: Written<TokenHandling>,
    /// Headers made of claims. Those that a token does not provide are removed from the request.
    pub(in crate::config) headers: Entries<HeaderName, ForwardedClaim>,
    /// A header for the whole payload, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) payload_header: Option<Written<HeaderName>>,
    /// Whether Envoy gets dynamic metadata: issuer, subject, rule, claims.
    pub(in crate::config) metadata: bool,
    /// A token that is issued here for the request, in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) internal_token: Option<InternalToken>,
}

/// A token that is issued here for an allowed request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["profile", "header"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct InternalToken {
    /// What it is like, by its name in `issue.profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) profile: Option<Written<Line>>,
    /// The header that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) header: Option<Written<HeaderName>>,
}

/// A claim that becomes a header: its path, or path and format.
#[derive(Debug)]
pub(in crate::config) struct ForwardedClaim {
    pub(in crate::config) claim: ClaimName,
    pub(in crate::config) format: Written<Format>,
    /// Whether it was written in the long form, in which it is shown again.
    long: bool,
}

/// A claim and how it is written into the header.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct FormattedClaim {
    /// The claim.
    claim: ClaimName,
    /// How an array is written: its members with commas, JSON, or its first member.
    #[serde(default)]
    format: Written<Format>,
}

impl Serialize for ForwardedClaim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.long {
            let (claim, format) = (self.claim.clone(), self.format);
            return FormattedClaim { claim, format }.serialize(serializer);
        }
        self.claim.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ForwardedClaim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ForwardedClaimVisitor)
    }
}

impl JsonSchema for ForwardedClaim {
    fn schema_name() -> Cow<'static, str> {
        "ForwardedClaim".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            generator.subschema_for::<ClaimName>(),
            generator.subschema_for::<FormattedClaim>(),
        ] })
    }
}

struct ForwardedClaimVisitor;

impl<'de> Visitor<'de> for ForwardedClaimVisitor {
    type Value = ForwardedClaim;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the path to a claim (a text or a list of texts) or {claim: …}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ForwardedClaim, E> {
        ClaimName::dotted(text).map(short)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<ForwardedClaim, A::Error> {
        ClaimName::list(access).map(short)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<ForwardedClaim, A::Error> {
        let written = FormattedClaim::deserialize(MapAccessDeserializer::new(access))?;
        Ok(ForwardedClaim {
            claim: written.claim,
            format: written.format,
            long: true,
        })
    }
}

fn short(claim: ClaimName) -> ForwardedClaim {
    ForwardedClaim {
        claim,
        format: Written::default(),
        long: false,
    }
}

/// What a refusal looks like.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Deny {
    /// The protection space named in the challenge.
    pub(in crate::config) realm: Written<Line>,
    /// The body: a problem document (RFC 9457), text, or nothing.
    pub(in crate::config) format: Written<BodyFormat>,
    /// The sentence for the client instead of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) message: Option<Written<Line>>,
    /// Whether the client is told the reason's code.
    pub(in crate::config) expose_reason: bool,
    /// What Envoy is told when no decision could be made: a refusal, or an error for which its
    /// `failure_mode_allow` decides.
    pub(in crate::config) on_unavailable: Written<OnUnavailable>,
    /// The status when no decision could be made.
    pub(in crate::config) unavailable_status: Written<UnavailableStatus>,
    /// Where browsers without a token are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) redirect: Option<LoginRedirect>,
}

/// Where a GET that accepts HTML and carries no token is sent.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct LoginRedirect {
    /// The login page; `{url}` in its query becomes the URL that was asked for.
    pub(in crate::config) url: Written<Line>,
}

impl Default for Deny {
    fn default() -> Self {
        Self {
            realm: Written(Line("jotgate".into())),
            format: Written::default(),
            message: None,
            expose_reason: false,
            on_unavailable: Written::default(),
            unavailable_status: Written(UnavailableStatus(503)),
            redirect: None,
        }
    }
}
