//! `issuers`

use crate::config::IssuerSettings;
use crate::config::problems::{At, quoted};
use crate::config::raw::{self, AudienceList};
use crate::issuers::{Audiences, IssuerPolicy, TimePolicy, TokenTypes};
use crate::refresh::SourceSettings;
use crate::signature::AlgorithmSet;

use super::Context;
use super::source::{self, Owner};

/// Converts `issuers`.
pub(super) fn issuers(raw: &mut raw::Config, context: &mut Context<'_>) -> Vec<IssuerSettings> {
    let root = At::ROOT;
    let at = root.key("issuers");
    let has_consumers = raw.consumers.is_some() || raw.consumers_file.is_some();
    let Some(raw) = raw.issuers.as_mut() else {
        if !has_consumers {
            let remedy = "name at least one issuer, with `issuer`, `audiences` and `keys`";
            context.problems.missing(&root, "issuers", remedy);
        }
        return Vec::new();
    };
    if raw.is_empty() {
        let problem = "is empty: without an issuer no token can be valid. Name at least one, \
                       with `issuer`, `audiences` and `keys`";
        context.problems.push(&at, problem);
    }
    let mut settings: Vec<IssuerSettings> = Vec::new();
    for (name, raw) in &mut raw.0 {
        let at = at.key(&name.0.0);
        let Some(issuer) = issuer(&name.0.0, raw, &at, context) else {
            continue;
        };
        let same = |other: &&IssuerSettings| other.policy.issuer == issuer.policy.issuer;
        if let Some(other) = settings.iter().find(same) {
            let problem = format!(
                "{} is the issuer of {} too: merge the two, their key sources may stand in one list",
                quoted(&issuer.policy.issuer),
                quoted(&other.policy.name),
            );
            context.problems.push(&at.key("issuer"), problem);
        }
        settings.push(issuer);
    }
    settings
}

fn issuer(
    name: &str,
    raw: &mut raw::Issuer,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<IssuerSettings> {
    let audiences = audiences(raw, at, context);
    let algorithms = algorithms(raw, at, context);
    let types = types(raw, at, context);
    for (key, age) in [("max_age", raw.max_age), ("max_lifetime", raw.max_lifetime)] {
        if age.is_some_and(|age| age.0.is_zero()) {
            let problem = "0 would refuse every token: write a longer time, or remove the key";
            context.problems.push(&at.key(key), problem);
        }
    }
    let sources = sources(raw, algorithms, at, context);
    let Some(issuer) = &raw.issuer else {
        let remedy = "write the exact value of `iss` in its tokens";
        context.problems.missing(at, "issuer", remedy);
        return None;
    };
    let required_claims = raw.required_claims.iter();
    Some(IssuerSettings {
        policy: IssuerPolicy {
            name: name.into(),
            issuer: issuer.0.0.clone(),
            audiences,
            algorithms,
            types,
            times: TimePolicy {
                leeway: raw.leeway.0,
                require_exp: raw.require_exp,
                max_age: raw.max_age.map(|age| age.0),
                max_lifetime: raw.max_lifetime.map(|lifetime| lifetime.0),
            },
            require_kid: raw.require_kid,
            required_claims: required_claims.map(|claim| claim.path().clone()).collect(),
        },
        sources,
        optional: raw.optional,
    })
}

fn audiences(raw: &raw::Issuer, at: &At<'_>, context: &mut Context<'_>) -> Audiences {
    let remedy = "list for whom the tokens must be, or write `any` to accept tokens for anybody";
    match &raw.audiences {
        None => context.problems.missing(at, "audiences", remedy),
        Some(AudienceList::Any) => return Audiences::Any,
        Some(AudienceList::List(list)) if list.is_empty() => {
            let problem = format!("is empty, so no token could be valid: {remedy}");
            context.problems.push(&at.key("audiences"), problem);
        }
        Some(AudienceList::List(list)) => {
            return Audiences::OneOf(list.iter().map(|audience| audience.0.0.clone()).collect());
        }
    }
    Audiences::OneOf(Box::default())
}

fn algorithms(raw: &raw::Issuer, at: &At<'_>, context: &mut Context<'_>) -> AlgorithmSet {
    if raw.algorithms.is_empty() {
        let problem = "is empty, so no token could be valid: list some, or remove the key for the \
                       default";
        context.problems.push(&at.key("algorithms"), problem);
    }
    raw.algorithms.iter().map(|written| written.0).collect()
}

fn types(raw: &raw::Issuer, at: &At<'_>, context: &mut Context<'_>) -> TokenTypes {
    if raw.types.is_empty() {
        let problem = "is empty, so no token could be valid: list some, or remove the key for the \
                       default";
        context.problems.push(&at.key("types"), problem);
    }
    TokenTypes::new(raw.types.iter().map(|kind| &*kind.0.0))
}

fn sources(
    raw: &mut raw::Issuer,
    algorithms: AlgorithmSet,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Vec<SourceSettings> {
    let remedy = "say where its keys come from, for example `- discovery: {}`";
    let owner = Owner {
        issuer: raw.issuer.as_ref().map(|issuer| &*issuer.0.0),
        algorithms,
    };
    let Some(keys) = raw.keys.as_mut() else {
        context.problems.missing(at, "keys", remedy);
        return Vec::new();
    };
    let at = at.key("keys");
    if keys.is_empty() {
        context.problems.push(&at, format!("is empty: {remedy}"));
    }
    let mut sources = Vec::new();
    for (index, key) in keys.iter_mut().enumerate() {
        sources.extend(source::source(key, owner, &at.index(index), context));
    }
    sources
}
