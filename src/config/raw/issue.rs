//! `issue`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::signature::Algorithm;

use super::entries::Entries;
use super::literal::Literal;
use super::scalar::{FilePath, Line, ScopeName, Written};
use super::secret::{ClaimName, Secret};

/// What is issued here, with which keys, to whom.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["issuer", "keys", "profiles"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Issue {
    /// `iss` of everything that is issued: the URL where others find the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) issuer: Option<Written<Line>>,
    /// The keys: the first signs, all are published.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) keys: Option<Vec<SigningKey>>,
    /// What tokens are like, from a name of your choice.
    #[schemars(extend("minProperties" = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) profiles: Option<Entries<Line, TokenProfile>>,
    /// Who may ask for tokens, from a name of your choice, which is its `client_id`.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub(in crate::config) clients: Entries<Line, Client>,
    /// Documents whose fields become tokens, from a name of your choice: `POST /v1/sign/NAME`.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub(in crate::config) documents: Entries<Line, SignedDocument>,
}

/// A kind of JSON document with fields that are signed.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["profile", "keys_to_sign"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct SignedDocument {
    /// What its tokens are like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) profile: Option<Written<Line>>,
    /// The fields that hold objects of claims and become tokens.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) keys_to_sign: Option<Vec<Written<Line>>>,
    /// Whether tokens are objects (JSON serialization, flattened) instead of texts (compact).
    pub(in crate::config) full: bool,
}

/// Who may ask for tokens, with HTTP Basic.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["secret_hash", "profiles"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Client {
    /// The hash of its secret: argon2id (`jotgate hash` makes one) or bcrypt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) secret_hash: Option<Secret>,
    /// The profiles that its tokens may have; the first unless it says.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) profiles: Option<Vec<Written<Line>>>,
    /// The scopes that it may have.
    pub(in crate::config) scopes: Vec<Written<ScopeName>>,
    /// Whether it may have claims of its own choice signed (`/v1/sign`, `Signer`): then it speaks
    /// for anybody, within its profiles and scopes.
    pub(in crate::config) sign: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            secret_hash: None,
            profiles: None,
            scopes: Vec::new(),
            sign: true,
        }
    }
}

/// A key to sign with: made here, or given.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [{ "required": ["generate"] }, { "required": ["file"] }]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct SigningKey {
    /// Keys are made here, and change by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) generate: Option<Generate>,
    /// A private key: PKCS#8 in PEM, or a JWK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) file: Option<Written<FilePath>>,
    /// Its `kid`; for `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) kid: Option<Written<Line>>,
    /// Its `alg`; for `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) alg: Option<Written<Algorithm>>,
}

/// How keys are made.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Generate {
    /// Of what they are.
    pub(in crate::config) alg: Written<Algorithm>,
    /// How long each signs.
    pub(in crate::config) rotate_every: Written<Duration>,
}

impl Default for Generate {
    fn default() -> Self {
        Self {
            alg: Written(Algorithm::Es256),
            rotate_every: Written(limits::ROTATE_EVERY),
        }
    }
}

/// What a token is like.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["audiences"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct TokenProfile {
    /// For whom it is: `aud`.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) audiences: Option<Vec<Written<Line>>>,
    /// How long it is valid.
    pub(in crate::config) ttl: Written<Duration>,
    /// `typ`
    #[serde(rename = "type")]
    pub(in crate::config) kind: Written<Line>,
    /// Claims, from the verified token or fixed.
    pub(in crate::config) claims: Entries<Line, ProfileClaim>,
}

impl Default for TokenProfile {
    fn default() -> Self {
        Self {
            audiences: None,
            ttl: Written(limits::ISSUED_TTL),
            kind: Written(Line("JWT".into())),
            claims: Entries::default(),
        }
    }
}

/// Where the value of a claim comes from.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("oneOf" = [
    { "required": ["from"] },
    { "required": ["cel"] },
    { "required": ["value"] },
]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct ProfileClaim {
    /// What the verified token has here; nothing if it has nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) from: Option<ClaimName>,
    /// The same for every token: anything that JSON can say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) value: Option<Literal>,
    /// What this expression in CEL makes of the `claims` of the verified token; nothing if that is
    /// null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) cel: Option<String>,
}
