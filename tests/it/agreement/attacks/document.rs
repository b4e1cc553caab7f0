//! `docs/attacks.md`: the table for people.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use super::Attack;

/// Compares the document with the table, or writes it anew.
pub fn compare(attacks: &[Attack]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attacks.md");
    let table = document(attacks);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &table).expect("the repository can be written to");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/attacks.md is not what the tests say: run them with UPDATE_GOLDEN=1"
    );
}

fn document(attacks: &[Attack]) -> String {
    let mut text = HEAD.to_owned();
    let mut classes: Vec<&str> = Vec::new();
    for attack in attacks {
        if !classes.contains(&attack.class) {
            classes.push(attack.class);
        }
    }
    for class in classes {
        let title = class[..1].to_uppercase() + &class[1..];
        write!(
            text,
            "\n## {title}\n\n| attack | seen in, or against | answer |\n| --- | --- | --- |\n"
        )
        .expect("a string takes everything");
        for attack in attacks.iter().filter(|attack| attack.class == class) {
            let Attack { seen, case, .. } = attack;
            let answer = if case.reason == "ok" {
                "passes".to_owned()
            } else {
                format!("`{}`", case.reason)
            };
            let name = case.name.replace('|', "\\|");
            writeln!(text, "| {name} | {seen} | {answer} |").expect("a string takes everything");
        }
    }
    text
}

const HEAD: &str = "\
# Attacks

Tokens that got past somebody, and what jotgate says about each. Written by the tests (`tests/it/agreement/attacks`), which send every
one of them through `Check`, `Verify`, `VerifyBatch`, `VerifyStream`, `/auth`, `/envoy` and `/v1/verify`: without a cache, beside a
warm one, and with rules and consumers. What *passes* is odd, and means one thing only.

A token that is longer than a listener lets a header be gets no verdict where it stands in one: with a `kid` of a mebibyte `/auth` and
`/envoy` answer 431 or hang up, and all others `token_too_large`. Bounds of time are asked for half an hour from each; to the millisecond
they are judged with a clock that stands still (`src/verify/tests/times.rs`).

Attacks on paths, headers and cookies are in `tests/it/rules`, with real gateways; those on key sets and their servers in
`src/refresh/tests` and `tests/it/keys_under_load`.
";
