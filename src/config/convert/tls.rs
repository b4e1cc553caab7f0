//! `tls` of a listener

use std::time::SystemTime;

use crate::config::problems::At;
use crate::config::raw;
use crate::listen::{Address, TlsPart, TlsParts, TlsSettings};

use super::Context;

/// Converts `tls` of the listener at `listen`.
pub(super) fn settings(
    raw: &raw::Tls,
    listen: &Address,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<TlsSettings> {
    if let Address::Unix(_) = listen {
        let problem = "is not for Unix sockets: the mode of the socket says who may connect; \
                       remove it, or listen on an address";
        context.problems.push(at, problem);
        return None;
    }
    check_clients(raw, at, context);
    let (certificate_at, key_at) = (at.key("cert_file"), at.key("key_file"));
    let authority_at = at.key("client_ca_file");
    if raw.cert_file.is_none() {
        let remedy = "name the file with the server's certificate";
        context.problems.missing(at, "cert_file", remedy);
    }
    if raw.key_file.is_none() {
        let remedy = "name the file with the private key of the certificate";
        context.problems.missing(at, "key_file", remedy);
    }
    let mut read = |at: &At<'_>, file: Option<&raw::Written<raw::FilePath>>| {
        file.and_then(|file| context.file(at, file).1)
    };
    let certificates = read(&certificate_at, raw.cert_file.as_ref());
    let key = read(&key_at, raw.key_file.as_ref()).map(zeroize::Zeroizing::new);
    let authorities = read(&authority_at, raw.client_ca_file.as_ref());
    if raw.client_ca_file.is_some() && authorities.is_none() {
        return None;
    }
    let names: Vec<_> = raw
        .client_names
        .iter()
        .flatten()
        .map(|name| name.0.clone())
        .collect();
    let settings = TlsSettings::new(&TlsParts {
        certificates: &certificates?,
        key: &key?,
        client_authorities: authorities.as_deref(),
        client_names: &names,
        min_version: raw.min_version.0,
        now: SystemTime::now(),
    });
    let errors = match settings {
        Ok(settings) => return Some(settings),
        Err(errors) => errors,
    };
    for error in errors {
        let at = match error.part {
            TlsPart::Certificates => &certificate_at,
            TlsPart::Key => &key_at,
            TlsPart::ClientAuthorities => &authority_at,
        };
        context.problems.push(at, error.problem);
    }
    None
}

/// Names mean something only if they are certified.
fn check_clients(raw: &raw::Tls, at: &At<'_>, context: &mut Context<'_>) {
    let at_names = at.key("client_names");
    match &raw.client_names {
        Some(names) if names.is_empty() => {
            let problem = "is empty, so nobody would be let in: list a name, or remove the key";
            context.problems.push(&at_names, problem);
        }
        Some(_) if raw.client_ca_file.is_none() => {
            let problem = "needs `client_ca_file`: without it no client is asked who it is";
            context.problems.push(&at_names, problem);
        }
        Some(_) | None => {}
    }
}
