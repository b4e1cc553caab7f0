//! Claims of another type, or beside the truth.

use serde_json::json;

use super::forge::attack;
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = times(forge);
    rows.extend(audiences(forge));
    rows.extend(issuers(forge));
    rows.extend(others(forge));
    rows
}

fn times(forge: &Forge<'_>) -> Vec<Attack> {
    let now = forge.now;
    let soon = now + 300;
    let wrapped = format!("{}", (1_u128 << 64) + u128::from(soon));
    let spelled = [
        format!("\"{soon}\""),
        "true".to_owned(),
        "null".to_owned(),
        format!("[{soon}]"),
        format!("{{\"$date\":{soon}}}"),
        "\"\"".to_owned(),
        "\"2099-01-01T00:00:00Z\"".to_owned(),
        "1e400".to_owned(),
        "-1e400".to_owned(),
        "9007199254740993".to_owned(),
        "-9007199254740993".to_owned(),
        "9223372036854775808".to_owned(),
        "-9223372036854775809".to_owned(),
        wrapped,
        "9".repeat(400),
    ];
    let mut rows = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        for value in &spelled {
            let shown = if value.len() > 40 {
                "400 digits"
            } else {
                value
            };
            // The time as it is now would make another table with every run.
            let shown = shown.replace(&soon.to_string(), "soon");
            let shown = if value.len() == 20 && value.starts_with("1844") {
                "2^64 + soon"
            } else {
                &shown
            };
            let row_name = format!("`{name}` is {shown}");
            let seen = "CVE-2026-25537, CVE-2026-44459, RFC 7519 2";
            rows.push(attack(
                "time",
                &row_name,
                seen,
                forge.claim(name, value),
                "claim_invalid",
            ));
        }
    }
    let expired = ["0", "-1", "1", "-9007199254740992", "0.1", "1e0", "-0"];
    for value in expired {
        let name = format!("`exp` is {value}");
        rows.push(attack(
            "time",
            &name,
            "RFC 7519 4.1.4",
            forge.claim("exp", value),
            "token_expired",
        ));
    }
    for (name, value) in [
        ("nbf", "9007199254740992"),
        ("iat", "9007199254740992"),
        ("nbf", "1e12"),
        ("iat", "1e12"),
    ] {
        let row_name = format!("`{name}` is {value}");
        let seen = "RFC 7519 4.1.5, 4.1.6";
        rows.push(attack(
            "time",
            &row_name,
            seen,
            forge.claim(name, value),
            "token_not_yet_valid",
        ));
    }
    for (name, value) in [
        ("exp", "9007199254740992"),
        ("exp", "1e12"),
        ("exp", "99999999999.999"),
        ("nbf", "-1"),
        ("nbf", "0"),
        ("iat", "-0.5"),
    ] {
        let row_name = format!("`{name}` is {value}, which is a time");
        rows.push(attack(
            "time",
            &row_name,
            "RFC 7519 2",
            forge.claim(name, value),
            "ok",
        ));
    }
    let missing = forge.claims(&json!({ "exp": null }));
    rows.push(attack(
        "time",
        "no `exp`",
        "RFC 7519 4.1.4",
        missing,
        "claim_missing",
    ));
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
    let mut rows = Vec::new();
    for value in invalid {
        let name = format!("`aud` is {value}");
        let seen = "CVE-2020-26160, RFC 7519 4.1.3";
        rows.push(attack(
            "audience",
            &name,
            seen,
            forge.claim("aud", value),
            "claim_invalid",
        ));
    }
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
    for value in others {
        let name = format!("`aud` is {value}");
        let seen = "CVE-2024-5798, CVE-2026-30863, RFC 8725 3.9";
        rows.push(attack(
            "audience",
            &name,
            seen,
            forge.claim("aud", value),
            "audience_mismatch",
        ));
    }
    let none =
        forge.claims(&json!({ "aud": null, "azp": "orders-api", "client_id": "orders-api" }));
    rows.push(attack(
        "audience",
        "no `aud`, but `azp`",
        "CVE-2026-55689",
        none,
        "audience_mismatch",
    ));
    for value in [
        r#"["billing-api","orders-api"]"#,
        r#""orders\u002dapi""#,
        r#"["orders-api","orders-api"]"#,
    ] {
        let name = format!("`aud` is {value}, which names us");
        rows.push(attack(
            "audience",
            &name,
            "RFC 7519 4.1.3",
            forge.claim("aud", value),
            "ok",
        ));
    }
    rows
}

fn issuers(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for value in [
        "1",
        "true",
        "{}",
        &format!("[\"{ISSUER}\"]"),
        &format!("{{\"0\":\"{ISSUER}\"}}"),
        "null",
    ] {
        let name = format!("`iss` is {value}");
        let seen = "CVE-2025-30144, CVE-2024-5037";
        rows.push(attack(
            "issuer",
            &name,
            seen,
            forge.claim("iss", value),
            "claim_invalid",
        ));
    }
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

fn others(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for name in ["sub", "jti"] {
        for value in ["1", "true", "null", "[]", r#"["u1"]"#, "{}"] {
            let row_name = format!("`{name}` is {value}");
            let seen = "RFC 7519 4.1.2, 4.1.7";
            rows.push(attack(
                "claims",
                &row_name,
                seen,
                forge.claim(name, value),
                "claim_invalid",
            ));
        }
    }
    for value in [
        r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#,
        r#"{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}"#,
        r#"{"jwk":{"kty":"EC"}}"#,
        "{}",
        "null",
        "true",
        r#""""#,
    ] {
        let name = format!("`cnf` is {value}");
        let seen = "RFC 7800 3.1, RFC 8705 3, RFC 9449 7";
        rows.push(attack(
            "binding",
            &name,
            seen,
            forge.claim("cnf", value),
            "binding_unsupported",
        ));
    }
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
