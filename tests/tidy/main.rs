//! The rules of the house that no compiler checks, read off the sources.
//!
//! Each finding names its place. Exceptions stand in `house.rs`, with a reason; the lists of what
//! has grown too long may only get shorter.

#![allow(
    unreachable_pub,
    reason = "a test exports nothing; `pub` marks what a module is for"
)]

mod conformance;
mod house;
mod locks;
mod sources;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use house::{
    AGAINST_THE_DIRECTION, FILE_LINES, FUNCTION_LINES, HOUSE, LONG_FILES, LONG_FUNCTIONS,
    NOT_IN_CORE, Plane, ROOF, SECRETS, SLEEPERS,
};
use sources::{files, functions, names_after, root, sources, types};

#[test]
fn every_module_has_its_place_in_the_house() {
    let planned: BTreeSet<_> = HOUSE.iter().map(|(_, name)| *name).chain(ROOF).collect();
    let files = sources(&["src"]);
    let modules: BTreeSet<_> = files
        .iter()
        .map(|source| source.module())
        .filter(|module| !["lib", "main", "fixture"].contains(module))
        .collect();
    assert_eq!(modules, planned);
}

#[test]
fn the_plan_names_every_module() {
    let plan = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("there is a plan");
    for name in HOUSE.iter().map(|(_, name)| *name).chain(ROOF) {
        assert!(
            plan.contains(&format!("`{name}`")),
            "ARCHITECTURE.md says nothing of {name}"
        );
    }
}

#[test]
fn imports_go_down_only() {
    let place = |module: &str| HOUSE.iter().position(|(_, name)| *name == module);
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        let Some(own) = place(source.module()) else {
            continue;
        };
        for (number, line) in source.code() {
            for known in names_after(line, "crate::") {
                let against = place(known).map_or(ROOF.contains(&known), |other| other > own);
                let pair = (source.module(), known);
                let excused = AGAINST_THE_DIRECTION
                    .iter()
                    .any(|(who, whom, _)| (*who, *whom) == pair);
                if against && !excused {
                    findings.push(source.finding(number, &format!("knows {known}")));
                }
            }
        }
    }
    none(&findings);
}

#[test]
fn the_core_has_no_io_no_clock_and_no_async() {
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        let plane = HOUSE.iter().find(|(_, name)| *name == source.module());
        if plane.is_none_or(|(plane, _)| *plane != Plane::Core) {
            continue;
        }
        for (number, line) in source.code() {
            // `crate::metrics::` is a matter of the direction of imports.
            let line = line.replace("crate::", "crate.");
            for name in NOT_IN_CORE {
                if line.contains(name) {
                    findings.push(source.finding(number, name));
                }
            }
        }
    }
    none(&findings);
}

#[test]
fn files_stay_short() {
    let long: BTreeSet<_> = sources(&["src", "tests", "benches"])
        .into_iter()
        .filter(|source| source.text.lines().count() > FILE_LINES)
        .map(|source| source.name)
        .collect();
    let known = LONG_FILES.map(str::to_owned).into();
    assert_eq!(long, known, "longer than {FILE_LINES} lines, and so known");
}

#[test]
fn functions_stay_short() {
    let mut long = BTreeSet::new();
    for source in sources(&["src", "tests/it/support", "benches"]) {
        for (name, lines) in functions(&source.without_tests()) {
            if lines > FUNCTION_LINES {
                long.insert((source.name.clone(), name.to_owned()));
            }
        }
    }
    let known = LONG_FUNCTIONS.map(|(file, name)| (file.to_owned(), name.to_owned()));
    assert_eq!(
        long,
        known.into(),
        "longer than {FUNCTION_LINES} lines, and so known"
    );
}

#[test]
fn nothing_is_left_unfinished_and_no_test_is_skipped_or_sleeps() {
    let mut findings = Vec::new();
    for source in sources(&["src", "tests", "benches"]) {
        let may_sleep = SLEEPERS.iter().any(|(file, _)| *file == source.name);
        for (number, line) in source.text.lines().enumerate() {
            // In two pieces, so that this file may read itself.
            for (start, end) in [
                ("dbg", "!("),
                ("todo", "!("),
                ("unimplemented", "!("),
                ("#[igno", "re"),
                ("FIX", "ME"),
                ("Under constr", "uction"),
            ] {
                if line.contains(&format!("{start}{end}")) {
                    findings.push(source.finding(number, start));
                }
            }
            if line.contains(concat!("thread::", "sleep")) && !may_sleep {
                findings.push(source.finding(number, "a thread sleeps"));
            }
        }
    }
    none(&findings);
}

#[test]
fn modules_are_directories_with_one_root() {
    for source in sources(&["src"]) {
        let path = Path::new(&source.name);
        let beside = path.with_extension("");
        for child in files(&root().join(&beside), "rs") {
            let only_tests = child.ends_with("tests.rs");
            assert!(
                only_tests,
                "{} belongs into {}/mod.rs",
                source.name,
                beside.display()
            );
        }
    }
}

#[test]
fn nothing_is_named_after_no_part_of_the_domain() {
    for source in sources(&["src"]) {
        for part in Path::new(&source.name).with_extension("").iter() {
            let empty = ["common", "helpers", "misc", "types", "util", "utils"];
            assert!(!empty.iter().any(|name| part == *name), "{}", source.name);
        }
    }
}

/// The derived one shows what a field holds, and `Zeroizing` does not hide it.
#[test]
fn no_type_that_holds_a_secret_derives_debug() {
    let mut findings = Vec::new();
    let mut holders = 0;
    for source in sources(&["src"]) {
        for (number, item) in types(&source.text) {
            if SECRETS.iter().any(|name| item.body.contains(name)) {
                holders += 1;
                if item.attributes.contains("Debug") {
                    findings.push(source.finding(number, "shows a secret in Debug"));
                }
            }
        }
    }
    none(&findings);
    assert!(holders > 5, "secrets are held somewhere: {holders}");
}

fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
