//! Texts that are no compact JWS.

use serde_json::json;

use super::forge::attack;
use super::{Attack, Forge};
use crate::support::keys::base64url;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = serializations(forge);
    rows.extend(encodings(forge));
    rows
}

pub fn malformed(class: &'static str, name: &str, seen: &'static str, token: String) -> Attack {
    attack(class, name, seen, token, "token_malformed")
}

fn serializations(forge: &Forge<'_>) -> Vec<Attack> {
    let good = forge.good();
    let parts: Vec<&str> = good.split('.').collect();
    let flat = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let general = json!({ "payload": parts[1], "signatures": [
        { "protected": parts[0], "signature": parts[2] },
    ] });
    let unprotected =
        json!({ "payload": parts[1], "signature": parts[2], "header": { "alg": "none" } });
    let polyglot = format!(
        r#"{{"{}.":"","payload":"{}"}}.{}.{}"#,
        parts[0], parts[1], parts[1], parts[2]
    );
    let row = |name: &str, seen, token| malformed("shape", name, seen, token);
    // A comma in a field may be the border between two.
    let listed = |attack: Attack| attack.in_a_field("token_ambiguous");
    vec![
        listed(row(
            "JSON serialization, flat",
            "CVE-2022-3102",
            flat.to_string(),
        )),
        listed(row(
            "JSON serialization, general",
            "CVE-2022-3102",
            general.to_string(),
        )),
        listed(row(
            "JSON serialization, unprotected header",
            "GHSA-jc38-x7x8-2xc8",
            unprotected.to_string(),
        )),
        listed(row("compact and JSON at once", "CVE-2022-39227", polyglot)),
        row(
            "JWE of five parts",
            "CVE-2023-51774",
            format!("{}.a.b.{}.c", parts[0], parts[1]),
        ),
        row("JWE, direct, nothing encrypted", "CVE-2026-29000", {
            let header = base64url(r#"{"alg":"dir","enc":"A128GCM"}"#);
            format!("{header}..AAAA.{}.AAAA", parts[1])
        }),
        row(
            "a part more",
            "CVE-2019-18848",
            format!("{good}.{}", parts[2]),
        ),
        row("an empty part more", "CVE-2019-18848", format!("{good}.")),
        row("two parts", "CVE-2019-18848", parts[..2].join(".")),
        row("one part", "CVE-2019-12995", parts[0].to_owned()),
        row("nothing but dots", "CVE-2025-30204", ".".repeat(8_000)),
        row("two dots", "CVE-2025-30204", "..".to_owned()),
        row(
            "no header",
            "RFC 7515 5.2",
            format!(".{}.{}", parts[1], parts[2]),
        ),
        row(
            "no payload",
            "RFC 7797",
            format!("{}..{}", parts[0], parts[2]),
        ),
        row(
            "detached payload, and the message behind",
            "RFC 7515 F",
            format!("{}..{}.{}", parts[0], parts[2], parts[1]),
        ),
        attack(
            "shape",
            "longer than the limit",
            "CVE-2025-27144",
            format!("{good}{}", "A".repeat(17_000)),
            "token_too_large",
        ),
        attack(
            "shape",
            "longer than the limit, nothing but dots",
            "CVE-2025-30204",
            ".".repeat(17_000),
            "token_too_large",
        ),
    ]
}

/// base64url that more than one text decodes from.
fn encodings(forge: &Forge<'_>) -> Vec<Attack> {
    let good = forge.good();
    let parts: Vec<&str> = good.split('.').collect();
    let seen = "CVE-2022-25898, OWASP CheatSheetSeries#2235";
    let mut rows = Vec::new();
    for (index, name) in ["header", "payload", "signature"].into_iter().enumerate() {
        let with = |part: String| {
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[index] = part;
            parts.join(".")
        };
        let part = parts[index];
        let mut row = |what: &str, part: String| {
            rows.push(malformed(
                "encoding",
                &format!("{what} in the {name}"),
                seen,
                with(part),
            ));
        };
        row("padding", format!("{part}="));
        row("padding of two", format!("{part}=="));
        row("an escaped pad", format!("{part}%3D"));
        if index < 2 {
            row("a character more", format!("{part}A"));
        }
        row(
            "an alphabet of another kind",
            format!("{}+/", &part[..part.len() - 2]),
        );
        row("a NUL", format!("{part}\0").replace('\0', "%00"));
        row(
            "a letter that looks like another",
            format!("{}\u{430}", &part[..part.len() - 1]),
        );
    }
    // That one is well spelled: 65 bytes, which are no signature of this key.
    rows.push(attack(
        "encoding",
        "a character more in the signature",
        seen,
        format!("{good}A"),
        "signature_invalid",
    ));
    // Bits that mean nothing: the last character has some unless the length is a multiple of 3.
    for (name, header) in [
        ("one spare bit pair", r#"{"alg":"ES256","kid":"ES256"}"#),
        ("two", r#"{"alg":"ES256","kid":"ES256"} "#),
    ] {
        let spelled = base64url(header);
        let Some(other) = with_spare_bits(&spelled) else {
            continue;
        };
        let message = format!("{other}.{}", parts[1]);
        let name = format!("{name} in the header, and signed so");
        rows.push(malformed(
            "encoding",
            &name,
            seen,
            forge.key.sign_message(&message),
        ));
    }
    let signature = with_spare_bits(parts[2]).expect("64 bytes leave some");
    let token = [parts[0], parts[1], &signature].join(".");
    rows.push(malformed(
        "encoding",
        "spare bits in the signature",
        seen,
        token,
    ));
    rows
}

/// The same bytes for a lax decoder: the last character with one of its unused bits set.
fn with_spare_bits(spelled: &str) -> Option<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = spelled.split_at(spelled.len() - 1);
    let index = ALPHABET.find(last).expect("base64url");
    let has_spare_bits = !spelled.len().is_multiple_of(4);
    has_spare_bits.then(|| format!("{rest}{}", &ALPHABET[index + 1..index + 2]))
}
