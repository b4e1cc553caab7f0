//! The attacks that JOSE libraries and gateways fell for, as one table: what each of them is, where
//! it was seen, and what is said about it. It is judged on every way of asking; without a cache,
//! with a warm one, and with rules and consumers beside the issuers.
//!
//! `docs/attacks.md` is this table.

mod algorithms;
mod claims;
mod document;
mod forge;
mod headers;
mod json;
mod keys;
mod outsize;
mod replay;
mod shape;
mod signatures;
mod times;

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::corpus::Case;
use super::court::{Court, IDENTITY, ISSUER};
use crate::support::idp::usual_claims;
use crate::support::keys::SigningKey;
use forge::Forge;

/// A named attack.
pub struct Attack {
    /// What is attacked.
    class: &'static str,
    /// Where it was seen, or which rule is broken; empty where it is only an idea.
    seen: &'static str,
    case: Case,
}

#[test]
fn every_attack_meets_its_reason_without_a_cache() {
    let stage = Stage::open(&json!({ "cache": { "max_bytes": 0 } }));
    stage.judge(&stage.attacks());
}

#[test]
fn every_attack_meets_its_reason_beside_a_warm_cache_and_poisons_nothing() {
    let stage = Stage::open(&json!({}));
    let attacks = stage.attacks();
    let good = stage.good();
    stage.court.judge(&good);
    stage.judge(&attacks);
    stage.court.judge(&good);
}

#[test]
fn every_attack_meets_its_reason_with_rules_and_consumers_and_nobody_becomes_somebody() {
    let stage = Stage::open(&stage_with_rules());
    let mut attacks = stage.attacks();
    attacks.extend(replay::attacks_on_consumers(&stage.court, &stage.consumer));
    document::compare(&attacks);
    stage.court.judge(&stage.good());
    stage.judge(&attacks);
    for Attack { case, .. } in &attacks {
        stage.identify(case);
    }
}

/// jotgate, the keys that are known to it, and a listener where an attacker would like it to call.
struct Stage {
    court: Court,
    trap: TcpListener,
    consumer: SigningKey,
}

impl Stage {
    fn open(changes: &Value) -> Self {
        let consumer = SigningKey::generate("HS256", CONSUMER);
        let mut changes = changes.clone();
        if let Some(consumers) = changes.get_mut("consumers") {
            consumers["alice-app"]["credentials"] = json!([consumer.credential()]);
        }
        let trap = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        trap.set_nonblocking(true).expect("a socket can be so");
        Self {
            court: Court::open_with(&keys::published(), &changes),
            trap,
            consumer,
        }
    }

    fn attacks(&self) -> Vec<Attack> {
        let trap = self.trap.local_addr().expect("it is bound");
        let forge = Forge::new(&self.court, format!("http://{trap}/keys"));
        let tables = [
            algorithms::attacks,
            headers::attacks,
            keys::attacks,
            signatures::attacks,
            shape::attacks,
            json::attacks,
            times::attacks,
            claims::attacks,
            replay::attacks,
        ];
        tables.iter().flat_map(|table| table(&forge)).collect()
    }

    /// Good tokens of every algorithm.
    fn good(&self) -> Vec<Case> {
        let token = |key: &SigningKey| key.sign(&key.header(), &usual_claims(ISSUER));
        let keys = self.court.keys.iter();
        keys.map(|key| Case::new(key.algorithm(), token(key), "ok"))
            .collect()
    }

    /// Where a rule forgives, a bad token makes nobody of its sender, and where one may be missing it
    /// is not taken for none.
    fn identify(&self, case: &Case) {
        let identity = |path| self.court.identity(path, &case.token);
        let (permissive, optional) = (identity("/permissive"), identity("/optional"));
        let reason = self.court.reason_here(case.reason_in_a_field);
        if reason == "ok" {
            let identity = optional.expect(&case.name);
            assert!(identity.is_some(), "{}", case.name);
            assert_eq!(permissive, Ok(identity), "{}", case.name);
            return;
        }
        assert_eq!(optional, Err(reason.to_owned()), "{}", case.name);
        if reason == "keys_unavailable" {
            assert_eq!(permissive, optional, "nothing was decided");
        } else {
            assert_eq!(permissive, Ok(None), "{}", case.name);
        }
    }

    fn judge(&self, attacks: &[Attack]) {
        let cases: Vec<Case> = attacks.iter().map(|attack| attack.case.clone()).collect();
        self.court.judge(&cases);
        let call = self.trap.accept().map_err(|error| error.kind());
        assert_eq!(call.err(), Some(ErrorKind::WouldBlock), "jotgate was lured");
    }
}

fn stage_with_rules() -> Value {
    let forward = json!({ "headers": { IDENTITY: "sub" } });
    json!({
        "forward": forward,
        "rules": [
            { "name": "permissive", "match": { "paths": ["/permissive"] }, "access": "permissive" },
            { "name": "optional", "match": { "paths": ["/optional"] }, "access": "optional" },
            { "name": "orders", "match": { "paths": ["/orders"] }, "require": [
                { "claim": "sub", "exists": true },
                { "cel": "request.method == 'GET'" },
            ] },
        ],
        "consumers": { "alice-app": { "id": "1" } },
    })
}

/// What tokens name the credential of the one consumer by.
const CONSUMER: &str = "alice-key";
