//! The load tests run, in their shortest form. What they print depends on the machine and is not
//! judged; that every request got the right answer is, and how many instructions it took.

use std::path::Path;
use std::process::Command;

#[test]
fn a_check_is_compared_with_the_references() {
    let said = run("check", &["--seconds", "1", "--rounds", "1"]);
    for server in [
        "bare tonic echo",
        "generated types",
        "jotgate, repeat token",
    ] {
        assert!(said.contains(server), "{said}");
    }
}

#[test]
fn no_kind_of_request_takes_more_instructions_than_its_budget() {
    run("budgets", &["--profile", "debug"]);
}

#[test]
fn instances_that_are_restarted_in_turn_lose_no_request() {
    let said = run("rolling", &["--seconds", "30"]);
    assert!(said.contains(", 0 lost"), "{said}");
}

/// What a load test prints when all is well.
fn run(name: &str, flags: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("load-tests").join(name).join("run"))
        .args(flags)
        .env("JOTGATE", env!("CARGO_BIN_EXE_jotgate"))
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    said
}
