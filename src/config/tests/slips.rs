//! A secret, and a slip in writing it: errors are pasted into tickets.

use std::path::Path;

use crate::config::parse;

#[test]
fn no_slip_in_writing_a_secret_shows_it() {
    for slip in SLIPS {
        for around in AROUND {
            let text = around.replace("SLIP", &slip.replace("SECRET", SECRET));
            let told = match parse(&text, Path::new("/nonexistent")) {
                Ok(config) => config.effective_yaml,
                Err(errors) => errors.to_string(),
            };
            assert!(!told.contains("planted"), "{text}\n{told}");
        }
    }
}

#[test]
fn no_slip_in_writing_a_header_shows_its_value() {
    for slip in [
        "{ authorization:SECRET }",
        "{ authorization:Bearer SECRET }",
        "{ authorization=Bearer SECRET }",
        "{ authorization Bearer SECRET }",
        "{ x-api-key SECRET }",
        "{ authorization:SECRET: x }",
        "[authorization:SECRET]",
        "authorization:SECRET",
    ] {
        let around = AROUND[2].replace("{ authorization: SLIP }", "SLIP");
        let text = around.replace("SLIP", &slip.replace("SECRET", SECRET));
        let told = parse(&text, Path::new("/nonexistent")).expect_err("a slip");
        assert!(!told.to_string().contains("planted"), "{text}\n{told}");
    }
}

/// What may stand where a secret is due.
const SLIPS: &[&str] = &[
    "{ value: SECRET }",
    "SECRET",
    "[SECRET]",
    "{ SECRET }",
    "{{ SECRET }}",
    "{ value:SECRET }",
    "{ value=SECRET }",
    "{ value SECRET }",
    "{ Value:SECRET }",
    "{ valu:SECRET }",
    "{ valu e:SECRET }",
    "{ text:SECRET }",
    "{ text=SECRET }",
    "{ text SECRET }",
    "{ value:SECRET, value:SECRET }",
    "{ SECRET, SECRET }",
    "{ value: { SECRET } }",
    "{ value: [SECRET] }",
    "{ value: { value:SECRET } }",
    "{ value: *SECRET }",
    "{ value: &SECRET }",
    "{ value: !SECRET }",
    "{ value: !SECRET x }",
    "{ value: !!SECRET x }",
    "{ value: %SECRET }",
    "{ value: @SECRET }",
    "{ value: `SECRET }",
    "{ value: |SECRET }",
    "{ value: >SECRET }",
    "{ value: \"SECRET }",
    "{ value: 'SECRET }",
    "{ value: \"SECRET\\q\" }",
    "{ value: 'SECRET'SECRET }",
    "{ value: {SECRET }",
    "{ value: [SECRET }",
    "{ value: SECRET: SECRET }",
    "{ value: a: SECRET }",
    "{ value: SECRET",
    "{ value: ? SECRET }",
    "{ value: - SECRET }",
    "{ env:SECRET }",
    "{ file:SECRET }",
    "*SECRET",
    "&SECRET",
    "!SECRET",
    "@SECRET",
    "%SECRET",
    "`SECRET",
    "|SECRET",
    ">SECRET",
    "\"SECRET",
    "'SECRET",
    "a: SECRET",
    "SECRET: SECRET",
    "\"\\SECRET\"",
    "\"\\xSECRET\"",
    "!<SECRET",
];

const AROUND: &[&str] = &[
    "issuers:\n  a:\n    issuer: https://a/\n    audiences: any\n    algorithms: [HS256]\n    keys:\n      - secret: SLIP\n        alg: HS256\n",
    "issuers: { a: { issuer: https://a/, audiences: any, algorithms: [HS256], keys: [{ alg: HS256, secret: SLIP }] } }",
    "issuers: { a: { issuer: https://a/, audiences: any, algorithms: [RS256], keys: [{ jwks_url: https://a/, headers: { authorization: SLIP } }] } }",
];

const SECRET: &str = "planted-planted-planted-planted-planted";
