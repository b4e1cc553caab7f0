//! Which token a client gets: the token endpoint without its transport (RFC 6749 4.4, RFC 8693).

use super::client::Client;
use super::mint::{Issued, MintError, Order, quoted};
use super::settings::Profile;
use super::{Desk, InForce};
use crate::token::json::{Json, Kind};

/// What a client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The profile by its name.
    pub profile: Option<&'a str>,
    /// The scopes, with spaces between them.
    pub scope: Option<&'a str>,
    /// For whom, where it says (RFC 8693 2.1).
    pub audience: Option<&'a str>,
    /// The claims of a verified token, where one is exchanged.
    pub subject: Option<Json<'a>>,
}

/// A token and what was granted with it.
pub struct Grant {
    /// The token.
    pub issued: Issued,
    /// The granted scopes, with spaces between them; empty for none.
    pub scope: String,
    /// For how long, in seconds.
    pub expires_in: u64,
}

/// Why a client gets no token (RFC 6749 5.2, RFC 8693 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It may not have tokens of this profile.
    UnauthorizedClient,
    /// It may not have these scopes.
    InvalidScope,
    /// The profile's tokens are not for this audience.
    InvalidTarget,
    /// The token could not be made.
    Mint(MintError),
}

impl Client {
    /// The profile that it asks for.
    ///
    /// # Errors
    /// If it may not have it.
    pub fn profile(&self, name: Option<&str>) -> Result<&Profile, Refusal> {
        let mut profiles = self.profiles.iter();
        let found = match name {
            Some(name) => profiles.find(|profile| &*profile.name == name),
            None => profiles.next(),
        };
        found.map(AsRef::as_ref).ok_or(Refusal::UnauthorizedClient)
    }
}

impl Desk {
    /// Gives `client` the token that it asks for, if it may have it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn grant(
        &self,
        in_force: &InForce,
        client: &Client,
        request: &Request<'_>,
    ) -> Result<Grant, Refusal> {
        let profile = client.profile(request.profile).inspect_err(|_| {
            in_force.refused(request.profile.unwrap_or_default());
        })?;
        let granted = granted(client, profile, request);
        let scope = match granted {
            Ok(scope) => scope,
            Err(refusal) => {
                in_force.refused(&profile.name);
                return Err(refusal);
            }
        };
        let name = quoted(&client.name);
        let scope_json = quoted(&scope);
        let subject = request.subject.and_then(|claims| claims.get("sub"));
        let mut claims = vec![
            ("client_id", &*name),
            ("sub", subject.map_or(&*name, Json::raw)),
        ];
        if !scope.is_empty() {
            claims.push(("scope", &*scope_json));
        }
        // A profile's `sub: {from: sub}` means the client where there is no other subject.
        let itself = format!("{{\"sub\":{name},\"client_id\":{name},\"scope\":{scope_json}}}");
        let itself = crate::token::json::scan_object(itself.as_bytes(), 2, |_| ());
        let order = Order {
            profile,
            facts: request.subject.or(itself.ok()),
            claims: &claims,
        };
        let issued = in_force.issue(&order, self.now()).map_err(Refusal::Mint)?;
        Ok(Grant {
            issued,
            scope,
            expires_in: profile.ttl.as_secs(),
        })
    }
}

/// The scopes that are granted: what is asked for, if the client may have all of it; else whatever
/// it may have. Of somebody else's token no more than that token has itself.
fn granted(client: &Client, profile: &Profile, request: &Request<'_>) -> Result<String, Refusal> {
    if let Some(audience) = request.audience
        && !profile.audiences.iter().any(|known| **known == *audience)
    {
        return Err(Refusal::InvalidTarget);
    }
    let of_subject = request.subject.map(scopes);
    let may = |scope: &str| {
        let is_clients = client.scopes.iter().any(|known| **known == *scope);
        let of_subject = of_subject.as_ref();
        is_clients && of_subject.is_none_or(|known| known.iter().any(|known| known == scope))
    };
    let asked: Vec<&str> = match request.scope {
        Some(scope) => scope.split(' ').filter(|scope| !scope.is_empty()).collect(),
        None => {
            let known = client.scopes.iter().map(AsRef::as_ref);
            known.filter(|scope| may(scope)).collect()
        }
    };
    if asked.iter().all(|scope| may(scope)) {
        Ok(asked.join(" "))
    } else {
        Err(Refusal::InvalidScope)
    }
}

/// The scopes of a token: `scope`, `scp` or `scopes`, a text or a list.
fn scopes(claims: Json<'_>) -> Vec<String> {
    let names = ["scope", "scp", "scopes"].into_iter();
    let found = names.filter_map(|name| claims.get(name));
    let texts = found.flat_map(|claim| match claim.kind() {
        Kind::Array => claim.elements().filter_map(Json::as_text).collect(),
        Kind::Bool | Kind::Null | Kind::Number | Kind::Object | Kind::String => {
            claim.as_text().into_iter().collect::<Vec<_>>()
        }
    });
    let texts: Vec<String> = texts.map(|text| text.to_cow().into_owned()).collect();
    let scopes = texts.iter().flat_map(|text| text.split(' '));
    scopes.map(str::to_owned).collect()
}
