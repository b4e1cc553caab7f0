//! `jotgate verify` from outside: one decision, with its explanation and its exit code.

use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::idp::{Idp, Mood};
use crate::support::jotgate::command;

#[test]
fn a_good_token_is_allowed_with_keys_fetched_once() {
    let idp = Idp::start();
    let file = ConfigFile::new(&json!({ "issuers": idp.issuers() }));
    let output = file.verify(&[&idp.token(&json!({}))]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("ALLOW ok"), "{said}");
    assert!(said.contains("subject  u1"), "{said}");
    assert_eq!(idp.requests(), 1);
}

#[test]
fn a_bad_token_is_denied_with_what_was_expected_and_found() {
    let idp = Idp::start();
    let file = ConfigFile::new(&json!({ "issuers": idp.issuers() }));
    let output = file.verify(&["--json", &idp.token(&json!({ "aud": "billing" }))]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let verdict: Value = serde_json::from_slice(&output.stdout).expect("a JSON document");
    assert_eq!(verdict["verdict"], "DENY");
    assert_eq!(verdict["reason"], "audience_mismatch");
    let steps = verdict["trace"].as_array().expect("steps");
    let last = steps.last().expect("a step");
    assert_eq!(last["step"], "audience");
    let detail = last["detail"].as_str().expect("a detail");
    assert!(
        detail.contains("orders-api") && detail.contains("billing"),
        "{detail}"
    );
}

#[test]
fn keys_that_cannot_be_had_are_named_and_no_verdict_is_given() {
    let idp = Idp::start();
    idp.set_mood(Mood::Broken);
    let file = ConfigFile::new(&json!({ "issuers": idp.issuers() }));
    let output = file.verify(&[&idp.token(&json!({}))]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("UNAVAILABLE keys_unavailable"), "{said}");
    assert!(
        said.contains(&idp.jwks_url()) && said.contains("500"),
        "{said}"
    );
}

#[test]
fn a_bad_configuration_ends_with_64_and_nothing_on_standard_output() {
    let file = ConfigFile::new(&json!({ "issuers": { "corp": { "issuer": 3 } } }));
    for arguments in [["verify", "a.b.c"].as_slice(), &["serve"], &["check"]] {
        let output = file.run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("issuers.corp.issuer"), "{errors}");
    }
}

/// A configuration in a directory of its own.
struct ConfigFile {
    directory: TempDir,
}

impl ConfigFile {
    fn new(config: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // JSON is YAML.
        std::fs::write(directory.path().join("config.yaml"), config.to_string())
            .expect("the directory can be written to");
        Self { directory }
    }

    fn verify(&self, arguments: &[&str]) -> Output {
        self.run(&[&["verify"], arguments].concat())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let path = self.directory.path().join("config.yaml");
        let output = command()
            .args(arguments)
            .env("JOTGATE_CONFIG", path)
            .output();
        output.expect("the binary runs")
    }
}
