//! Every way of asking gives the same answer about the same token, and the one the contract says.

mod attacks;
mod corpus;
mod court;

use crate::support::idp::usual_claims;
use corpus::{Case, mutations, refusals};
use court::{Court, ISSUER};

#[test]
fn good_tokens_of_every_algorithm_pass_however_one_asks() {
    let court = Court::open();
    let corpus = court.keys.iter().map(|key| {
        let token = key.sign(&key.header(), &usual_claims(ISSUER));
        Case::new(key.algorithm(), token, "ok")
    });
    court.judge(&corpus.collect::<Vec<_>>());
}

#[test]
fn every_cause_has_the_same_reason_however_one_asks() {
    let court = Court::open();
    court.judge(&refusals(&court));
}

#[test]
fn changed_tokens_of_every_algorithm_are_refused_however_one_asks() {
    let court = Court::open();
    for key in &court.keys {
        let good = key.sign(&key.header(), &usual_claims(ISSUER));
        for token in mutations(&good) {
            let verdicts = court.ask(&[token.as_str()]);
            let (_, first) = &verdicts[0];
            assert_ne!(first[0], "ok", "{token}");
            for (way, verdict) in &verdicts {
                assert_eq!(verdict, first, "{way} about {token}");
            }
        }
    }
}
