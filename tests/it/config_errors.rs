//! Bad configurations and what is said about them: `tests/golden/config_errors/NAME.yaml` and the
//! exact errors in `NAME.txt`. `UPDATE_GOLDEN=1` rewrites those.

use std::fs;
use std::path::{Path, PathBuf};

use jotgate::config;

#[test]
fn every_error_of_a_bad_configuration_is_told_with_place_and_remedy() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let cases = cases();
    assert!(cases.len() >= 20, "the cases are gone: {cases:?}");
    let mut wrong = Vec::new();
    for path in cases {
        let yaml = fs::read_to_string(&path).expect("readable");
        let errors = config::parse(&yaml, &directory())
            .expect_err(&path.display().to_string())
            .to_string();
        // The directory differs from machine to machine.
        let found = errors.replace(&format!("{}/", directory().display()), "") + "\n";
        let golden = path.with_extension("txt");
        if update {
            fs::write(&golden, &found).expect("written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            let path = path.display();
            wrong.push(format!(
                "{path}\n--- expected\n{expected}--- found\n{found}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "read the difference; UPDATE_GOLDEN=1 accepts it.\n{}",
        wrong.join("\n")
    );
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(directory())
        .expect("the directory is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    cases.sort();
    cases
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config_errors")
}
