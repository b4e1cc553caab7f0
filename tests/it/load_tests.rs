//! The load tests run, in their shortest form. What they print depends on the machine and is not
//! judged; that every request got the right answer is, and how many instructions it took.

use std::path::Path;
use std::process::Command;

#[test]
fn a_check_is_compared_with_the_references() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("load-tests/check/run"))
        .args(["--seconds", "1", "--rounds", "1"])
        .env("JOTGATE", env!("CARGO_BIN_EXE_jotgate"))
        .output()
        .expect("Python runs");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{complained}");
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("load-tests/budgets/run"))
        .args(["--profile", "debug"])
        .output()
        .expect("Python runs");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{complained}");
}
