//! A worker's part in repeat-token `Check`s: the bytes of a request become those of the answer.
//! Takes how many rules, issuers, keys of each issuer and consumers there are; `growth.py` beside it
//! counts instructions.

#[path = "../../benches/common/gate.rs"]
#[allow(dead_code, reason = "shared with the benchmarks, which use more of it")]
mod gate;

use std::env;
use std::sync::Arc;

use gate::{Setup, check_request_for, forward};
use jotgate::consumers::{Consumer, Consumers, ConsumersBuilder, Material};
use jotgate::gate::Gate;
use jotgate::grpc::check;
use jotgate::issuers::{Audiences, Issuer, IssuerPolicy};
use jotgate::keys::{Key, KeyStore};
use jotgate::matching::Match;
use jotgate::rules::RuleSettings;
use jotgate::signature::{Algorithm, SigningKey, sign_token};
use jotgate::time::{ManualClock, UnixMillis};
use serde_json::{Map, json};
use zeroize::Zeroizing;

const NOW: UnixMillis = UnixMillis::from_seconds(1_900_000_000);
const SECRET: &[u8] = b"a secret of at least 32 bytes, as RFC 7518 asks";
const CHECKS: usize = 200;

fn main() {
    let counts: Vec<usize> = env::args()
        .skip(1)
        .flat_map(|count| count.parse())
        .collect();
    let [rules, issuers, keys, consumers] = counts[..] else {
        panic!("usage: RULES ISSUERS KEYS CONSUMERS");
    };
    let configured = Configured {
        rules,
        issuers,
        keys,
        consumers,
    };
    let key = SigningKey::generate(Algorithm::Es256).expect("generated");
    let application = SigningKey::from_jwk(&json!({
        "kty": "oct", "alg": "HS256", "k": jotgate::token::base64url::encode(SECRET),
    }));
    let application = application.expect("a secret");
    let gate = gate(&key, &configured);
    // The last of each: whoever tried them one by one would take longest.
    let requests = [("corp", &key), ("application", &application)].map(|(issuer, key)| {
        let issuer = match issuer {
            "corp" => issuer_name(issuers - 1),
            other => format!("{other}-{}", consumers - 1),
        };
        let mut header = Map::new();
        if issuer.starts_with("https") {
            header.insert("kid".to_owned(), key_id(keys - 1).into());
        }
        let claims = json!({
            "iss": issuer, "aud": "orders-api", "sub": "alice", "exp": NOW.seconds() + 60,
        });
        let token = sign_token(&header, &claims, key).expect("signed");
        check_request_for(&format!("/orders-{}/1", rules - 1), &token)
    });
    let refused = check::answer(&gate, &check_request_for("/orders-0/1", "x.y.z"));
    let allowed = check::answer(&gate, &requests[0]);
    assert_ne!(refused, allowed);
    assert_eq!(check::answer(&gate, &requests[0]), allowed);
    let bytes = repeat_checks(&gate, &requests);
    println!("{} checks, {bytes} bytes", CHECKS * requests.len());
}

/// What is counted. A loop, because a closure would have its name, too, and counting would stop
/// where it is entered.
#[inline(never)]
fn repeat_checks(gate: &Gate, requests: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    for _ in 0..CHECKS {
        for request in requests {
            bytes += check::answer(gate, request).message().len();
        }
    }
    bytes
}

/// How much there is of everything.
struct Configured {
    rules: usize,
    issuers: usize,
    keys: usize,
    consumers: usize,
}

fn gate(key: &SigningKey, configured: &Configured) -> Gate {
    let rules = (0..configured.rules).map(|place| RuleSettings {
        name: Some(format!("rule-{place}").into()),
        matches: Match {
            paths: Box::new([format!("/orders-{place}/{{id}}")
                .parse()
                .expect("a pattern")]),
            ..Match::default()
        },
        forward: forward(&[("x-user-id", "sub")]),
        ..RuleSettings::default()
    });
    let issuers = (0..configured.issuers).map(|place| issuer(key, place, configured.keys));
    let mut setup = Setup::new(issuers.collect());
    setup.consumers = table(configured.consumers);
    setup.rules = rules.collect();
    setup.gate(Arc::new(ManualClock::new(NOW)))
}

/// An issuer with many keys. They are one key under many names: what is searched are names.
fn issuer(key: &SigningKey, place: usize, keys: usize) -> Arc<Issuer> {
    let public = key.verifying_key().expect("public");
    let keys = (0..keys).map(|place| {
        let thumbprint = format!("thumbprint-{place}");
        Key::new(Some(&key_id(place)), thumbprint, public.clone())
    });
    let audiences = Audiences::OneOf(Box::new(["orders-api".into()]));
    let name = issuer_name(place);
    Arc::new(Issuer {
        policy: IssuerPolicy::new(&format!("corp-{place}"), &name, audiences),
        keys: Arc::new(KeyStore::fixed(keys.collect())),
    })
}

fn issuer_name(place: usize) -> String {
    format!("https://idp-{place}.example.com/")
}

fn key_id(place: usize) -> String {
    format!("key-{place}")
}

fn table(consumers: usize) -> Consumers {
    let mut builder = ConsumersBuilder::new("iss");
    let material = Material::Secret(Zeroizing::new(SECRET.to_vec()));
    for place in 0..consumers {
        let name = format!("application-{place}");
        let added = builder.add(&Consumer::named(&name)).expect("room");
        let added = builder.add_credential(added, &name, Algorithm::Hs256, &material);
        added.expect("room");
    }
    builder.finish(None)
}
