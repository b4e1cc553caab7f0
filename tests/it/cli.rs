//! The commands from outside: arguments in, text and exit code out.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::jotgate;

#[test]
fn exit_codes_tell_scripts_how_it_went() {
    let files = Files::new();
    let token = files.mint(&[]);
    let cases: [(&[&str], i32); 9] = [
        (&["--version"], 0),
        (&["--help"], 0),
        (&["inspect", &token], 0),
        (&["inspect", "hello"], 1),
        (&[], 2),
        (&["fly"], 2),
        (&["keygen"], 2),
        (&["keygen", "--alg", "none"], 2),
        (&["mint", "--key", "/nowhere/key.json"], 3),
    ];
    for (arguments, code) in cases {
        assert_eq!(
            run(arguments, "").status.code(),
            Some(code),
            "{arguments:?}"
        );
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let help = text(&run(&["--help"], ""));
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    let commands: Vec<_> = commands.filter(|command| *command != "help").collect();
    assert!(commands.len() >= 4, "{help}");
    for command in commands {
        let help = text(&run(&[command, "--help"], ""));
        assert!(
            help.contains(&format!("Usage: jotgate {command}")),
            "{help}"
        );
        assert!(
            help.contains(&format!("  jotgate {command}")),
            "an example of {command}: {help}"
        );
    }
}

#[test]
fn the_version_names_the_commit() {
    let version = text(&run(&["--version"], ""));
    let commit = version
        .trim()
        .strip_prefix("jotgate 0.1.0 (")
        .expect(&version);
    assert!(commit.ends_with(')') && commit.len() > 4, "{version}");
}

#[test]
fn a_key_signs_and_its_public_half_is_published() {
    let files = Files::new();
    let public = run(&["keygen", "--public", "--key", &files.key], "");
    let set: Value = serde_json::from_slice(&public.stdout).expect("a key set");
    let [key] = set["keys"].as_array().expect("keys").as_slice() else {
        panic!("one key: {set}");
    };
    assert_eq!(key["alg"], "ES256");
    assert!(key.get("d").is_none(), "{key}");

    let token = files.mint(&["--claim", "sub=alice", "--ttl", "1h"]);
    let report = inspect(&["--json", &token], "");
    assert_eq!(report["header"]["kid"], key["kid"]);
    assert_eq!(report["header"]["typ"], "JWT");
    assert_eq!(report["claims"]["sub"], "alice");
    let seconds = |name: &str| report["claims"][name].as_i64().expect("a time");
    assert_eq!(seconds("exp") - seconds("iat"), 3600);
}

#[test]
fn a_secret_has_no_public_half() {
    let files = Files::with("HS256");
    let output = run(&["keygen", "--public", "--key", &files.key], "");
    assert_eq!(output.status.code(), Some(3));
    let explanation = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(explanation.contains("no public half"), "{explanation}");
    assert!(!explanation.contains(&files.secret("k")), "{explanation}");
}

#[test]
fn a_key_can_come_through_a_pipe_and_a_bad_one_is_not_repeated() {
    let jwk = text(&run(&["keygen", "--alg", "Ed25519", "--kid", "k1"], ""));
    let minted = run(&["mint", "--key", "-", "--claim", "sub=u1"], &jwk);
    let report = inspect(&["--json", "-"], &text(&minted));
    assert_eq!(
        report["header"],
        json!({"alg": "Ed25519", "kid": "k1", "typ": "JWT"})
    );

    let mut broken: Value = serde_json::from_str(&jwk).expect("a JWK");
    let secret = broken["d"].as_str().expect("private").to_owned();
    broken["x"] = json!(3);
    let refused = run(&["mint", "--key", "-"], &broken.to_string());
    assert_eq!(refused.status.code(), Some(3));
    let explanation = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(explanation.contains("`x`"), "{explanation}");
    assert!(!explanation.contains(&secret), "{explanation}");
}

#[test]
fn inspect_says_that_it_verifies_nothing_and_reads_what_was_copied() {
    let files = Files::new();
    let token = files.mint(&["--header", "alg=none"]);
    let output = run(&["inspect", "-"], &format!("Bearer {token}\n"));
    let report = text(&output);
    assert!(report.starts_with("NOT VERIFIED"), "{report}");
    assert!(report.contains("alg_none"), "{report}");
    // Not a terminal: no colours.
    assert!(!report.contains('\u{1b}'), "{report:?}");
}

#[test]
fn completions_are_there_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&run(&["completions", shell], ""));
        assert!(
            script.contains("inspect") && script.contains("keygen"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A directory with a private key.
struct Files {
    directory: TempDir,
    key: String,
}

impl Files {
    fn new() -> Self {
        Self::with("ES256")
    }

    fn with(algorithm: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key.json");
        let output = run(&["keygen", "--alg", algorithm], "");
        std::fs::write(&path, &output.stdout).expect("the directory can be written to");
        let key = path.display().to_string();
        Self { directory, key }
    }

    fn mint(&self, arguments: &[&str]) -> String {
        let arguments = [&["mint", "--key", &self.key], arguments].concat();
        text(&run(&arguments, "")).trim().to_owned()
    }

    fn secret(&self, member: &str) -> String {
        let path = self.directory.path().join("key.json");
        let jwk: Value =
            serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("a JWK");
        jwk[member].as_str().expect("a secret").to_owned()
    }
}

fn inspect(arguments: &[&str], input: &str) -> Value {
    let output = run(&[&["inspect"], arguments].concat(), input);
    serde_json::from_slice(&output.stdout).expect("a JSON document")
}

/// The standard output of a command that did what it should.
fn text(output: &Output) -> String {
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {problems}", output.status);
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A command that does not read ends without it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = jotgate::command();
    command.args(arguments);
    command
}
