//! What comes from elsewhere is named exactly. The packages beside ours have lock files of their own,
//! which nothing else that runs here reads.

use std::collections::BTreeSet;
use std::fs;

use crate::sources::root;

#[test]
fn the_other_lock_files_know_what_the_service_needs() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
    let manifest = read("Cargo.toml");
    let dependencies = section(&manifest, "\n[dependencies]\n", "\n[");
    let needed: BTreeSet<&str> = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.trim()))
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert!(needed.contains("tonic"), "{needed:?}");
    for path in ["Cargo.lock", "fuzz/Cargo.lock", "benches/peers/Cargo.lock"] {
        let lock = read(path);
        let package = section(&lock, "\nname = \"jotgate\"\n", "\n]");
        let locked: BTreeSet<&str> = package
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split(['"', ' ']).next())
            .collect();
        let missing: Vec<_> = needed.difference(&locked).collect();
        assert!(
            missing.is_empty(),
            "{path} is out of date: {missing:?}; `cargo metadata` beside it mends that"
        );
    }
}

/// A tag can be moved to other code, which would run with the rights of the workflow.
#[test]
fn workflows_name_what_they_use_by_its_commit() {
    let workflows = fs::read_dir(root().join(".github/workflows")).expect("there are some");
    let mut seen = 0;
    for workflow in workflows {
        let path = workflow.expect("readable").path();
        let text = fs::read_to_string(&path).expect("text");
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else {
                continue;
            };
            seen += 1;
            let commit = used.split_once('@').map_or("", |(_, reference)| reference);
            let commit = commit.split(' ').next().unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit());
            assert!(is_commit, "{}: {used}", path.display());
        }
    }
    assert!(seen > 5, "{seen}");
}

/// What stands between the two.
fn section<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).expect(from);
    rest.split_once(to).map_or(rest, |(section, _)| section)
}
