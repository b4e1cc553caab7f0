//! `jotgate test` from outside: cases, what is said of those that fail, and its exit code.
//!
//! `tests/golden/test_command` has the configuration and the cases; `UPDATE_GOLDEN=1` rewrites what
//! is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::idp::Idp;
use crate::support::jotgate::command;
use crate::support::keys::SigningKey;

#[test]
fn what_is_said_of_cases_is_as_in_the_golden_files() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for (arguments, code, golden) in [
        (["pass.yaml"].as_slice(), 0, "pass.txt"),
        (&["fail.yaml"], 1, "fail.txt"),
        (&["bad.yaml"], 64, "bad.txt"),
        (
            &["pass.yaml", "fail.yaml", "--format", "junit"],
            1,
            "both.xml",
        ),
        (
            &["fail.yaml", "--format", "junit", "--require-coverage"],
            1,
            "coverage.xml",
        ),
    ] {
        let output = test(&directory(), arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("UTF-8");
        let path = directory().join(golden);
        if update {
            fs::write(&path, &said).expect("written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(said, expected, "{golden}: UPDATE_GOLDEN=1 accepts it");
    }
}

#[test]
fn a_rule_that_no_case_meets_fails_only_where_every_rule_must_be_met() {
    let directory = directory();
    let output = test(&directory, &["pass.yaml", "--require-coverage"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    let here = tempfile::tempdir().expect("a directory");
    let config = directory.join("jotgate.yaml");
    fs::copy(config, here.path().join("jotgate.yaml")).expect("copied");
    let case = "- { name: health, request: { path: /healthz }, expect: { verdict: allow } }\n";
    fs::write(here.path().join("cases.yaml"), case).expect("written");
    for (arguments, code) in [
        (["cases.yaml"].as_slice(), 0),
        (&["cases.yaml", "--require-coverage"], 1),
        (
            &["cases.yaml", "--require-coverage", "--format", "junit"],
            1,
        ),
    ] {
        let output = test(here.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("rule `orders` is never hit"), "{said}");
        assert!(said.contains("rule `rules[2]` is never hit"), "{said}");
        assert!(!said.contains("rule `health`"), "{said}");
    }
}

#[test]
fn a_real_token_is_judged_by_the_keys_that_are_here_and_nobody_is_asked_for_others() {
    let idp = Idp::start();
    let key = SigningKey::generate("ES256", "k1");
    let keys = json!({ "keys": [key.jwk()] });
    let state = json!({ "server": { "state_dir": "state" }, "issuers": {
        "file": { "issuer": "file", "audiences": ["api"], "keys": [{ "jwks_file": "keys.json" }] },
        "both": { "issuer": "both", "audiences": ["api"], "keys": [
            { "jwks_file": "keys.json" }, { "jwks_url": idp.jwks_url() },
        ]},
        "away": { "issuer": "away", "audiences": ["api"], "keys": [{ "jwks_url": idp.jwks_url() }] },
    }});
    let token = |issuer: &str| {
        let claims = json!({ "iss": issuer, "aud": "api", "sub": "u1", "exp": 4_102_444_800_u64 });
        key.sign(&key.header(), &claims)
    };
    let case = |name: &str, jwt: String, expect: Value| json!({ "name": name, "jwt": jwt, "expect": expect });
    let forged = |token: String| token.rsplit_once('.').expect("a token").0.to_owned() + ".c2ln";
    let cases = json!([
        case("a file", token("file"), json!({ "verdict": "allow", "subject": "u1" })),
        case("a forgery", forged(token("file")), json!({ "reason": "signature_invalid" })),
        case("a file and a URL", token("both"), json!({ "verdict": "allow" })),
        case("a URL", token("away"), json!({ "reason": "keys_unavailable", "status": 503 })),
        // A key that signs for cases is no key of the issuer: neither makes the other ambiguous.
        { "name": "made", "token": { "issuer": "file", "header": { "kid": null } }, "expect": { "verdict": "allow" } },
        { "name": "made for a URL", "token": { "issuer": "away" }, "expect": { "verdict": "allow" } },
    ]);
    let here = tempfile::tempdir().expect("a directory");
    for (name, content) in [
        ("jotgate.yaml", state),
        ("keys.json", keys),
        ("cases.yaml", cases),
        (
            "fails.yaml",
            json!([case("a URL", token("away"), json!({ "verdict": "allow" }))]),
        ),
    ] {
        fs::write(here.path().join(name), content.to_string()).expect("written");
    }
    let output = test(here.path(), &["cases.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = test(here.path(), &["fails.yaml"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("away: keys of URLs and discovery are not fetched"),
        "{said}"
    );
    assert_eq!(idp.requests(), 0);
    assert!(!here.path().join("state").exists());
}

#[test]
fn a_bad_configuration_a_file_that_is_not_there_and_wrong_usage_have_their_codes() {
    let here = tempfile::tempdir().expect("a directory");
    let config = here.path().join("jotgate.yaml");
    fs::write(config, "issuers: {}").expect("written");
    fs::write(here.path().join("cases.yaml"), "").expect("written");
    for (directory, arguments, code, said) in [
        (here.path(), ["cases.yaml"].as_slice(), 64, "issuers"),
        (
            &directory(),
            &["nothing.yaml"],
            64,
            "nothing.yaml\ncannot be read",
        ),
        (&directory(), &[], 2, "CASES.yaml"),
        (&directory(), &["pass.yaml", "--format", "xml"], 2, "junit"),
    ] {
        let output = test(directory, arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(said), "{errors}");
    }
}

/// Runs `jotgate test` in a directory that has `jotgate.yaml`.
fn test(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = command();
    command.args(["test", "--config", "jotgate.yaml"]);
    let output = command.args(arguments).current_dir(directory).output();
    output.expect("the binary runs")
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/test_command")
}
