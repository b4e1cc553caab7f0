//! `credentials`, `forward` and `deny`

use std::collections::HashMap;

use http::{HeaderName, header};

use crate::config::problems::At;
use crate::config::raw;
use crate::credentials::{CredentialSource, Credentials};
use crate::deny::{DenyPolicy, Redirect, UrlDefect};
use crate::forward::{ForwardPolicy, HeaderClaim, InternalToken};

use super::Context;

/// Converts `credentials` and `on_multiple_tokens`.
pub(super) fn credentials(raw: &raw::Config, context: &mut Context<'_>) -> Credentials {
    Credentials {
        sources: sources(&raw.credentials, &At::ROOT.key("credentials"), context),
        on_multiple: raw.on_multiple_tokens.0,
    }
}

/// Converts the places of `credentials`.
pub(super) fn sources(
    raw: &[raw::Credential],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Box<[CredentialSource]> {
    if raw.is_empty() {
        let problem = "is empty: name a place for the token, or remove the key for \
                       `Authorization: Bearer`";
        context.problems.push(at, problem);
    }
    let mut sources: Vec<CredentialSource> = Vec::new();
    for (index, credential) in raw.iter().enumerate() {
        let at = at.index(index);
        let Some(source) = credential_source(credential, &at, context) else {
            continue;
        };
        if sources.contains(&source) {
            context.problems.push(&at, "is there twice: remove one");
        }
        sources.push(source);
    }
    sources.into()
}

fn credential_source(
    raw: &raw::Credential,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<CredentialSource> {
    let problems = &mut context.problems;
    let source = match (&raw.header, &raw.cookie, &raw.query) {
        (Some(name), None, None) => {
            if name.0 == header::AUTHORIZATION && raw.scheme.is_none() {
                let problem = "the token in `authorization` stands behind a scheme: add \
                               `scheme: Bearer`";
                problems.push(at, problem);
            }
            return Some(CredentialSource::Header {
                name: name.0.clone(),
                scheme: raw.scheme.as_ref().map(|scheme| scheme.0.0.clone()),
            });
        }
        (None, Some(name), None) => CredentialSource::Cookie(name.0.0.clone()),
        (None, None, Some(name)) => CredentialSource::Query(name.0.0.clone()),
        (None, None, None) => {
            problems.push(
                at,
                "names no place: write one of `header`, `cookie`, `query`",
            );
            return None;
        }
        _ => {
            let problem = "names two places: write an entry of the list for each";
            problems.push(at, problem);
            return None;
        }
    };
    if raw.scheme.is_some() {
        let problem = "only headers have a scheme: remove it";
        problems.push(&at.key("scheme"), problem);
    }
    Some(source)
}

/// Converts `forward`.
pub(super) fn forward(raw: &raw::Forward, at: &At<'_>, context: &mut Context<'_>) -> ForwardPolicy {
    let policy = ForwardPolicy {
        token: raw.token.0,
        headers: header_claims(&raw.headers),
        payload_header: raw.payload_header.as_ref().map(|name| name.0.clone()),
        internal_token: internal_token(raw.internal_token.as_ref(), at, context),
        metadata: raw.metadata,
    };
    check_names(&policy, at, context);
    policy
}

/// Converts the `forward` of a rule: what it does not say is as in `beside`.
pub(super) fn forward_of_rule(
    raw: &raw::RuleForward,
    beside: &ForwardPolicy,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> ForwardPolicy {
    let payload_header = raw.payload_header.as_ref().map(|name| name.0.clone());
    let headers = raw.headers.as_ref().map(header_claims);
    let policy = ForwardPolicy {
        token: raw.token.map_or(beside.token, |token| token.0),
        headers: headers.unwrap_or_else(|| beside.headers.clone()),
        payload_header: payload_header.or_else(|| beside.payload_header.clone()),
        internal_token: internal_token(raw.internal_token.as_ref(), at, context)
            .or_else(|| beside.internal_token.clone()),
        metadata: raw.metadata.unwrap_or(beside.metadata),
    };
    check_names(&policy, at, context);
    policy
}

/// Converts an `internal_token`. That its profile is there is checked with `issue`.
fn internal_token(
    raw: Option<&raw::InternalToken>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<InternalToken> {
    let raw = raw?;
    let at = at.key("internal_token");
    if raw.profile.is_none() {
        let remedy = "name what the token is like, from `issue.profiles`";
        context.problems.missing(&at, "profile", remedy);
    }
    if raw.header.is_none() {
        let remedy = "name the header that carries it, like x-internal-token";
        context.problems.missing(&at, "header", remedy);
    }
    Some(InternalToken {
        profile: raw.profile.as_ref()?.0.0.clone(),
        header: raw.header.as_ref()?.0.clone(),
    })
}

fn header_claims(raw: &raw::Entries<HeaderName, raw::ForwardedClaim>) -> Vec<HeaderClaim> {
    let headers = raw.0.iter().map(|(name, claim)| HeaderClaim {
        name: name.0.clone(),
        claim: claim.claim.path().clone(),
        format: claim.format.0,
    });
    headers.collect()
}

fn check_names(policy: &ForwardPolicy, at: &At<'_>, context: &mut Context<'_>) {
    let headers = at.key("headers");
    let mut names: Vec<&HeaderName> = Vec::new();
    let mut check = |name, at: &At<'_>| {
        if let Some(problem) = header_problem(name, &names) {
            context.problems.push(at, problem);
        }
        names.push(name);
    };
    for header in &policy.headers {
        check(&header.name, &headers.key(header.name.as_str()));
    }
    if let Some(name) = &policy.payload_header {
        check(name, &at.key("payload_header"));
    }
    if let Some(token) = &policy.internal_token {
        check(&token.header, &at.key("internal_token").key("header"));
    }
}

/// Reports headers of a rule that cannot be told from `others`, those of the rules before it, and
/// adds them.
pub(super) fn check_twins(
    policy: &ForwardPolicy,
    others: &mut HashMap<String, HeaderName>,
    at: &At<'_>,
    context: &mut Context<'_>,
) {
    for name in policy.names() {
        let twin = others.entry(folded(name)).or_insert_with(|| name.clone());
        if twin != name {
            let problem = format!(
                "`{name}` here and `{twin}` elsewhere are the same header to many upstreams: \
                 write it in one way"
            );
            context.problems.push(at, problem);
        }
    }
}

/// What speaks against forwarding a header of this name beside the `others`.
fn header_problem(name: &HeaderName, others: &[&HeaderName]) -> Option<String> {
    if RESERVED.contains(&name.as_str()) {
        return Some(format!(
            "`{name}` steers the connection itself: choose another name, like x-user-id"
        ));
    }
    let twin = others.iter().find(|other| folded(other) == folded(name))?;
    Some(if *twin == name {
        format!("`{name}` is forwarded twice: remove one (case does not matter)")
    } else {
        format!("`{name}` and `{twin}` are the same header to many upstreams: remove one")
    })
}

/// Upstreams that see headers as variables (CGI, WSGI) cannot tell `-` and `_` apart, so the one
/// would be removed as a forgery of the other.
fn folded(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// Converts `deny`.
pub(super) fn deny(raw: &raw::Deny, at: &At<'_>, context: &mut Context<'_>) -> DenyPolicy {
    DenyPolicy {
        realm: raw.realm.0.0.clone(),
        format: raw.format.0,
        message: raw.message.as_ref().map(|message| message.0.0.clone()),
        expose_reason: raw.expose_reason,
        on_unavailable: raw.on_unavailable.0,
        unavailable_status: raw.unavailable_status.0.0,
        redirect: redirect(raw.redirect.as_ref(), at, context),
    }
}

/// Converts the `deny` of a rule: what it does not say is as in `beside`.
pub(super) fn deny_of_rule(
    raw: &raw::RuleDeny,
    beside: &DenyPolicy,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> DenyPolicy {
    let mut deny = beside.clone();
    if let Some(realm) = &raw.realm {
        deny.realm = realm.0.0.clone();
    }
    if let Some(format) = &raw.format {
        deny.format = format.0;
    }
    if let Some(message) = &raw.message {
        deny.message = Some(message.0.0.clone());
    }
    if let Some(expose_reason) = raw.expose_reason {
        deny.expose_reason = expose_reason;
    }
    if let Some(on_unavailable) = &raw.on_unavailable {
        deny.on_unavailable = on_unavailable.0;
    }
    if let Some(status) = &raw.unavailable_status {
        deny.unavailable_status = status.0.0;
    }
    if raw.redirect.is_some() {
        deny.redirect = redirect(raw.redirect.as_ref(), at, context);
    }
    deny
}

fn redirect(
    raw: Option<&raw::LoginRedirect>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Redirect> {
    let problem = match Redirect::new(&raw?.url.0.0) {
        Ok(redirect) => return Some(redirect),
        Err(UrlDefect::NotAbsolute) => {
            "must be a whole URL in ASCII, like https://login.example.com/?return_to={url}"
        }
        Err(UrlDefect::Placeholder) => {
            "`{url}` may stand once, in the query: write it behind `?`, like ?return_to={url}"
        }
    };
    context
        .problems
        .push(&at.key("redirect").key("url"), problem);
    None
}

/// Headers that say where a message goes or where it ends. A claim must not.
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
