//! `docs/conformance.md`: what the standards demand of somebody who judges tokens, rule by rule, and
//! the test that shows it. The document is written from this table, and every test must exist.

mod algorithms;
mod jose;
mod practice;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{env, fs};

use crate::sources::{functions, root, sources};

/// A document, its title, and its rules in order.
struct Standard {
    name: &'static str,
    title: &'static str,
    /// What of it is no matter here.
    beside: &'static str,
    rules: &'static [Rule],
}

/// Section, what it demands of us, the tests that show it.
type Rule = (&'static str, &'static str, &'static [&'static str]);

const STANDARDS: [Standard; 7] = [
    jose::RFC_7515,
    jose::RFC_7517,
    algorithms::RFC_7518,
    jose::RFC_7519,
    practice::RFC_6750,
    practice::RFC_8725,
    practice::RFC_8725_BIS,
];

#[test]
fn every_rule_is_shown_by_tests_that_exist() {
    let tests = tests();
    let rules = STANDARDS.iter().flat_map(|standard| {
        let rules = standard.rules.iter();
        rules.map(|rule| (standard.name, rule))
    });
    for (name, (section, rule, shown_by)) in rules {
        assert!(!shown_by.is_empty(), "{name} {section}: {rule}: no test");
        for test in *shown_by {
            assert!(
                tests.contains(*test),
                "{name} {section}: no test is called {test}"
            );
        }
    }
}

#[test]
fn the_document_of_conformance_is_the_table() {
    let path = root().join("docs/conformance.md");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, document()).expect("the repository can be written to");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document(),
        "docs/conformance.md is not what the table says: run this test with UPDATE_GOLDEN=1"
    );
}

/// The names of all functions that are tests.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources(&["src", "tests"]) {
        let text = &source.text;
        for (name, _) in functions(text) {
            let is_test = text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
                let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
                let before = text[..line].lines().rev();
                let mut attributes = before.take_while(|line| line.trim_start().starts_with("#["));
                attributes.any(|line| line.contains("test"))
            });
            // Those of proptest! stand in a macro, which `functions` reads as well.
            if is_test {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn document() -> String {
    let mut text = HEAD.to_owned();
    for Standard {
        name,
        title,
        beside,
        rules,
    } in &STANDARDS
    {
        write!(text, "\n## {name}: {title}\n\n{beside}\n\n").expect("a string takes everything");
        text += "| section | rule | shown by |\n| --- | --- | --- |\n";
        for (section, rule, shown_by) in *rules {
            let shown_by: Vec<_> = shown_by.iter().map(|test| format!("`{test}`")).collect();
            let shown_by = shown_by.join("<br>");
            writeln!(text, "| {section} | {rule} | {shown_by} |")
                .expect("a string takes everything");
        }
    }
    text
}

const HEAD: &str = "\
# Conformance

What the standards demand of somebody who judges tokens, and the test that shows that jotgate does so. This page is written by
`tests/tidy/conformance` and compared with it in every run; a test that is named here exists. What is refused beyond the standards is
in [security.md](security.md), and who fell for what in [attacks.md](attacks.md).
";
