//! Fields of a JSON document become signed tokens: KrakenD's signer.

use std::borrow::Cow;
use std::sync::Arc;

use super::mint::{Issued, MintError, Order, ScopesOf, quoted};
use super::settings::Profile;
use super::{Client, InForce};
use crate::limits::CLAIMS_DEPTH_MAX;
use crate::time::UnixMillis;
use crate::token::json::{Json, Kind, scan_object};

/// One kind of document.
#[derive(Clone, Debug)]
pub struct DocumentSettings {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// What its tokens are like.
    pub profile: Arc<Profile>,
    /// The members that are signed, where they are there.
    pub fields: Box<[Box<str>]>,
    /// How tokens stand in it.
    pub serialization: Serialization,
}

/// How a token is written (RFC 7515 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serialization {
    /// As a text.
    Compact,
    /// As an object, flattened (RFC 7515 7.2.2).
    Flattened,
}

/// Why a document is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It is not what it must be.
    #[error(
        "not one JSON object within the limits: at most 256 members with different names, nested \
         {CLAIMS_DEPTH_MAX} deep"
    )]
    Malformed,
    /// A field that is to be signed holds no claims.
    #[error("{0} is no object: only an object of claims can be signed")]
    NoClaims(String),
    /// A token could not be made.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl InForce {
    /// The kind of document of this name.
    #[must_use]
    pub fn document(&self, name: &str) -> Option<&DocumentSettings> {
        let mut documents = self.settings.documents.iter();
        documents.find(|document| &*document.name == name)
    }

    /// Signs a token of `claims`, one JSON object, for `client`; the profile wins where both say
    /// something.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(
        &self,
        client: &Client,
        profile: &Profile,
        claims: &[u8],
        now: UnixMillis,
    ) -> Result<Issued, SignError> {
        let claims = scan_object(claims, CLAIMS_DEPTH_MAX, |_| ());
        let claims = claims.map_err(|_| SignError::Malformed)?;
        Ok(self.sign_claims(client, profile, claims, now)?)
    }

    /// The document in `text` with its fields signed for `client`; the value of every other field is
    /// left byte for byte.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_document(
        &self,
        client: &Client,
        document: &DocumentSettings,
        text: &[u8],
        now: UnixMillis,
    ) -> Result<String, SignError> {
        let profile = &*document.profile;
        let whole = scan_object(text, CLAIMS_DEPTH_MAX, |_| ());
        let whole = whole.map_err(|_| SignError::Malformed)?;
        let mut members = Vec::new();
        for (name, value) in whole.members() {
            let name = name.to_cow();
            let is_signed = document.fields.iter().any(|field| **field == *name);
            let json = if !is_signed {
                Cow::Borrowed(value.raw())
            } else if value.kind() == Kind::Object {
                let issued = self.sign_claims(client, profile, value, now)?;
                Cow::Owned(document.serialization.write(&issued.token))
            } else {
                return Err(SignError::NoClaims(name.into_owned()));
            };
            members.push(format!("{}:{json}", quoted(&name)));
        }
        Ok(format!("{{{}}}", members.join(",")))
    }

    fn sign_claims(
        &self,
        client: &Client,
        profile: &Profile,
        claims: Json<'_>,
        now: UnixMillis,
    ) -> Result<Issued, MintError> {
        let members: Vec<(Cow<'_, str>, &str)> = claims
            .members()
            .map(|(name, value)| (name.to_cow(), value.raw()))
            .collect();
        let members: Vec<(&str, &str)> = members
            .iter()
            .map(|(name, value)| (&**name, *value))
            .collect();
        let order = Order {
            claims: &members,
            scopes: ScopesOf::Within(&client.scopes),
            ..Order::new(profile, claims)
        };
        self.issue(&order, now)
    }
}

impl Serialization {
    /// A compact token as JSON.
    fn write(self, token: &str) -> String {
        let mut parts = token.split('.').map(quoted);
        match (self, parts.next(), parts.next(), parts.next()) {
            (Self::Flattened, Some(header), Some(payload), Some(signature)) => format!(
                "{{\"payload\":{payload},\"protected\":{header},\"signature\":{signature}}}"
            ),
            (Self::Compact | Self::Flattened, ..) => quoted(token),
        }
    }
}
