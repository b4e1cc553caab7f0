//! The configuration changes all the time, and now and then somebody mistypes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Client, Load, config};
use crate::support::http::Request;
use crate::support::idp::Idp;
use crate::support::jotgate::Jotgate;
use crate::support::wait;

#[test]
fn edits_under_load_fail_no_request_and_are_counted_to_the_last() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp.issuers()));
    assert_eq!(jotgate.status()["configuration"]["generation"], 1);
    let token = idp.token(&json!({}));
    let ask = |client: &mut Client| {
        assert_eq!(client.ask(&token), "ok");
        assert_eq!(client.ask(&idp.token(&json!({}))), "ok");
    };
    Load::during(&jotgate, ask, |load| {
        load.go_on();
        for edit in 1..=EDITS {
            if edit % EVERY_WRONG == 0 {
                jotgate.reconfigure(wrong(&idp, edit));
                wait::until("an edit is refused", || is_refused(&jotgate, edit));
                assert_eq!(message(&jotgate), says(edit - 1), "the running one goes on");
            } else {
                jotgate.reconfigure(good(&idp, edit));
                wait::until("an edit is in force", || {
                    (message(&jotgate) == says(edit)).then_some(())
                });
            }
        }
        load.go_on();
    });
    let story = wait::until("the story is consistent", || Story::of(&jotgate));
    assert_eq!(story.applied, EDITS - EDITS / EVERY_WRONG);
    assert_eq!(story.refused, EDITS / EVERY_WRONG);
}

/// What the log tells of different edits.
struct Story {
    applied: usize,
    refused: usize,
}

impl Story {
    /// `None` while an edit is under way. jotgate may read an edit twice, at its signal and when
    /// it looks by itself, and counts both: so the counters are held against the lines of the
    /// log, and the log against what was done.
    fn of(jotgate: &Jotgate) -> Option<Self> {
        let generation = jotgate.status()["configuration"]["generation"].as_u64();
        let [applied, refused] = ["applied", "refused"].map(|outcome| {
            jotgate.metric(&format!(
                "jotgate_config_reload_total{{outcome=\"{outcome}\"}}"
            ))
        });
        let log = jotgate.log();
        let told = |what: &str| -> Vec<&str> {
            let lines = log.lines();
            lines.filter(|line| line.contains(what)).collect()
        };
        let (lines_applied, lines_refused) =
            (told("configuration applied"), told("configuration refused"));
        let is_consistent = generation == Some(applied + 1)
            && lines_applied.len() as u64 == applied
            && lines_refused.len() as u64 == refused;
        is_consistent.then(|| Self {
            applied: different(&lines_applied, "hash"),
            refused: different(&lines_refused, "error"),
        })
    }
}

/// How many values a field has in these lines of the log.
fn different(lines: &[&str], field: &str) -> usize {
    let values = lines.iter().map(|line| {
        let line: Value = serde_json::from_str(line).expect("the log is JSON");
        let value = line.get(field).or_else(|| line["fields"].get(field));
        value.expect("every line has it").to_string()
    });
    values.collect::<BTreeSet<_>>().len()
}

/// Each differs from the one before in what its issuer demands, and every third in how keys are
/// fetched.
fn good(idp: &Idp, edit: usize) -> Value {
    let mut config = config(&idp.issuers());
    config["deny"]["message"] = json!(says(edit));
    let issuer = &mut config["issuers"]["corp"];
    issuer["leeway"] = json!(format!("{edit}s"));
    issuer["keys"][0]["refresh"]["timeout"] = json!(format!("{}s", 5 + edit / 3));
    config
}

fn wrong(idp: &Idp, edit: usize) -> Value {
    let mut config = good(idp, edit);
    config["issuers"]["corp"][mistyped(edit)] = json!("5s");
    config
}

fn mistyped(edit: usize) -> String {
    format!("leewya-{edit}")
}

fn is_refused(jotgate: &Jotgate, edit: usize) -> Option<()> {
    let status = jotgate.status();
    let last = &status["configuration"]["last_reload"];
    let is_this = last["errors"].to_string().contains(&mistyped(edit));
    is_this.then(|| assert_eq!(last["outcome"], "refused"))
}

/// What a request without a token is told.
fn message(jotgate: &Jotgate) -> String {
    let response = Request::get("/auth").send(jotgate.http());
    assert_eq!(response.status, 401);
    let problem = response.json();
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

fn says(edit: usize) -> String {
    format!("edit {edit}")
}

const EDITS: usize = 100;
const EVERY_WRONG: usize = 10;
