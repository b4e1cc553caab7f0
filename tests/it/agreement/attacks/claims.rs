//! Claims of another type, or beside the truth.

use serde_json::json;

use super::forge::{Kind, attack};
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = audiences(forge);
    rows.extend(issuers(forge));
    rows.extend(texts(forge));
    rows.extend(bindings(forge));
    rows
}

fn audiences(forge: &Forge<'_>) -> Vec<Attack> {
    let invalid = [
        "1",
        "true",
        "null",
        "{}",
        r#"{"orders-api":true}"#,
        r#"{"0":"orders-api"}"#,
        r#"[["orders-api"]]"#,
        r#"["orders-api",null]"#,
        r#"["orders-api",1]"#,
        r#"[{"aud":"orders-api"}]"#,
    ];
    let kind = |seen, reason| Kind {
        class: "audience",
        seen,
        reason,
    };
    let invalid_kind = kind("CVE-2020-26160, RFC 7519 4.1.3", "claim_invalid");
    let mut rows = forge.spelled(invalid_kind, "aud", &invalid);
    let others = [
        r#""orders-api ""#,
        r#"" orders-api""#,
        r#""ORDERS-API""#,
        r#""orders""#,
        r#""orders-api-evil""#,
        r#""orders-api\u0000""#,
        r#""xorders-api""#,
        r#""""#,
        r#""*""#,
        r#""any""#,
        "[]",
        r#"[""]"#,
        r#""[\"orders-api\"]""#,
        r#""billing-api,orders-api""#,
        r#""billing-api orders-api""#,
        r#"["billing-api","orders"]"#,
        r#""orders\u2010api""#,
        r#""https://orders-api""#,
    ];
    let seen = "CVE-2024-5798, CVE-2026-30863, RFC 8725 3.9";
    rows.extend(forge.spelled(kind(seen, "audience_mismatch"), "aud", &others));
    let none =
        forge.claims(&json!({ "aud": null, "azp": "orders-api", "client_id": "orders-api" }));
    rows.push(attack(
        "audience",
        "no `aud`, but `azp`",
        "CVE-2026-55689",
        none,
        "audience_mismatch",
    ));
    let ours = [
        r#"["billing-api","orders-api"]"#,
        r#""orders\u002dapi""#,
        r#"["orders-api","orders-api"]"#,
    ];
    let ours = forge.spelled(kind("RFC 7519 4.1.3", "ok"), "aud", &ours);
    rows.extend(
        ours.into_iter()
            .map(|row| row.with_remark("which names us")),
    );
    rows
}

fn issuers(forge: &Forge<'_>) -> Vec<Attack> {
    let no_texts = Kind {
        class: "issuer",
        seen: "CVE-2025-30144, CVE-2024-5037",
        reason: "claim_invalid",
    };
    let (list, object) = (format!("[\"{ISSUER}\"]"), format!("{{\"0\":\"{ISSUER}\"}}"));
    let spelled = ["1", "true", "{}", &list, &object, "null"];
    let mut rows = forge.spelled(no_texts, "iss", &spelled);
    let strangers = [
        "https://idp.example.com",
        "https://idp.example.com//",
        "https://idp.example.com/.",
        "HTTPS://idp.example.com/",
        "https://IDP.example.com/",
        "https://idp.example.com:443/",
        "http://idp.example.com/",
        "https://idp.example.com/?",
        "https://idp.example.com/#",
        "https://idp.example.com/\u{0}",
        " https://idp.example.com/",
        "https://idp.example.com/ ",
        "https://idp.example.com%2f",
        "https://idp.example.com/@mallory.example",
        "https://mallory.example/https://idp.example.com/",
        "https://\u{456}dp.example.com/",
        "idp.example.com",
        "corp",
        "https",
        "",
    ];
    for issuer in strangers {
        let name = format!("`iss` is {issuer:?}");
        let seen = "CVE-2024-53861, RFC 8725 3.8";
        let token = forge.claims(&json!({ "iss": issuer }));
        rows.push(attack("issuer", &name, seen, token, "issuer_unknown"));
    }
    let address = forge.claims(&json!({ "iss": forge.trap }));
    let seen = "CVE-2026-32301, RFC 8725 3.10";
    rows.push(attack(
        "issuer",
        "`iss` is an address of the attacker's",
        seen,
        address,
        "issuer_unknown",
    ));
    let none = forge.claims(&json!({ "iss": null }));
    rows.push(attack(
        "issuer",
        "no `iss`",
        "CVE-2026-23552",
        none,
        "issuer_missing",
    ));
    let escaped = forge.claim("iss", r#""https:\/\/idp.example.com\u002f""#);
    rows.push(attack(
        "issuer",
        "`iss` with escapes, which is the same",
        "RFC 8259 7",
        escaped,
        "ok",
    ));
    rows
}

fn texts(forge: &Forge<'_>) -> Vec<Attack> {
    let no_texts = Kind {
        class: "claims",
        seen: "RFC 7519 4.1.2, 4.1.7",
        reason: "claim_invalid",
    };
    let spelled = ["1", "true", "null", "[]", r#"["u1"]"#, "{}"];
    let names = ["sub", "jti"].into_iter();
    names
        .flat_map(|name| forge.spelled(no_texts, name, &spelled))
        .collect()
}

fn bindings(forge: &Forge<'_>) -> Vec<Attack> {
    let bound = Kind {
        class: "binding",
        seen: "RFC 7800 3.1, RFC 8705 3, RFC 9449 7",
        reason: "binding_unsupported",
    };
    let spelled = [
        r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#,
        r#"{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}"#,
        r#"{"jwk":{"kty":"EC"}}"#,
        "{}",
        "null",
        "true",
        r#""""#,
    ];
    let mut rows = forge.spelled(bound, "cnf", &spelled);
    let escaped = forge.claim(r"\u0063nf", r#"{"jkt":"x"}"#);
    rows.push(attack(
        "binding",
        "`cnf` with an escape",
        "RFC 7800 3.1",
        escaped,
        "binding_unsupported",
    ));
    rows
}
