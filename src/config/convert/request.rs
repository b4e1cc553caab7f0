//! `credentials`, `forward` and `deny`

use http::{HeaderName, header};

use crate::config::problems::At;
use crate::config::raw;
use crate::credentials::{CredentialSource, Credentials};
use crate::deny::DenyPolicy;
use crate::forward::{ForwardPolicy, HeaderClaim};

use super::Context;

/// Converts `credentials` and `on_multiple_tokens`.
pub(super) fn credentials(raw: &raw::Config, context: &mut Context<'_>) -> Credentials {
    let root = At::ROOT;
    let at = root.key("credentials");
    if raw.credentials.is_empty() {
        let problem = "is empty: name a place for the token, or remove the key for \
                       `Authorization: Bearer`";
        context.problems.push(&at, problem);
    }
    let mut sources: Vec<CredentialSource> = Vec::new();
    for (index, credential) in raw.credentials.iter().enumerate() {
        let at = at.index(index);
        let Some(source) = credential_source(credential, &at, context) else {
            continue;
        };
        if sources.contains(&source) {
            context.problems.push(&at, "is there twice: remove one");
        }
        sources.push(source);
    }
    Credentials {
        sources: sources.into(),
        on_multiple: raw.on_multiple_tokens.0,
    }
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
    let headers = at.key("headers");
    let mut names: Vec<&HeaderName> = Vec::new();
    let mut check = |name, at: &At<'_>| {
        if let Some(problem) = header_problem(name, &names) {
            context.problems.push(at, problem);
        }
        names.push(name);
    };
    for (name, _) in &raw.headers.0 {
        check(&name.0, &headers.key(name.0.as_str()));
    }
    if let Some(name) = &raw.payload_header {
        check(&name.0, &at.key("payload_header"));
    }
    let header = |(name, claim): &(raw::Written<HeaderName>, raw::ForwardedClaim)| HeaderClaim {
        name: name.0.clone(),
        claim: claim.claim.path().clone(),
        format: claim.format.0,
    };
    ForwardPolicy {
        token: raw.token.0,
        headers: raw.headers.0.iter().map(header).collect(),
        payload_header: raw.payload_header.as_ref().map(|name| name.0.clone()),
        metadata: raw.metadata,
    }
}

/// What speaks against forwarding a header of this name beside the `others`.
fn header_problem(name: &HeaderName, others: &[&HeaderName]) -> Option<String> {
    if RESERVED.contains(&name.as_str()) {
        return Some(format!(
            "`{name}` steers the connection itself: choose another name, like x-user-id"
        ));
    }
    // Upstreams that see headers as variables (CGI, WSGI) cannot tell `-` and `_` apart, so the
    // one would be removed as a forgery of the other.
    let folded = |name: &HeaderName| name.as_str().replace('_', "-");
    let twin = others.iter().find(|other| folded(other) == folded(name))?;
    Some(if *twin == name {
        format!("`{name}` is forwarded twice: remove one (case does not matter)")
    } else {
        format!("`{name}` and `{twin}` are the same header to many upstreams: remove one")
    })
}

/// Converts `deny`.
pub(super) fn deny(raw: &raw::Deny) -> DenyPolicy {
    DenyPolicy {
        realm: raw.realm.0.0.clone(),
        format: raw.format.0,
        message: raw.message.as_ref().map(|message| message.0.0.clone()),
        expose_reason: raw.expose_reason,
        on_unavailable: raw.on_unavailable.0,
        unavailable_status: raw.unavailable_status.0.0,
        redirect: None,
    }
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
