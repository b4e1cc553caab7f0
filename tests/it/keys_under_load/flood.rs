//! Tokens with key ids that nobody has.

use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use jotgate::grpc::proto::jotgate::v1::VerifyRequest;
use serde_json::json;

use super::{Client, Load, config};
use crate::support::idp::{Idp, usual_claims};
use crate::support::jotgate::Jotgate;
use crate::support::keys::{SigningKey, base64url};
use crate::support::rpc::Rpc;
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
                scope.spawn(|| flood(&Rpc::connect(jotgate.grpc()), &issuer));
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
    let series =
        r#"jotgate_decisions_total{transport="verify",verdict="deny",reason="key_unknown"}"#;
    assert_eq!(jotgate.metric(series), TOKENS as u64);
}

#[test]
fn a_client_that_keeps_an_old_key_causes_few_fetches_and_hides_no_new_key() {
    let idp = Idp::start();
    let source = idp.source(&json!({ "every": "1h", "min_interval": "200ms" }));
    let jotgate = Jotgate::start_ready(config(&json!({ "corp": idp.trusted(&source) })));
    let token_of = |key: &SigningKey| key.sign(&key.header(), &usual_claims(&idp.issuer()));
    let (old, new) = ["old", "new"]
        .map(|id| SigningKey::generate("ES256", id))
        .into();
    let token = token_of(&old);
    let mut client = Client::http(&jotgate);
    let start = Instant::now();
    while start.elapsed() < INTERVALS * Duration::from_millis(200) {
        assert_eq!(client.ask(&token), "key_unknown");
    }
    // After 1, 2, 4, 8 and 14 of 15 intervals, after the one at the start.
    let fetches = idp.requests();
    assert!((2..=6).contains(&fetches), "{fetches} fetches");

    idp.publish(&[&idp.key, &new]);
    let token = token_of(&new);
    wait::until("the new key is used", || {
        (client.ask(&token) == "ok").then_some(())
    });
    // One more may have been on its way before the new key was published.
    assert!(idp.requests() <= fetches + 2);
}

fn flood(rpc: &Rpc, issuer: &str) {
    let claims = base64url(usual_claims(issuer).to_string());
    // Nobody gets to look at it.
    let signature = base64url([1; 64]);
    let request = || {
        let mut id = [0; 16];
        rand::fill(&mut id).expect("there is randomness");
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": base64url(id) });
        let token = format!("{}.{claims}.{signature}", base64url(header.to_string()));
        VerifyRequest {
            token,
            ..VerifyRequest::default()
        }
    };
    for _ in 0..TOKENS / FLOODERS / BATCH {
        let requests = (0..BATCH).map(|_| request()).collect();
        let answers = rpc.verify_batch(requests);
        assert_eq!(answers.len(), BATCH);
        assert!(answers.iter().all(|answer| answer.reason == "key_unknown"));
    }
}

const INTERVALS: u32 = 15;
const TOKENS: usize = 100_000;
const FLOODERS: usize = 4;
const BATCH: usize = 1000;
const MIN_INTERVAL: Duration = Duration::from_secs(1);
