//! The configuration as it is written: serde's mirror, from which the JSON Schema is made too.
//!
//! Names and doc comments here are the schema's. What one value alone can tell is checked while it
//! is read (`scalar`); what takes more than one value, or a file, in `convert`.

mod choice;
mod consumer;
mod duration;
mod entries;
mod issue;
mod issuer;
mod literal;
mod matching;
mod number;
mod request;
mod requirement;
mod rule;
mod scalar;
mod secret;
mod server;
mod source;
mod traces;

pub(super) use consumer::{Consumer, ConsumerCredential};
pub(super) use entries::Entries;
pub(super) use issue::{Client, Issue, ProfileClaim, SignedDocument, SigningKey, TokenProfile};
pub(super) use issuer::{AudienceList, Issuer};
pub(super) use literal::{Literal, PlainNumber};
pub(super) use matching::Match;
pub(super) use number::{ByteCount, Threads};
pub(super) use request::{Credential, Deny, Forward, ForwardedClaim, InternalToken, LoginRedirect};
pub(super) use requirement::{Requirement, Roles, Scopes};
pub(super) use rule::{Rule, RuleDeny, RuleForward};
pub(super) use scalar::{FilePath, Line, Scalar, ScopeName, Written};
pub(super) use secret::{ClaimName, HeaderText, Secret};
pub(super) use server::{Server, Tls};
pub(super) use source::{Discovery, KeySource, Refresh};
pub(super) use traces::Traces;

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::credentials::OnMultiple;
use crate::limits;
use crate::telemetry::{Decisions, Level, LogFormat};

/// The configuration of jotgate.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(title = "jotgate configuration", extend("anyOf" = [
    { "required": ["issuers"] },
    { "required": ["consumers"] },
    { "required": ["consumers_file"] },
]))]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    /// Where the service listens and how it runs.
    pub(super) server: Server,
    /// Who may sign, with what, for whom: from a name of your choice to what its tokens are like.
    #[schemars(extend("minProperties" = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuers: Option<Entries<Line, Issuer>>,
    /// Where the token is looked for in a request.
    #[schemars(length(min = 1))]
    pub(super) credentials: Vec<Credential>,
    /// What two different tokens in one request mean.
    pub(super) on_multiple_tokens: Written<OnMultiple>,
    /// What is asked of which requests: the first that matches counts, and a request that none
    /// matches is refused. Without the key every request needs a valid token of any issuer.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Vec<Rule>>,
    /// What an allowed request carries upstream.
    pub(super) forward: Forward,
    /// What a refusal looks like.
    pub(super) deny: Deny,
    /// Whether an OPTIONS request with Origin and Access-Control-Request-Method passes.
    pub(super) bypass_cors_preflight: bool,
    /// Applications with credentials of their own, from a name of your choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consumers: Option<Entries<Line, Consumer>>,
    /// The claim, or else the parameter of the JOSE header, that names a consumer's credential.
    pub(super) consumer_key_claim: Written<Line>,
    /// More consumers: the same map in a file of its own, YAML or JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consumers_file: Option<Written<FilePath>>,
    /// The consumer, by its name above, as whom requests without a token go upstream where a rule
    /// is `optional` or `permissive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) anonymous_consumer: Option<Written<Line>>,
    /// Tokens that were verified before.
    pub(super) cache: Cache,
    /// How large and how many things may be.
    pub(super) limits: Limits,
    /// What is logged.
    pub(super) log: Log,
    /// Where spans of requests are sent; without it there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) traces: Option<Traces>,
    /// What is issued here, with which keys, to whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issue: Option<Issue>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            issuers: None,
            credentials: vec![Credential::bearer()],
            on_multiple_tokens: Written::default(),
            forward: Forward::default(),
            deny: Deny::default(),
            bypass_cors_preflight: false,
            cache: Cache::default(),
            limits: Limits::default(),
            log: Log::default(),
            traces: None,
            rules: None,
            consumers: None,
            consumer_key_claim: Written(Line("iss".into())),
            consumers_file: None,
            anonymous_consumer: None,
            issue: None,
        }
    }
}

/// Tokens that were verified before.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cache {
    /// Room for tokens and what was made of them; 0 turns the cache off.
    pub(super) max_bytes: Written<ByteCount>,
    /// How long a token stays at most.
    pub(super) ttl: Written<Duration>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            max_bytes: Written(ByteCount(limits::CACHE_BYTES)),
            ttl: Written(limits::CACHE_TTL),
        }
    }
}

/// How large and how many things may be.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    /// The longest token.
    pub(super) token_bytes: Written<ByteCount>,
    /// Objects and arrays within each other in a token's header and claims.
    #[schemars(range(min = 1, max = 128))]
    pub(super) claims_depth: u64,
    /// Requests that may be in progress at one time; more are refused.
    #[schemars(range(min = 1))]
    pub(super) concurrent_requests: u64,
    /// All headers of one request to a listener.
    pub(super) header_bytes: Written<ByteCount>,
    /// Connections that each of the two listeners for requests has at one time; more are closed.
    #[schemars(range(min = 1))]
    pub(super) connections: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            token_bytes: Written(ByteCount(limits::TOKEN_BYTES as u64)),
            claims_depth: limits::CLAIMS_DEPTH as u64,
            concurrent_requests: limits::CONCURRENT_REQUESTS as u64,
            header_bytes: Written(ByteCount(limits::HEADER_BYTES as u64)),
            connections: limits::CONNECTIONS as u64,
        }
    }
}

/// What is logged.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    /// The least important level that is written.
    pub(super) level: Written<Level>,
    /// JSON lines, or text for people.
    pub(super) format: Written<LogFormat>,
    /// Which decisions are written.
    pub(super) decisions: Written<Decisions>,
    /// What subjects and tokens are fingerprinted with. With the same secret in every instance the
    /// same token has the same fingerprint everywhere; without one each process makes its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint_key: Option<Secret>,
}

/// The value of a key that is known but not supported yet: there is none.
#[derive(Debug, Serialize)]
pub(super) enum Unsupported {}

impl<'de> Deserialize<'de> for Unsupported {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "this version does not support it yet: remove it",
        ))
    }
}

impl JsonSchema for Unsupported {
    fn schema_name() -> Cow<'static, str> {
        "Unsupported".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        false.into()
    }
}
