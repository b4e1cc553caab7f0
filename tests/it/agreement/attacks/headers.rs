//! What else a header may say.

use serde_json::json;

use super::forge::{attack, changed_signature};
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;
use crate::support::idp::{merged, usual_claims};

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = extensions(forge);
    rows.extend(keys_in_the_token(forge));
    rows.extend(key_ids(forge));
    rows.extend(kinds(forge));
    rows
}

fn extensions(forge: &Forge<'_>) -> Vec<Attack> {
    let rows = [
        (
            r#""crit":["exp"],"exp":1"#,
            "CVE-2025-59420, CVE-2026-32597",
        ),
        (
            r#""crit":["b64"],"b64":false"#,
            "RFC 7797 7, CVE-2026-48525",
        ),
        (r#""crit":["bork"],"bork":true"#, "CVE-2025-59420"),
        (r#""crit":[]"#, "RFC 7515 4.1.11"),
        (r#""crit":"exp""#, "RFC 7515 4.1.11"),
        (r#""crit":null"#, "RFC 7515 4.1.11"),
        (r#""crit":["alg"]"#, "RFC 7515 4.1.11"),
        (r#""\u0063rit":["bork"]"#, "RFC 7515 4.1.11"),
        (r#""b64":true"#, "RFC 7797 7"),
        (r#""b64":false"#, "RFC 7797 7"),
        (r#""b\u00364":false"#, "RFC 7797 7"),
    ];
    let refused = rows.into_iter().map(|(members, seen)| {
        let name = format!("`{members}`");
        attack(
            "header",
            &name,
            seen,
            forge.header_with(members),
            "crit_unsupported",
        )
    });
    // Parameters that nobody knows are ignored (RFC 7515 4), and so is the payload what it is.
    let ignored = [
        (r#""zip":"DEF""#, "CVE-2024-28180"),
        (r#""enc":"A128GCM""#, "RFC 7516 4"),
        (r#""p2c":2147483647,"p2s":"AAAA""#, "CVE-2023-50967"),
        (r#""Crit":["exp"]"#, "RFC 7515 4"),
        (
            r#""iss":"https://mallory.example/","exp":1"#,
            "RFC 7519 5.3",
        ),
    ];
    let ignored = ignored.into_iter().map(|(members, seen)| {
        let name = format!("`{members}` is of no consequence");
        attack("header", &name, seen, forge.header_with(members), "ok")
    });
    refused.chain(ignored).collect()
}

/// The token brings the key that its signature is right with, or says where it is.
fn keys_in_the_token(forge: &Forge<'_>) -> Vec<Attack> {
    let seen = "CVE-2018-0114, CVE-2025-24976, CVE-2026-27962, RFC 8725 3.10";
    let jwk = forge.stranger.jwk();
    let trap = &forge.trap;
    let certificate = "MIIBczCCARmgAwIBAgIUXfakefakefakefakefakefakefakefakefakefakefake";
    let offers = [
        ("`jwk`", json!({ "jwk": jwk })),
        ("`jku`", json!({ "jku": trap })),
        ("`x5u`", json!({ "x5u": trap })),
        ("`x5c`", json!({ "x5c": [certificate] })),
        ("`x5t`", json!({ "x5t": "AAAA", "x5t#S256": "AAAA" })),
        ("`jwk` and `jku`", json!({ "jwk": jwk, "jku": trap })),
        ("a file as `jku`", json!({ "jku": "file:///etc/passwd" })),
        (
            "`jku` that begins as the issuer",
            json!({ "jku": format!("{ISSUER}@{trap}") }),
        ),
    ];
    let mut rows = Vec::new();
    for (offer, members) in offers {
        for (kid, reason) in [
            (json!("ES256"), "signature_invalid"),
            (json!(null), "signature_invalid"),
            (json!("mallory"), "key_unknown"),
        ] {
            let header = merged(forge.key.header(), &members);
            let header = merged(header, &json!({ "kid": kid }));
            let token = forge.stranger.sign(&header, &usual_claims(ISSUER));
            let name = format!("{offer} in the header, kid is {kid}");
            rows.push(attack("header", &name, seen, token, reason));
        }
    }
    // A good signature makes the offer no better and no worse.
    let name = "`jwk` of another in a good token is of no consequence";
    let token = forge.header(&json!({ "jwk": jwk, "jku": trap }));
    rows.push(attack("header", name, "RFC 7515 4.1.3", token, "ok"));
    rows
}

fn key_ids(forge: &Forge<'_>) -> Vec<Attack> {
    let [longest, long, longer] = [1_024, 1_025, 8_000].map(|length| "k".repeat(length));
    let rows = [
        ("../../../../dev/null", "key_unknown"),
        ("/etc/passwd", "key_unknown"),
        ("file:///dev/null", "key_unknown"),
        ("ES256' OR '1'='1", "key_unknown"),
        ("' UNION SELECT 'secret' -- ", "key_unknown"),
        ("$(touch /tmp/owned)", "key_unknown"),
        ("`id`", "key_unknown"),
        ("ES256\u{0}", "key_unknown"),
        ("\u{0}", "key_unknown"),
        ("ES256\n", "key_unknown"),
        ("es256", "key_unknown"),
        (" ES256", "key_unknown"),
        ("\u{212a}ES256", "key_unknown"),
        ("ES256*", "key_unknown"),
        ("", "key_unknown"),
        ("${jndi:ldap://127.0.0.1/a}", "key_unknown"),
        (&forge.trap, "key_unknown"),
        (&longest, "key_unknown"),
        (&long, "token_malformed"),
        (&longer, "token_malformed"),
        // Another key of the same issuer.
        ("ES384", "key_unsuitable"),
    ];
    let row = |(id, reason): (&str, &'static str)| {
        let spelled = if id.len() > 100 {
            format!("{} bytes", id.len())
        } else if *id == *forge.trap {
            "an address".to_owned()
        } else {
            format!("{id:?}")
        };
        let token = forge.header(&json!({ "kid": id }));
        let name = format!("kid is {spelled}");
        attack("header", &name, "RFC 8725 3.10", token, reason)
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    for id in ["1", "null", "[\"ES256\"]", "{}", "true"] {
        let token = forge.header_text(format!(r#"{{"alg":"ES256","kid":{id}}}"#));
        let name = format!("kid is {id}");
        rows.push(attack(
            "header",
            &name,
            "RFC 7515 4.1.4",
            token,
            "token_malformed",
        ));
    }
    rows
}

/// Tokens of another kind, and of no kind.
fn kinds(forge: &Forge<'_>) -> Vec<Attack> {
    let refused = [
        "logout+jwt",
        "application/logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "DPoP+JWT",
        "id_token+jwt",
        "kb+jwt",
        "vc+sd-jwt",
        "entity-statement+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "JOSE",
        "JOSE+JSON",
        "JWE",
        "",
        " JWT",
        "JWT ",
        "JWT\u{0}",
        "at+jwt;charset=utf-8",
        "application/application/jwt",
        "text/jwt",
        "absent",
    ];
    let mut rows = Vec::new();
    for kind in refused {
        let token = forge.header(&json!({ "typ": kind }));
        let name = format!("typ is {kind:?}");
        rows.push(attack(
            "kind",
            &name,
            "RFC 8725 3.11, 3.12",
            token,
            "type_not_allowed",
        ));
    }
    for kind in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "APPLICATION/JWT",
    ] {
        let token = forge.header(&json!({ "typ": kind }));
        let name = format!("typ is {kind:?}, which is the same");
        rows.push(attack("kind", &name, "RFC 7515 4.1.9", token, "ok"));
    }
    for kind in ["[\"JWT\"]", "1", "null", "{}"] {
        let token = forge.header_text(format!(r#"{{"alg":"ES256","kid":"ES256","typ":{kind}}}"#));
        let name = format!("typ is {kind}");
        rows.push(attack(
            "kind",
            &name,
            "RFC 7515 4.1.9",
            token,
            "token_malformed",
        ));
    }
    // A token in a token: the outer one is good.
    for content in ["JWT", "jwt", "application/jwt"] {
        let header = merged(forge.key.header(), &json!({ "cty": content }));
        let token = forge.key.sign_text(header.to_string(), forge.good());
        let name = format!("nested, cty is {content:?}");
        rows.push(attack(
            "kind",
            &name,
            "CVE-2026-29000",
            token,
            "token_malformed",
        ));
        let token = forge.header(&json!({ "cty": content }));
        let name = format!("claims, but cty is {content:?}");
        rows.push(attack(
            "kind",
            &name,
            "RFC 7519 5.2",
            token,
            "type_not_allowed",
        ));
    }
    let nested = forge
        .key
        .sign_text(forge.key.header().to_string(), forge.good());
    rows.push(attack(
        "kind",
        "nested, without cty",
        "RFC 7519 5.2",
        nested,
        "token_malformed",
    ));
    let unsigned = changed_signature(
        &forge.header(&json!({ "cty": "JWT", "alg": "none" })),
        |_| Vec::new(),
    );
    rows.push(attack(
        "kind",
        "nested, unsigned",
        "CVE-2026-29000",
        unsigned,
        "alg_not_allowed",
    ));
    rows
}
