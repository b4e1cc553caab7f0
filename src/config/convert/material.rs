//! Keys that are there without a network: in files, in variables, in the configuration itself.
//! They are read here so that a mistake shows before the service starts.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::config::problems::At;
use crate::config::raw;
use crate::keys::{JwkPolicy, default_rsa_algorithm, parse_jwk_set, parse_pem, secret_key};
use crate::refresh::SourceKind;
use crate::signature::Family;

use super::Context;
use super::source::Owner;

/// Converts `jwks_file`.
pub(super) fn file(
    raw: &raw::KeySource,
    owner: Owner<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceKind> {
    let at = at.key("jwks_file");
    let (path, content) = context.file(&at, raw.jwks_file.as_ref()?);
    if let Some(content) = content {
        check_key_set(&content, owner, &at, context);
    }
    Some(SourceKind::File(path))
}

/// Converts `jwks`.
pub(super) fn inline(
    raw: &raw::KeySource,
    owner: Owner<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceKind> {
    let at = at.key("jwks");
    let set = raw.jwks.as_ref()?;
    let keys = at.key("keys");
    let Some(members) = set.get("keys").and_then(Value::as_array) else {
        let problem = "is not a key set: write {keys: [ … ]} (RFC 7517 5)";
        context.problems.push(&at, problem);
        return None;
    };
    let mut private = false;
    for (index, key) in members.iter().enumerate() {
        let found = PRIVATE_MEMBERS
            .into_iter()
            .find(|member| key.get(member).is_some());
        if let Some(member) = found {
            private = true;
            let problem = match member {
                "k" => "is a shared secret: give it as a `secret` source, not in a key set",
                _ => "is part of a private key: remove all of d, p, q, dp, dq, qi, oth",
            };
            let key = keys.index(index);
            context.problems.push(&key.key(member), problem);
        }
    }
    let text = set.to_string();
    if !private {
        check_key_set(text.as_bytes(), owner, &at, context);
    }
    Some(SourceKind::Inline(text.into()))
}

/// A set in which nothing can be used is a mistake. Keys of algorithms that the issuer does not
/// list are none: they wait for the day when it does.
fn check_key_set(json: &[u8], owner: Owner<'_>, at: &At<'_>, context: &mut Context<'_>) {
    if let Err(error) = parse_jwk_set(json, &JwkPolicy::local(owner.algorithms)) {
        context.problems.push(at, error.to_string());
    }
}

/// Converts `pem`.
pub(super) fn pem(
    raw: &raw::KeySource,
    owner: Owner<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceKind> {
    let pem_at = at.key("pem");
    let (source, text) = context.secret(&pem_at, raw.pem.as_ref()?)?;
    let id = raw.kid.as_ref().map(|id| id.0.0.clone());
    let algorithm = raw.alg.map(|written| written.0);
    match algorithm {
        Some(algorithm) if algorithm.family() == Family::Hmac => {
            let problem = "HS256, HS384 and HS512 need a shared secret: a public key is none";
            context.problems.push(&at.key("alg"), problem);
        }
        Some(_) | None => {
            let rsa = default_rsa_algorithm(owner.algorithms);
            if let Err(error) = parse_pem(&text, id.as_deref(), algorithm, rsa) {
                context.problems.push(&pem_at, error.to_string());
            }
        }
    }
    Some(SourceKind::Pem {
        source,
        id,
        algorithm,
    })
}

/// Converts `secret`.
pub(super) fn secret(
    raw: &mut raw::KeySource,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceKind> {
    let secret_at = at.key("secret");
    let encoding = raw.encoding.get_or_insert_default().0;
    let id = raw.kid.as_ref().map(|id| id.0.0.clone());
    let read = context.secret(&secret_at, raw.secret.as_ref()?);
    let Some(algorithm) = raw.alg.map(|written| written.0) else {
        let remedy = "write `alg: HS256`, HS384 or HS512";
        context.problems.missing(at, "alg", remedy);
        return None;
    };
    if algorithm.family() != Family::Hmac {
        let problem = "needs a public key: a shared secret is for HS256, HS384 or HS512";
        context.problems.push(&at.key("alg"), problem);
        return None;
    }
    let (source, text) = read?;
    match encoding.decode(&text) {
        Some(bytes) if secret_key(id.as_deref(), algorithm, &bytes).is_err() => {
            let problem = format!(
                "has {} bytes, {} needs at least {} (RFC 7518 3.2): make a longer one, with \
                 `openssl rand`",
                bytes.len(),
                algorithm.name(),
                algorithm.hash_bytes(),
            );
            context.problems.push(&secret_at, problem);
        }
        Some(_) => {}
        None => {
            let problem = "is not what `encoding` says: correct one of the two";
            context.problems.push(&secret_at, problem);
        }
    }
    Some(SourceKind::Secret {
        source,
        id,
        algorithm,
        encoding,
    })
}

/// A file of certificates must hold certificates and nothing that is nobody's business.
pub(super) fn check_certificates(content: Option<&[u8]>, at: &At<'_>, context: &mut Context<'_>) {
    let Some(content) = content else { return };
    let text = String::from_utf8_lossy(content);
    if text.contains("PRIVATE KEY-----") {
        let problem = "holds a private key: give it the certificates alone";
        context.problems.push(at, problem);
    } else if !text.contains("-----BEGIN CERTIFICATE-----") {
        let problem = "holds no certificate: give it PEM, with BEGIN CERTIFICATE";
        context.problems.push(at, problem);
    }
}

/// The key of a client's certificate.
pub(super) fn check_private_key(
    content: Option<Zeroizing<Vec<u8>>>,
    at: &At<'_>,
    context: &mut Context<'_>,
) {
    let Some(content) = content else { return };
    let marker = b"PRIVATE KEY-----";
    if !content.windows(marker.len()).any(|window| window == marker) {
        let problem = "holds no private key: give it PEM, with BEGIN PRIVATE KEY";
        context.problems.push(at, problem);
    }
}

/// Members that only private or shared keys have (RFC 7518 6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
