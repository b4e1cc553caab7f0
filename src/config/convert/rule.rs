//! `rules`

use std::collections::HashMap;

use crate::config::IssuerSettings;
use crate::config::nearest::nearest;
use crate::config::problems::{At, quoted};
use crate::config::raw::{self, AudienceList};
use crate::issuers::Audiences;
use crate::requirement::Lines;
use crate::rules::{Access, RuleSettings};

use super::{Context, matching, request, requirement};

/// Converts `rules`. What a rule does not say is as in `beside`.
pub(super) fn rules(
    raw: &raw::Config,
    beside: &RuleSettings,
    issuers: &[IssuerSettings],
    context: &mut Context<'_>,
) -> Vec<RuleSettings> {
    let root = At::ROOT;
    let at = root.key("rules");
    let Some(raw) = &raw.rules else {
        return Vec::new();
    };
    if raw.is_empty() {
        let problem = "is empty, so no request could pass: add a rule, or remove the key to ask \
                       for a valid token everywhere";
        context.problems.push(&at, problem);
    }
    let mut rules: Vec<RuleSettings> = Vec::new();
    let mut names = HashMap::new();
    request::check_twins(&beside.forward, &mut names, &root.key("forward"), context);
    for (place, raw) in raw.iter().enumerate() {
        let at = at.index(place);
        let rule = rule(raw, beside, issuers, &at, context);
        let twin = rules
            .iter()
            .position(|other| other.name.is_some() && other.name == rule.name);
        if let Some(twin) = twin {
            let problem = format!("is the name of rules[{twin}] too: choose another");
            context.problems.push(&at.key("name"), problem);
        }
        request::check_twins(&rule.forward, &mut names, &at.key("forward"), context);
        rules.push(rule);
    }
    rules
}

fn rule(
    raw: &raw::Rule,
    beside: &RuleSettings,
    issuers: &[IssuerSettings],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> RuleSettings {
    idle_keys(raw, at, context);
    let mut credentials = beside.credentials.clone();
    if let Some(raw) = &raw.credentials {
        credentials.sources = request::sources(raw, &at.key("credentials"), context);
    }
    if let Some(on_multiple) = &raw.on_multiple_tokens {
        credentials.on_multiple = on_multiple.0;
    }
    let names = raw.issuers.as_ref();
    RuleSettings {
        name: raw.name.as_ref().map(|name| name.0.0.clone()),
        matches: matching::matching(raw.matching.as_ref(), &at.key("match"), context),
        access: raw.access.0,
        issuers: names.map(|names| accepted(names, issuers, &at.key("issuers"), context)),
        audiences: audiences(raw, at, context),
        credentials,
        require: raw.require.as_ref().map_or_else(Lines::default, |lines| {
            requirement::lines(lines, &at.key("require"), context)
        }),
        forward: match &raw.forward {
            Some(raw) => {
                request::forward_of_rule(raw, &beside.forward, &at.key("forward"), context)
            }
            None => beside.forward.clone(),
        },
        deny: match &raw.deny {
            Some(raw) => request::deny_of_rule(raw, &beside.deny, &at.key("deny"), context),
            None => beside.deny.clone(),
        },
    }
}

/// Reports what would be read as a protection that does not protect.
fn idle_keys(raw: &raw::Rule, at: &At<'_>, context: &mut Context<'_>) {
    let (asks, remedy) = match raw.access.0 {
        Access::Required | Access::Optional | Access::Permissive => return,
        Access::Public => ("public", "remove it, or write `access: optional`"),
        Access::Denied => ("denied", "remove it"),
    };
    let idle = [
        ("issuers", raw.issuers.is_some()),
        ("audiences", raw.audiences.is_some()),
        ("credentials", raw.credentials.is_some()),
        ("on_multiple_tokens", raw.on_multiple_tokens.is_some()),
        ("require", raw.require.is_some()),
        ("forward", raw.forward.is_some()),
    ];
    for (key, _) in idle.into_iter().filter(|(_, is_there)| *is_there) {
        let problem = format!("has no effect, since a {asks} rule looks at no token: {remedy}");
        context.problems.push(&at.key(key), problem);
    }
}

fn accepted(
    names: &[raw::Written<raw::Line>],
    issuers: &[IssuerSettings],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Box<[Box<str>]> {
    if names.is_empty() {
        let problem = "is empty, so no token could be accepted: name an issuer, or remove the key \
                       to accept all";
        context.problems.push(at, problem);
    }
    let known = || issuers.iter().map(|issuer| &*issuer.policy.name);
    for (place, name) in names.iter().enumerate() {
        let name = &*name.0.0;
        if known().any(|issuer| issuer == name) {
            continue;
        }
        let meant = nearest(name, known())
            .map(|meant| format!("did you mean {}?", quoted(meant)))
            .unwrap_or_else(|| "write a name from `issuers`".to_owned());
        let problem = format!("there is no issuer called {}: {meant}", quoted(name));
        context.problems.push(&at.index(place), problem);
    }
    names.iter().map(|name| name.0.0.clone()).collect()
}

fn audiences(raw: &raw::Rule, at: &At<'_>, context: &mut Context<'_>) -> Option<Audiences> {
    Some(match raw.audiences.as_ref()? {
        AudienceList::Any => Audiences::Any,
        AudienceList::List(list) => {
            if list.is_empty() {
                let problem = "is empty, so no token could be accepted: name an audience, or \
                               remove the key";
                context.problems.push(&at.key("audiences"), problem);
            }
            Audiences::OneOf(list.iter().map(|audience| audience.0.0.clone()).collect())
        }
    })
}
