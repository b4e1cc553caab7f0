//! Which token a client gets: the token endpoint without its transport (RFC 6749 4.4, RFC 8693).

use super::client::Client;
use super::mint::{Issued, MintError, Order, ScopesOf, quoted};
use super::settings::Profile;
use super::{Desk, InForce};
use crate::token::json::{Json, Kind, scan_object};
use crate::verify::check_scopes;

/// What a client asks for.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// The profile by its name.
    pub profile: Option<&'a str>,
    /// The scopes, with spaces between them.
    pub scope: Option<&'a str>,
    /// For whom, where it says: `audience` (RFC 8693 2.1) and `resource` (RFC 8707 2).
    pub targets: &'a [&'a str],
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
    /// The subject token says that somebody else may act for its subject.
    MayNotAct,
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
        let profile = client.profile(request.profile)?;
        let is_known = |target: &&str| profile.audiences.iter().any(|known| **known == **target);
        if !request.targets.iter().all(is_known) {
            return Err(Refusal::InvalidTarget);
        }
        let scope = granted(client, request)?;
        let name = quoted(&client.name);
        let mut claims = vec![("client_id", &*name)];
        let itself;
        let facts = if let Some(subject) = request.subject {
            if !may_act(client, subject) {
                return Err(Refusal::MayNotAct);
            }
            // Whoever acts for the subject already is not to be forgotten (RFC 8693 4.1).
            for name in ["sub", "act"] {
                claims.extend(subject.get(name).map(|claim| (name, claim.raw())));
            }
            subject
        } else {
            claims.push(("sub", &name));
            // A profile's `sub: {from: sub}` means the client where there is no other subject.
            let scope = quoted(&scope);
            itself = format!("{{\"sub\":{name},\"client_id\":{name},\"scope\":{scope}}}");
            scan_object(itself.as_bytes(), 2, |_| ()).expect("three texts under different names")
        };
        let order = Order {
            claims: &claims,
            audiences: (!request.targets.is_empty()).then_some(request.targets),
            scopes: ScopesOf::Granted(&scope),
            ..Order::new(profile, facts)
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
fn granted(client: &Client, request: &Request<'_>) -> Result<String, Refusal> {
    let may = |scope: &str| {
        let is_clients = client.scopes.iter().any(|known| **known == *scope);
        let has = |subject: Json<'_>| check_scopes(subject, [scope]).is_ok();
        is_clients && request.subject.is_none_or(has)
    };
    let Some(asked) = request.scope else {
        let known = client.scopes.iter().map(AsRef::as_ref);
        let granted: Vec<&str> = known.filter(|scope| may(scope)).collect();
        return Ok(granted.join(" "));
    };
    let mut granted = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !may(scope) {
            return Err(Refusal::InvalidScope);
        }
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}

/// Whether the token lets this client act for its subject: if it says who may, it has to be this
/// client (RFC 8693 4.4).
fn may_act(client: &Client, subject: Json<'_>) -> bool {
    let Some(allowed) = subject.get("may_act") else {
        return true;
    };
    let names: Vec<_> = ["sub", "client_id"]
        .into_iter()
        .filter_map(|name| allowed.get(name))
        .collect();
    let is_client = |name: &Json<'_>| name.as_text().is_some_and(|text| text == *client.name);
    allowed.kind() == Kind::Object && !names.is_empty() && names.iter().all(is_client)
}
