//! The policies in `examples/`: each is a good configuration, and its cases pass and meet every
//! rule.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::jotgate::command;

#[test]
fn every_example_is_checked_and_its_cases_pass_and_meet_every_rule() {
    let examples = examples();
    assert!(examples.len() >= 5, "{examples:?}");
    for example in examples {
        for arguments in [
            ["check", "--config", "jotgate.yaml"].as_slice(),
            &[
                "test",
                "--config",
                "jotgate.yaml",
                "--require-coverage",
                "cases.yaml",
            ],
        ] {
            let output = command().args(arguments).current_dir(&example).output();
            let output = output.expect("the binary runs");
            assert!(
                output.status.success(),
                "{}: {}\n{}{}",
                example.display(),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
        }
    }
}

#[test]
fn every_example_says_what_it_is() {
    for example in examples() {
        for name in ["jotgate.yaml", "cases.yaml"] {
            let path = example.join(name);
            let text = fs::read_to_string(&path).expect("it is there");
            assert!(text.starts_with("# "), "{}", path.display());
        }
    }
}

fn examples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(directory).expect("the directory is there");
    let mut examples: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    examples.sort();
    examples
}
