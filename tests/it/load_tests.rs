//! The load tests run, in their shortest form. What they measure depends on the machine and is not
//! judged; that every request got the right answer is, and how many instructions it took.

use std::path::Path;
use std::process::Command;

#[test]
fn every_kind_of_request_gets_its_answer_under_load() {
    let said = run(&["--short", "costs"]);
    for shown in [
        "bare tonic echo",
        "generated types",
        "Check, one token again and again",
        "VerifyStream",
        "refused: expired in the cache",
        "Check without the cache, PS256",
    ] {
        assert!(said.contains(shown), "{shown:?} is not in {said}");
    }
}

#[test]
fn answers_at_a_fixed_rate_and_to_new_tokens_are_complete() {
    let said = run(&["--short", "latency", "memory"]);
    for shown in ["p99.9", "tokens through a cache of 64 MiB"] {
        assert!(said.contains(shown), "{shown:?} is not in {said}");
    }
}

#[test]
fn keys_change_under_load_and_no_good_token_is_refused() {
    let said = run(&["--short", "keys"]);
    assert!(said.contains("the new key was in use"), "{said}");
}

#[test]
fn instructions_are_counted_through_the_whole_service() {
    let said = run(&["--short", "instructions"]);
    let goal = "repeat-token Check against a bare tonic echo, instructions";
    assert!(said.contains(goal), "{said}");
}

#[test]
fn a_check_does_not_grow_with_what_is_configured() {
    let said = run(&["--short", "growth"]);
    let goal = "10 consumers against 1 of each";
    assert!(said.contains(goal), "{said}");
}

#[test]
fn no_kind_of_request_takes_more_instructions_than_its_budget() {
    run_program("budgets/run", &["--profile", "debug"]);
}

#[test]
fn envoy_is_measured_with_its_own_filter_and_with_jotgate() {
    let said = run(&["--short", "gateway"]);
    for shown in ["jwt_authn, token cache", "gRPC over TCP", "HTTP over TCP"] {
        assert!(said.contains(shown), "{shown:?} is not in {said}");
    }
}

#[test]
fn instances_restarted_in_turn_behind_envoy_lose_no_request() {
    run_program("rolling/run", &["--seconds", "20"]);
}

#[test]
fn every_panel_of_the_dashboard_shows_something() {
    run_program("dashboard/run", &["--seconds", "15"]);
}

#[test]
fn the_documents_show_the_published_figures() {
    run(&["--check-docs"]);
}

/// What the load tests print.
fn run(arguments: &[&str]) -> String {
    run_program("run", arguments)
}

fn run_program(name: &str, arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("load-tests").join(name))
        .args(arguments)
        .env("JOTGATE", env!("CARGO_BIN_EXE_jotgate"))
        .output()
        .expect("Python runs");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{complained}");
    said.into_owned()
}
