//! `issue.clients` and `issue.documents`: who may ask for what.

use std::sync::Arc;

use crate::config::nearest::nearest;
use crate::config::problems::{At, quoted};
use crate::config::raw::{self, Line, Written};
use crate::issue::{Client, DocumentSettings, Profile, SecretHash, Serialization};

use super::Context;

/// Converts `issue.clients`.
pub(super) fn clients(
    raw: &raw::Issue,
    profiles: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Vec<Arc<Client>> {
    let clients = raw.clients.0.iter();
    let clients = clients.filter_map(|(name, raw)| {
        let name = &*name.0.0;
        client(name, raw, profiles, &at.key(name), context)
    });
    clients.map(Arc::new).collect()
}

/// Converts `issue.documents`.
pub(super) fn documents(
    raw: &raw::Issue,
    profiles: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Vec<DocumentSettings> {
    let documents = raw.documents.0.iter();
    let documents = documents.filter_map(|(name, raw)| {
        let name = &*name.0.0;
        document(name, raw, profiles, &at.key(name), context)
    });
    documents.collect()
}

fn document(
    name: &str,
    raw: &raw::SignedDocument,
    profiles: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<DocumentSettings> {
    let remedy = "list the fields that hold objects of claims and become tokens";
    match &raw.keys_to_sign {
        None => context.problems.missing(at, "keys_to_sign", remedy),
        Some(fields) if fields.is_empty() => {
            let problem = format!("is empty, so nothing would be signed: {remedy}");
            context.problems.push(&at.key("keys_to_sign"), problem);
        }
        Some(_) => {}
    }
    let Some(known) = &raw.profile else {
        let remedy = "name what its tokens are like, from `issue.profiles`";
        context.problems.missing(at, "profile", remedy);
        return None;
    };
    Some(DocumentSettings {
        name: name.into(),
        profile: profile(&known.0.0, profiles, &at.key("profile"), context)?,
        fields: raw
            .keys_to_sign
            .iter()
            .flatten()
            .map(|field| field.0.0.clone())
            .collect(),
        serialization: if raw.full {
            Serialization::Flattened
        } else {
            Serialization::Compact
        },
    })
}

fn client(
    name: &str,
    raw: &raw::Client,
    known: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Client> {
    if name.contains(':') {
        let problem = "has a colon, which ends the name in HTTP Basic: choose another";
        context.problems.push(at, problem);
    }
    let profiles = match &raw.profiles {
        None => {
            let remedy = "list the profiles that its tokens may have";
            context.problems.missing(at, "profiles", remedy);
            Vec::new()
        }
        Some(names) => allowed(names, known, &at.key("profiles"), context),
    };
    let secret = secret(raw, at, context)?;
    Some(Client {
        name: name.into(),
        secret: Arc::new(secret),
        profiles,
        scopes: raw.scopes.iter().map(|scope| scope.0.0.clone()).collect(),
        signs: raw.sign,
    })
}

fn secret(raw: &raw::Client, at: &At<'_>, context: &mut Context<'_>) -> Option<SecretHash> {
    let Some(source) = &raw.secret_hash else {
        let remedy = "write the hash that `jotgate hash` makes of its secret";
        context.problems.missing(at, "secret_hash", remedy);
        return None;
    };
    let at = at.key("secret_hash");
    let (_, text) = context.secret(&at, source)?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    match SecretHash::parse(text.trim()) {
        Ok(hash) => Some(hash),
        Err(error) => {
            context.problems.push(&at, error.to_string());
            None
        }
    }
}

fn allowed(
    names: &[Written<Line>],
    known: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Vec<Arc<Profile>> {
    if names.is_empty() {
        let problem = "is empty, so the client could have no token: name a profile";
        context.problems.push(at, problem);
    }
    let mut allowed = Vec::new();
    for (place, name) in names.iter().enumerate() {
        allowed.extend(profile(&name.0.0, known, &at.index(place), context));
    }
    allowed
}

/// The profile called `name`, or an error at `at`.
pub(super) fn profile(
    name: &str,
    known: &[Arc<Profile>],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Arc<Profile>> {
    let found = known.iter().find(|profile| &*profile.name == name);
    if found.is_none() {
        let names = known.iter().map(|profile| &*profile.name);
        let meant = nearest(name, names)
            .map(|meant| format!("did you mean {}?", quoted(meant)))
            .unwrap_or_else(|| "write a name from `issue.profiles`".to_owned());
        let problem = format!("there is no profile called {}: {meant}", quoted(name));
        context.problems.push(at, problem);
    }
    found.cloned()
}
