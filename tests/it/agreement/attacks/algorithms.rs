//! The algorithm is the key's, whatever the token says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::forge::{attack, changed_signature, hmac_token};
use super::{Attack, Forge};
use crate::agreement::court::{ISSUER, STRICT_ISSUER};
use crate::support::idp::usual_claims;
use crate::support::keys::base64url;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = without_signature(forge);
    rows.extend(with_the_public_key(forge));
    rows.extend(crossings(forge));
    rows.extend(spellings(forge));
    rows
}

fn without_signature(forge: &Forge<'_>) -> Vec<Attack> {
    let claims = base64url(usual_claims(ISSUER).to_string());
    let unsigned = |algorithm: &str, signature: &str| {
        let header = base64url(json!({ "alg": algorithm, "typ": "JWT" }).to_string());
        format!("{header}.{claims}.{signature}")
    };
    let row = |name: &str, seen, token, reason| attack("algorithm", name, seen, token, reason);
    let mut rows = vec![
        row(
            "`none` with the kid of a key",
            "CVE-2018-1000531",
            changed_signature(&forge.header(&json!({ "alg": "none" })), |_| Vec::new()),
            "alg_not_allowed",
        ),
        row(
            "`none` with a signature",
            "CVE-2026-29000",
            forge.header(&json!({ "alg": "none" })),
            "alg_not_allowed",
        ),
        row(
            "`alg` that nobody knows",
            "CVE-2026-23993",
            forge.header(&json!({ "alg": "XS256" })),
            "alg_not_allowed",
        ),
        row(
            "no `alg`",
            "CVE-2024-48916",
            forge.header(&json!({ "alg": null })),
            "alg_not_allowed",
        ),
        row(
            "a good `alg` and no signature",
            "CVE-2020-28042",
            format!("{}.", forge.good().rsplit_once('.').expect("parts").0),
            "signature_invalid",
        ),
    ];
    for none in ["none", "None", "NONE", "nOnE", "none ", "\u{ff4e}one"] {
        let seen = "CVE-2015-9235, CVE-2022-23540";
        let name = format!("unsigned, `alg` is {none:?}");
        rows.push(row(&name, seen, unsigned(none, ""), "alg_not_allowed"));
    }
    rows
}

/// HMAC, and the secret is the public key as one or the other library reads it.
fn with_the_public_key(forge: &Forge<'_>) -> Vec<Attack> {
    let rsa = forge.court.key("RS256");
    let spki = rsa.spki();
    let text = STANDARD.encode(&spki);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let jwk = rsa.jwk();
    let modulus = jwk["n"].as_str().expect("a modulus").as_bytes().to_vec();
    let secrets = [
        ("the public key in PEM", format!("{pem}\n").into_bytes()),
        (
            "the public key in PEM without the last newline",
            pem.clone().into_bytes(),
        ),
        (
            "the public key in PEM after a space",
            format!(" {pem}\n").into_bytes(),
        ),
        ("the public key in DER", spki),
        ("the public key as a JWK", jwk.to_string().into_bytes()),
        ("the modulus as it is spelled", modulus),
        ("nothing", Vec::new()),
        ("a zero", vec![0]),
    ];
    let claims = usual_claims(ISSUER);
    let mut rows = Vec::new();
    for (secret_name, secret) in secrets {
        let seen = "CVE-2016-5431, CVE-2022-29217, CVE-2023-48223, CVE-2026-48526";
        let mut row = |name: String, header, reason| {
            let token = hmac_token(&header, &claims, &secret);
            rows.push(attack("algorithm", &name, seen, token, reason));
        };
        row(
            format!("HS256 with {secret_name}, kid of the RSA key"),
            json!({ "alg": "HS256", "kid": "RS256" }),
            "key_unsuitable",
        );
        row(
            format!("HS256 with {secret_name}, kid of a secret"),
            json!({ "alg": "HS256", "kid": "HS256" }),
            "signature_invalid",
        );
        row(
            format!("HS256 with {secret_name}, no kid"),
            json!({ "alg": "HS256" }),
            "signature_invalid",
        );
    }
    let strict = &forge.court.strict;
    let token = hmac_token(
        &json!({ "alg": "HS256", "kid": "strict" }),
        &usual_claims(STRICT_ISSUER),
        &strict.spki(),
    );
    let name = "HS256 with the public key in DER, of an issuer that has no secrets";
    let seen = "CVE-2016-5431";
    rows.push(attack("algorithm", name, seen, token, "alg_not_allowed"));
    rows
}

/// Algorithms that are near to each other, and far from the others.
const NEIGHBOURS: [&str; 8] = [
    "RS256", "RS512", "PS256", "PS512", "ES256", "ES512", "Ed25519", "HS256",
];

/// Every one's name over every other's key.
fn crossings(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for algorithm in NEIGHBOURS {
        let key = forge.court.key(algorithm);
        for named in NEIGHBOURS {
            if named == algorithm {
                continue;
            }
            let header = json!({ "alg": named, "kid": key.algorithm() });
            let name = format!("`alg` is {named}, the key {}", key.algorithm());
            let token = key.sign(&header, &usual_claims(ISSUER));
            let seen = "RFC 8725 3.1";
            rows.push(attack("algorithm", &name, seen, token, "key_unsuitable"));
        }
    }
    rows
}

fn spellings(forge: &Forge<'_>) -> Vec<Attack> {
    let rows = [
        (r#""es256""#, "alg_not_allowed"),
        (r#"" ES256""#, "alg_not_allowed"),
        (r#""ES256 ""#, "alg_not_allowed"),
        (r#""ES256\u0000""#, "alg_not_allowed"),
        (r#""ES256\n""#, "alg_not_allowed"),
        (r#""""#, "alg_not_allowed"),
        (r#""ES256K""#, "alg_not_allowed"),
        (r#""RS1""#, "alg_not_allowed"),
        (r#""RSA1_5""#, "alg_not_allowed"),
        (r#""ECDH-ES""#, "alg_not_allowed"),
        (r#""dir""#, "alg_not_allowed"),
        (r#""PBES2-HS256+A128KW""#, "alg_not_allowed"),
        (r#""Ed448""#, "alg_not_allowed"),
        (r#"["ES256"]"#, "token_malformed"),
        (r#"{"ES256":true}"#, "token_malformed"),
        ("256", "token_malformed"),
        ("null", "token_malformed"),
        ("true", "token_malformed"),
        // An escape is another spelling of the same name.
        (r#""\u0045S256""#, "ok"),
    ];
    let row = |(spelled, reason): (&str, &'static str)| {
        let token = forge.header_text(format!(r#"{{"alg":{spelled},"kid":"ES256"}}"#));
        let name = format!("`alg` is {spelled}");
        attack("algorithm", &name, "RFC 7515 4.1.1", token, reason)
    };
    rows.into_iter().map(row).collect()
}
