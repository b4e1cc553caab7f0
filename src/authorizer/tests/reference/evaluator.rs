//! What the contract says of a request, read from top to bottom.

use super::House;
use super::asked::{Asked, Carried, Reading};
use super::bearer::{Audience, Bearer, CONSUMERS, ISSUERS, audiences_of};
use super::written::{Line, Written};
use crate::reason::Reason;
use crate::rules::Access;

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) reason: Reason,
    /// The place of the rule.
    pub(super) rule: Option<usize>,
    pub(super) consumer: Option<String>,
    pub(super) has_token: bool,
}

pub(super) fn expected(house: &House<'_>, asked: &Asked) -> Verdict {
    let verdict = |reason, rule| Verdict {
        reason,
        rule,
        consumer: None,
        has_token: false,
    };
    // Beside the rules a token of anybody will do.
    let beside = Written::default();
    let (rule, place) = match meet(house, asked) {
        Ok(Some(place)) => (&house.rules[place], Some(place)),
        Ok(None) => (&beside, None),
        Err(reason) => return verdict(reason, None),
    };
    let judged = match rule.access {
        Access::Public => return verdict(Reason::OkPublic, place),
        Access::Denied => return verdict(Reason::RuleDenied, place),
        _ if is_unreadable(rule, asked) => return verdict(Reason::PathAmbiguous, place),
        Access::Required | Access::Optional | Access::Permissive => {
            carried(house, asked).and_then(|bearer| judge(house, rule, bearer, asked))
        }
    };
    let is_anonymous = match (rule.access, judged) {
        (Access::Optional | Access::Permissive, Err(Reason::TokenMissing)) => true,
        // A bad one counts as none; what is forbidden, and what nobody can tell, does not.
        (Access::Permissive, Err(reason)) => !matches!(
            reason,
            Reason::ScopeInsufficient | Reason::ConditionFalse | Reason::KeysUnavailable
        ),
        _ => false,
    };
    match judged {
        Ok(name) => Verdict {
            reason: Reason::Ok,
            rule: place,
            consumer: CONSUMERS.contains(&name).then(|| name.to_owned()),
            has_token: true,
        },
        Err(_) if is_anonymous => Verdict {
            consumer: house.has_guest.then(|| "guest".to_owned()),
            ..verdict(Reason::OkAnonymous, place)
        },
        Err(reason) => verdict(reason, place),
    }
}

/// Whether a line reads the request, whose host is none.
fn is_unreadable(rule: &Written, asked: &Asked) -> bool {
    let mut lines = rule.require.iter();
    let reads_request = lines.any(|line| matches!(line, Line::NoDelete | Line::NotA));
    reads_request && matches!(asked.host.1, Reading::Ambiguous)
}

/// The place of the rule; `None` beside the rules.
fn meet(house: &House<'_>, asked: &Asked) -> Result<Option<usize>, Reason> {
    let (rules, target) = (house.rules, asked.target.1);
    if !rules.is_empty() && matches!(target, Reading::Ambiguous) {
        return Err(Reason::PathAmbiguous);
    }
    if let Some(named) = asked.rule {
        return match rules.get(named) {
            Some(_) => Ok(Some(named)),
            None => Err(Reason::RuleUnknown),
        };
    }
    if rules.is_empty() {
        return Ok(None);
    }
    let asks_for_hosts = rules.iter().any(|rule| !rule.hosts.is_empty());
    if asks_for_hosts && matches!(asked.host.1, Reading::Ambiguous) {
        return Err(Reason::PathAmbiguous);
    }
    let first = |path| rules.iter().position(|rule| matches(rule, asked, path));
    let found = match target {
        Reading::Clear(path) => first(Some(path)),
        Reading::Either(one, other) if first(Some(one)) == first(Some(other)) => first(Some(one)),
        Reading::Either(..) => return Err(Reason::PathAmbiguous),
        Reading::Unknown | Reading::Ambiguous => first(None),
    };
    found.map(Some).ok_or(Reason::RuleUnmatched)
}

fn matches(rule: &Written, asked: &Asked, path: Option<&str>) -> bool {
    let is_host = |pattern: &&str| match asked.host.1 {
        Reading::Clear(host) => match pattern.strip_prefix('*') {
            Some(below) => host.ends_with(below),
            None => host == *pattern,
        },
        Reading::Unknown | Reading::Either(..) | Reading::Ambiguous => false,
    };
    let split = |path: &str| -> Vec<String> { path[1..].split('/').map(str::to_owned).collect() };
    let is_path = |pattern: &&str| path.is_some_and(|path| fits(&split(pattern), &split(path)));
    let has = |(name, value): &(&str, &str)| {
        let lines = asked.headers.iter();
        let lines = lines.filter(|(other, _)| other.to_lowercase() == *name);
        let lines: Vec<&str> = lines.map(|(_, line)| *line).collect();
        !lines.is_empty() && lines.join(", ") == *value
    };
    (rule.hosts.is_empty() || rule.hosts.iter().any(is_host))
        && (rule.methods.is_empty() || rule.methods.contains(&asked.method))
        && (rule.paths.is_empty() || rule.paths.iter().any(is_path))
        && rule.headers.iter().all(has)
}

fn fits(pattern: &[String], path: &[String]) -> bool {
    match (pattern, path) {
        ([all], _) if all == "**" => true,
        ([], []) => true,
        ([first, pattern @ ..], [segment, path @ ..]) => {
            let is_any = first == "*" || first.starts_with('{');
            let is_met = if is_any {
                !segment.is_empty()
            } else {
                first == segment
            };
            is_met && fits(pattern, path)
        }
        _ => false,
    }
}

fn carried<'h>(house: &House<'h>, asked: &Asked) -> Result<&'h Bearer, Reason> {
    match &asked.carried {
        Carried::Nothing | Carried::AnotherScheme => Err(Reason::TokenMissing),
        Carried::Rubbish => Err(Reason::TokenMalformed),
        Carried::Token(index) => Ok(index.get(house.bearers)),
        Carried::TwoLines(..) => Err(Reason::TokenAmbiguous),
    }
}

/// Whose token it is, if it is good and the rule takes it.
fn judge(
    house: &House<'_>,
    rule: &Written,
    bearer: &Bearer,
    asked: &Asked,
) -> Result<&'static str, Reason> {
    let in_claims = bearer.names.filter(|_| !bearer.in_header);
    let is_issuers = in_claims.is_some_and(|name| ISSUERS.contains(&name));
    let taken = rule.issuers.as_ref();
    let name = match bearer.names {
        Some(name) if is_issuers => match taken {
            Some(taken) if !taken.contains(&name) => return Err(Reason::IssuerUnknown),
            _ => name,
        },
        // A consumer is no issuer: a rule that lists some does not take its tokens.
        name if house.has_consumers && taken.is_none() => match name {
            Some(name) if CONSUMERS.contains(&name) => name,
            _ => return Err(Reason::ConsumerUnknown),
        },
        Some(_) if in_claims.is_some() => return Err(Reason::IssuerUnknown),
        _ => return Err(Reason::IssuerMissing),
    };
    if CONSUMERS.contains(&bearer.signer) == is_issuers {
        return Err(Reason::AlgNotAllowed);
    }
    if name == "away" {
        return Err(Reason::KeysUnavailable);
    }
    if bearer.signer != name {
        return Err(Reason::SignatureInvalid);
    }
    if asked.now >= bearer.expires_at + LEEWAY {
        return Err(Reason::TokenExpired);
    }
    let wanted = rule.audiences.clone();
    let wanted = wanted.or_else(|| audiences_of(name).map(<[_]>::to_vec));
    let wanted = wanted.unwrap_or_default();
    let found: &[&str] = match bearer.audience {
        Audience::Wrong => return Err(Reason::ClaimInvalid),
        Audience::Absent => &[],
        Audience::Names(names) => names,
    };
    if !wanted.is_empty() && !wanted.iter().any(|name| found.contains(name)) {
        return Err(Reason::AudienceMismatch);
    }
    for line in &rule.require {
        let scopes: Vec<&str> = bearer.scopes.split(' ').collect();
        match line {
            Line::Scope(scope) if !scopes.contains(scope) => return Err(Reason::ScopeInsufficient),
            Line::NoDelete if asked.method == "DELETE" => return Err(Reason::ConditionFalse),
            Line::NotA if may_be(asked.target.1, "/a") => return Err(Reason::ConditionFalse),
            Line::NoConsumer if CONSUMERS.contains(&name) => return Err(Reason::ConditionFalse),
            Line::Scope(_) | Line::NoDelete | Line::NotA | Line::NoConsumer => {}
        }
    }
    Ok(name)
}

/// Whether some reader sees this.
fn may_be(target: Reading, path: &str) -> bool {
    match target {
        Reading::Clear(one) => one == path,
        Reading::Either(one, other) => one == path || other == path,
        Reading::Unknown | Reading::Ambiguous => false,
    }
}

const LEEWAY: i64 = 10;
