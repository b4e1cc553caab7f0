//! What the best current practice (RFC 8725 and the draft that follows it) says about headers.

use serde_json::{Map, Value};

use super::finding::{Findings, quoted};
use crate::limits::KEY_ID_BYTES;
use crate::signature::{Algorithm, Family};

/// Everything worth saying about a header.
pub(super) fn lint(header: &Map<String, Value>, findings: &mut Findings) {
    lint_algorithm(header.get("alg"), findings);
    lint_key_id(header.get("kid"), findings);
    lint_type(header.get("typ"), findings);
    for name in ["crit", "b64"] {
        if header.contains_key(name) {
            let message = format!("`{name}` asks for an extension, and none is supported");
            findings.refused("extension", message, "RFC 7515 4.1.11, RFC 7797 7");
        }
    }
    if let Some(kind) = header.get("cty").and_then(Value::as_str)
        && matches!(
            kind.to_ascii_lowercase().as_str(),
            "jwt" | "application/jwt"
        )
    {
        let message = "`cty` says that there is another token inside; nested tokens are refused";
        findings.refused("nested", message, "RFC 7519 5.2");
    }
    for name in ["jku", "x5u", "jwk", "x5c"] {
        if header.contains_key(name) {
            let message = format!(
                "`{name}`: the token brings its own key, as a forger would. It is never used; \
                 verifiers that do use it can be fooled"
            );
            findings.warning("own_key", message, "RFC 8725 3.10");
        }
    }
    if header.contains_key("zip") {
        let message = "`zip` means nothing in a signed token";
        findings.note("compression", message, "RFC 8725 3.6");
    }
}

/// Whether the signature can be one of the header's algorithm, by its length.
pub(super) fn lint_signature(
    header: &Map<String, Value>,
    signature: &[u8],
    findings: &mut Findings,
) {
    if signature.is_empty() {
        findings.refused(
            "unsigned",
            "no signature: anybody can have written it",
            "RFC 8725 3.2",
        );
        return;
    }
    let name = header.get("alg").and_then(Value::as_str);
    let Some(algorithm) = name.and_then(Algorithm::from_name) else {
        return;
    };
    let expected = match algorithm {
        Algorithm::Es256 | Algorithm::Ed25519 => 64,
        Algorithm::Es384 => 96,
        Algorithm::Es512 => 132,
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => algorithm.hash_bytes(),
        Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512 => {
            if signature.len() < 256 {
                let bits = signature.len() * 8;
                let message = format!("signed with an RSA key of {bits} bits; 2048 is the least");
                findings.refused("weak_key", message, "RFC 7518 3.3");
            }
            return;
        }
    };
    if signature.len() == expected {
        return;
    }
    const DER_SEQUENCE: u8 = 0x30;
    let is_der = algorithm.family() == Family::Ec && signature[0] == DER_SEQUENCE;
    let hint = if is_der {
        "; it looks like DER, JWS wants r and s one after the other"
    } else {
        ""
    };
    let message = format!(
        "the signature has {} bytes, {} signatures have {expected}{hint}",
        signature.len(),
        algorithm.name(),
    );
    findings.refused("signature_length", message, "RFC 7518 3.4");
}

fn lint_algorithm(algorithm: Option<&Value>, findings: &mut Findings) {
    let Some(algorithm) = algorithm else {
        findings.refused("alg_missing", "no `alg`", "RFC 7515 4.1.1");
        return;
    };
    let Some(name) = algorithm.as_str() else {
        findings.refused("alg_unknown", "`alg` is not a string", "RFC 7515 4.1.1");
        return;
    };
    if name.eq_ignore_ascii_case("none") {
        let message = "`alg` none: unsecured, anybody can have written it";
        findings.refused("alg_none", message, "RFC 8725 3.2");
        return;
    }
    let Some(known) = Algorithm::from_name(name) else {
        let message = format!("`alg` {} is not supported", quoted(name));
        findings.refused("alg_unknown", message, "RFC 8725 3.1");
        return;
    };
    match known.family() {
        Family::Hmac => findings.warning(
            "alg_symmetric",
            "a shared secret: everybody who can verify this token can also make one, and a short \
             secret can be guessed from a single token. Never allowed unless listed",
            "RFC 8725 3.2, 3.5",
        ),
        Family::Ed if name == "EdDSA" => findings.note(
            "alg_polymorphic",
            "`EdDSA` does not say which curve; `Ed25519` is the name to use",
            "RFC 9864",
        ),
        Family::Ec | Family::Ed | Family::Rsa => {}
    }
}

fn lint_key_id(key_id: Option<&Value>, findings: &mut Findings) {
    let Some(key_id) = key_id else {
        let message = "no `kid`: accepted only while exactly one key of the issuer fits, so keys \
            cannot be rolled over";
        findings.warning("kid_missing", message, "RFC 7515 4.1.4");
        return;
    };
    let Some(text) = key_id.as_str() else {
        findings.refused("kid_type", "`kid` is not a string", "RFC 7515 4.1.4");
        return;
    };
    if text.len() > KEY_ID_BYTES {
        let message = format!(
            "`kid` has {} bytes; it is a name, not a document",
            text.len()
        );
        findings.refused("kid_too_long", message, "RFC 8725 3.10");
    }
    let looks_like_an_attack = text.contains("..")
        || text.contains(['\'', '"', ';', '`', '$', '|', '\\', '<'])
        || text.chars().any(char::is_control);
    if looks_like_an_attack {
        let message = format!(
            "`kid` {} has what injections into paths, queries or commands are made of",
            quoted(text)
        );
        findings.warning("kid_suspicious", message, "RFC 8725 3.10");
    }
}

fn lint_type(kind: Option<&Value>, findings: &mut Findings) {
    let Some(kind) = kind else {
        let message = "no `typ`: tokens of one kind can be used as another, an ID token as an \
            access token, say; `at+jwt` names an access token";
        findings.warning("typ_missing", message, "RFC 8725 3.11");
        return;
    };
    match kind.as_str() {
        None => findings.refused("typ_type", "`typ` is not a string", "RFC 7515 4.1.9"),
        Some(text) if text.eq_ignore_ascii_case("JWT") => findings.note(
            "typ_generic",
            "`typ` JWT does not say what kind of token it is; `at+jwt` names an access token",
            "RFC 8725 3.11",
        ),
        Some(_) => {}
    }
}
