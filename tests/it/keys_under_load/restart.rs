//! A restart while the provider is down.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Client, config};
use crate::support::idp::{Idp, Mood};
use crate::support::jotgate::Jotgate;
use crate::support::wait;

#[test]
fn a_saved_set_outlives_a_restart_and_a_flipped_bit_is_noticed() {
    let state = tempfile::tempdir().expect("a directory for key sets");
    let idp = Idp::start();
    let mut config = config(&idp.issuers());
    config["server"] = json!({ "state_dir": state.path() });
    let token = idp.token(&json!({}));

    let mut first = Jotgate::start_ready(config.clone());
    let file = wait::until("the set is saved", || saved_set(state.path()));
    idp.set_mood(Mood::Down);
    first.kill();

    let mut second = Jotgate::start(config.clone());
    assert_eq!(Client::http(&second).ask(&token), "ok");
    assert!(second.is_ready());
    assert_eq!(keys_from(&second), "state_dir");
    second.kill();

    let mut content = fs::read(&file).expect("it was saved");
    // Somewhere among the keys, where it would still be JSON.
    let place = content.len() - 10;
    content[place] ^= 1;
    fs::write(&file, content).expect("it can be written to");
    let third = Jotgate::start(config);
    assert_eq!(Client::http(&third).ask(&token), "keys_unavailable");
    assert!(!third.is_ready());
    assert_eq!(keys_from(&third), Value::Null);
    let warning = wait::until("the damage is told", || {
        let log = third.log();
        let mut lines = log.lines();
        let line = lines.find(|line| line.contains("the saved key set is not used"));
        line.map(str::to_owned)
    });
    for word in ["WARN", "damaged", &file.display().to_string()] {
        assert!(warning.contains(word), "no {word} in {warning}");
    }

    idp.set_mood(Mood::Good);
    third.wait_until_ready();
    assert_eq!(Client::http(&third).ask(&token), "ok");
    assert_eq!(keys_from(&third), "source");
}

/// Who gave the keys, as `/status` has it.
fn keys_from(jotgate: &Jotgate) -> Value {
    jotgate.status()["issuers"][0]["sources"][0]["keys_from"].clone()
}

/// The one file with keys, once it is whole.
fn saved_set(directory: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).expect("it is there");
    let mut paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths.find(|path| {
        path.extension()
            .is_some_and(|extension| extension == "jwks")
    })
}
