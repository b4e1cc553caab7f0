//! JSON that is not strict, in header and claims.

use serde_json::Value;

use super::forge::attack;
use super::shape::malformed;
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;
use crate::support::idp::usual_claims;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = headers(forge);
    rows.extend(payloads(forge));
    rows
}

fn headers(forge: &Forge<'_>) -> Vec<Attack> {
    let rows: [(&str, &str, Vec<u8>); 21] = [
        (
            "`alg` twice",
            "RFC 7515 4",
            br#"{"alg":"ES256","alg":"ES256"}"#.into(),
        ),
        (
            "`alg` twice, one escaped",
            "RFC 7515 4",
            br#"{"alg":"ES256","\u0061lg":"none"}"#.into(),
        ),
        (
            "`kid` twice",
            "RFC 7515 4",
            br#"{"alg":"ES256","kid":"ES256","kid":"ES256"}"#.into(),
        ),
        (
            "a member twice that nobody knows",
            "RFC 7515 4",
            br#"{"alg":"ES256","x":1,"x":2}"#.into(),
        ),
        ("an array", "CVE-2026-34986", br#"["ES256"]"#.into()),
        ("a text", "CVE-2024-21664", br#""ES256""#.into()),
        ("a number", "CVE-2024-21664", b"0".into()),
        ("`null`", "CVE-2024-21664", b"null".into()),
        ("a space", "RFC 7515 5.2", b" ".into()),
        ("cut short", "CVE-2019-12995", br#"{"alg":"ES256""#.into()),
        (
            "something behind",
            "RFC 8259 2",
            br#"{"alg":"ES256"}{}"#.into(),
        ),
        (
            "a NUL behind",
            "RFC 8259 2",
            b"{\"alg\":\"ES256\"}\0".into(),
        ),
        (
            "a comma too many",
            "RFC 8259 4",
            br#"{"alg":"ES256",}"#.into(),
        ),
        ("a comment", "RFC 8259 2", br#"{"alg":"ES256"/**/}"#.into()),
        ("single quotes", "RFC 8259 7", b"{'alg':'ES256'}".into()),
        (
            "a newline in a string",
            "RFC 8259 7",
            b"{\"alg\":\"ES256\",\"x\":\"\n\"}".into(),
        ),
        (
            "half a surrogate pair",
            "RFC 8259 8.2",
            br#"{"alg":"ES256","x":"\ud800"}"#.into(),
        ),
        (
            "a byte order mark",
            "RFC 8259 8.1",
            b"\xef\xbb\xbf{\"alg\":\"ES256\"}".into(),
        ),
        (
            "UTF-16",
            "RFC 7515 5.2",
            b"{\0\"\0a\0l\0g\0\"\0:\0\"\0E\0S\0\x32\0\x35\0\x36\0\"\0}\0".into(),
        ),
        (
            "no UTF-8",
            "CVE-2023-27488",
            b"{\"alg\":\"ES256\",\"x\":\"\xff\"}".into(),
        ),
        (
            "a surrogate in UTF-8",
            "RFC 3629 3",
            b"{\"alg\":\"ES256\",\"x\":\"\xed\xa0\x80\"}".into(),
        ),
    ];
    let row = |(name, seen, text): (&str, &'static str, Vec<u8>)| {
        let name = format!("the header is {name}");
        malformed("JSON", &name, seen, forge.header_text(text))
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    for depth in [17, 1_000] {
        let nested = format!(
            r#"{{"alg":"ES256","x":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        let name = format!("the header has {depth} arrays within each other");
        rows.push(malformed(
            "JSON",
            &name,
            "CVE-2025-53864, CVE-2023-1370",
            forge.header_text(nested),
        ));
    }
    rows.push(attack(
        "JSON",
        "white space around the header's members",
        "RFC 8259 2",
        forge.header_text(" { \"alg\" :\t\"ES256\" ,\r\n \"kid\" : \"ES256\" } "),
        "ok",
    ));
    rows
}

fn payloads(forge: &Forge<'_>) -> Vec<Attack> {
    let usual = usual_claims(ISSUER).to_string();
    let with = |members: &str| {
        format!(
            "{},{members}}}",
            usual.strip_suffix('}').expect("an object")
        )
    };
    let many: Vec<String> = (0..260).map(|index| format!(r#""m{index}":0"#)).collect();
    let rows: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "`iss` twice",
            "CVE-2022-25757",
            with(r#""iss":"https://mallory.example/""#).into(),
        ),
        (
            "`exp` twice",
            "RFC 7519 4",
            with(r#""exp":99999999999"#).into(),
        ),
        (
            "`exp` twice, one escaped",
            "RFC 7519 4",
            with(r#""\u0065xp":99999999999"#).into(),
        ),
        (
            "`sub` twice, the same",
            "RFC 7519 4",
            with(r#""sub":"u1""#).into(),
        ),
        (
            "a member twice that nobody knows",
            "RFC 7519 4",
            with(r#""x":1,"x":1"#).into(),
        ),
        ("an array", "CVE-2024-21664", format!("[{usual}]").into()),
        ("a text", "CVE-2024-21664", b"\"claims\"".into()),
        ("`null`", "CVE-2024-21664", b"null".into()),
        ("another token", "CVE-2026-29000", forge.good().into()),
        ("nothing but a brace", "CVE-2019-12995", b"{".into()),
        (
            "something behind",
            "RFC 8259 2",
            format!("{usual}{{}}").into(),
        ),
        ("a NUL behind", "RFC 8259 2", format!("{usual}\0").into()),
        (
            "a byte order mark",
            "RFC 8259 8.1",
            format!("\u{feff}{usual}").into(),
        ),
        (
            "no UTF-8",
            "RFC 7519 7.2",
            [usual.replace('}', ",\"x\":\"").as_bytes(), b"\xff\"}"].concat(),
        ),
        (
            "compressed",
            "CVE-2024-28180",
            vec![0x78, 0x9c, 0xab, 0xae, 0x05, 0x00, 0x01, 0x75, 0x00, 0xf9],
        ),
        ("260 members", "RFC 8725 3", with(&many.join(",")).into()),
        ("`NaN`", "RFC 8259 6", with(r#""x":NaN"#).into()),
        ("`Infinity`", "RFC 8259 6", with(r#""x":Infinity"#).into()),
        ("`-Infinity`", "RFC 8259 6", with(r#""x":-Infinity"#).into()),
        ("`+1`", "RFC 8259 6", with(r#""x":+1"#).into()),
        ("`01`", "RFC 8259 6", with(r#""x":01"#).into()),
        ("`.5`", "RFC 8259 6", with(r#""x":.5"#).into()),
        ("`5.`", "RFC 8259 6", with(r#""x":5."#).into()),
        ("`1e`", "RFC 8259 6", with(r#""x":1e"#).into()),
        ("`0x10`", "RFC 8259 6", with(r#""x":0x10"#).into()),
        ("`undefined`", "RFC 8259 3", with(r#""x":undefined"#).into()),
        ("`True`", "RFC 8259 3", with(r#""x":True"#).into()),
    ];
    let row = |(name, seen, text): (&str, &'static str, Vec<u8>)| {
        let name = format!("the payload is or has {name}");
        malformed("JSON", &name, seen, forge.claims_text(text))
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    for (opened, closed) in [("[", "]"), (r#"{"a":"#, "}")] {
        let depth = 16;
        let value: String = [opened.repeat(depth), "0".to_owned(), closed.repeat(depth)].concat();
        let name = format!("{depth} times {opened:?} in the claims");
        let token = forge.claims_text(with(&format!(r#""x":{value}"#)));
        rows.push(malformed("JSON", &name, "CVE-2025-53864", token));
    }
    let deep = forge.claims_text(with(&format!(r#""x":{}"#, "[".repeat(10_000))));
    rows.push(malformed(
        "JSON",
        "10,000 open brackets in the claims",
        "CVE-2025-53864",
        deep,
    ));
    rows.extend(harmless(&with, forge));
    rows
}

/// What is odd, and means one thing only.
fn harmless(with: &dyn Fn(&str) -> String, forge: &Forge<'_>) -> Vec<Attack> {
    let long = format!(r#""x":{}"#, "9".repeat(5_000));
    let rows = [
        ("a number of 5,000 digits", long.as_str()),
        ("a number that no double holds", r#""x":1e400"#),
        ("a number that is nearly nothing", r#""x":1e-400"#),
        (
            "a name with capitals",
            r#""EXP":1,"Iss":"https://mallory.example/""#,
        ),
        ("an empty name", r#""":1"#),
        ("a name with a NUL", r#""exp\u0000":1"#),
        (
            "`__proto__`",
            r#""__proto__":{"admin":true},"constructor":{"prototype":{}}"#,
        ),
        ("an inner name twice", r#""x":{"a":1,"a":2}"#),
    ];
    let row = |(name, members): (&str, &str)| {
        let name = format!("the claims have {name}, which is no matter");
        attack("JSON", &name, "", forge.claims_text(with(members)), "ok")
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    let spaced: Value = usual_claims(ISSUER);
    let spaced = format!("\r\n\t {spaced:#} \n");
    rows.push(attack(
        "JSON",
        "white space around the claims",
        "RFC 8259 2",
        forge.claims_text(spaced),
        "ok",
    ));
    rows
}
