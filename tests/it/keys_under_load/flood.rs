//! Tokens with key ids that nobody has.

use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use serde_json::json;

use super::{Client, Load, config};
use crate::support::idp::{Idp, usual_claims};
use crate::support::jotgate::Jotgate;
use crate::support::keys::base64url;
use crate::support::wait;

#[test]
fn random_key_ids_cause_at_most_one_fetch_per_min_interval_and_good_tokens_pass() {
    let idp = Idp::start();
    // No fetch but those that a missing key causes.
    let source = idp.source(&json!({ "every": "1h", "min_interval": "1s" }));
    let jotgate = Jotgate::start_ready(config(&json!({ "corp": idp.trusted(&source) })));
    let before = idp.requests();
    let token = idp.token(&json!({}));
    let ask = |client: &mut Client| {
        assert_eq!(client.ask(&token), "ok");
        assert_eq!(client.ask(&idp.token(&json!({}))), "ok");
    };
    Load::during(&jotgate, ask, |load| {
        let start = Instant::now();
        let issuer = idp.issuer();
        thread::scope(|scope| {
            for _ in 0..FLOODERS {
                scope.spawn(|| flood(Client::http(&jotgate), &issuer));
            }
        });
        let fetches = idp.requests() - before;
        let intervals = start.elapsed().as_secs() / MIN_INTERVAL.as_secs();
        // One at either end, where a request may be late.
        let most = usize::try_from(intervals).expect("a short while") + 2;
        assert!(
            fetches <= most,
            "{fetches} fetches in {intervals} intervals"
        );
        wait::until("a missing key is looked for", || {
            (idp.requests() > before).then_some(())
        });
        load.go_on();
    });
}

fn flood(mut client: Client, issuer: &str) {
    let claims = base64url(usual_claims(issuer).to_string());
    // Nobody gets to look at it.
    let signature = base64url([1; 64]);
    for _ in 0..TOKENS / FLOODERS {
        let mut id = [0; 16];
        rand::fill(&mut id).expect("there is randomness");
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": base64url(id) });
        let token = format!("{}.{claims}.{signature}", base64url(header.to_string()));
        assert_eq!(client.ask(&token), "key_unknown");
    }
}

/// What a debug build answers in a few seconds.
const TOKENS: usize = 20_000;
const FLOODERS: usize = 4;
const MIN_INTERVAL: Duration = Duration::from_secs(1);
