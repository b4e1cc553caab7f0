//! A key rolls over while tokens are issued and used.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use jsonwebtoken::decode_header;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use super::{ISSUER, decoded};
use crate::support::http::Request;
use crate::support::idp::Idp;
use crate::support::jotgate::{self, Jotgate};
use crate::support::wait;

/// Tokens before the rollover, and as many after it.
const TOKENS: usize = 50;
const WORKERS: usize = 4;

#[test]
fn nobody_refuses_a_token_while_the_key_rolls_over_under_load() {
    let state = tempfile::tempdir().expect("a directory");
    make_known_keys(state.path());
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp, state.path()));
    // A client that fetched the keys before, and keeps them for as long as it was told: longer than
    // this takes.
    let published = Request::get("/.well-known/jwks.json").send(jotgate.http());
    assert_eq!(
        published.header("cache-control"),
        Some("public, max-age=300")
    );
    let early: JwkSet = serde_json::from_slice(&published.body).expect("a key set");

    let repeated = idp.token(&json!({ "sub": "every time" }));
    let (issued, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (idp, jotgate, issued, is_over, count) =
                (&idp, &jotgate, &issued, &is_over, &count);
            let repeated = &repeated;
            scope.spawn(move || {
                let mut number = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let fresh = idp.token(&json!({ "sub": format!("{worker}-{number}") }));
                    number += 1;
                    for external in [&fresh, repeated] {
                        let internal = internal_token(jotgate, external);
                        let again = Request::get("/auth").bearer(&internal).send(jotgate.http());
                        assert_eq!(again.status, 200, "refused here: {}", again.text());
                        issued.lock().expect("no panic").push(internal);
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Also if this thread panics: the others would go on for ever.
        let over = Over(&is_over);
        let more = |tokens: usize| {
            let before = count.load(Ordering::Relaxed);
            wait::until("there is load", || {
                (count.load(Ordering::Relaxed) >= before + tokens).then_some(())
            });
        };
        more(TOKENS);
        let output = rotate(&jotgate);
        more(TOKENS);
        drop(over);
        assert!(output.0, "{}", output.1);
    });

    let late = Request::get("/.well-known/jwks.json").send(jotgate.http());
    let late: JwkSet = serde_json::from_slice(&late.body).expect("a key set");
    let issued = issued.into_inner().expect("no panic");
    let mut signers: Vec<String> = Vec::new();
    for token in &issued {
        let id = decode_header(token).expect("a header").kid.expect("a kid");
        for set in [&early, &late] {
            assert_eq!(decoded(set, token)["iss"], ISSUER);
        }
        if !signers.contains(&id) {
            signers.push(id);
        }
    }
    assert_eq!(signers.len(), 2, "of {} tokens", issued.len());
    assert_eq!((early.keys.len(), late.keys.len()), (2, 3));
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn config(idp: &Idp, state: &Path) -> Value {
    let ours = json!({ "issuer": ISSUER, "audiences": ["orders-api"], "keys": [{ "own": {} }] });
    let mut issuers = idp.issuers();
    issuers["ours"] = ours;
    json!({
        "server": { "state_dir": state },
        "issue": {
            "issuer": ISSUER,
            "keys": [{ "generate": {} }],
            "profiles": { "internal": { "audiences": ["orders-api"] } },
        },
        "forward": { "internal_token": { "profile": "internal", "header": "x-internal-token" } },
        "issuers": issuers,
    })
}

fn internal_token(jotgate: &Jotgate, external: &str) -> String {
    let allowed = Request::get("/auth").bearer(external).send(jotgate.http());
    let internal = allowed.header("x-internal-token");
    internal
        .unwrap_or_else(|| panic!("{}", allowed.text()))
        .to_owned()
}

/// `jotgate keys rotate`: whether it did, and what it says.
pub(super) fn rotate(jotgate: &Jotgate) -> (bool, String) {
    let output = jotgate::command()
        .args(["keys", "rotate", "--admin", &jotgate.admin().to_string()])
        .output()
        .expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Puts generated ES256 keys into `state`, as a process leaves them that has run for a while: the
/// next one is known to everybody.
pub(super) fn make_known_keys(state: &Path) {
    let idp = Idp::start();
    drop(Jotgate::start_ready(config(&idp, state)));
    let file = state.join("signing-ES256.keys");
    let content = fs::read_to_string(&file).expect("they were saved");
    let (_, keys) = content.split_once('\n').expect("two lines");
    let mut keys: Value = serde_json::from_str(keys).expect("JSON");
    for key in keys.as_array_mut().expect("keys") {
        key["known_from"] = json!(0);
    }
    let keys = keys.to_string();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, keys.as_bytes());
    let digest = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let digest = digest.collect::<String>();
    fs::write(&file, format!("jotgate-signing-1 {digest}\n{keys}")).expect("written");
}
