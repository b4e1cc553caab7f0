//! A new key comes, and the old one goes.

use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Value, json};

use super::{Client, Load, config};
use crate::support::idp::{Idp, usual_claims};
use crate::support::jotgate::Jotgate;
use crate::support::keys::SigningKey;
use crate::support::wait;

/// The usual case: providers publish a key well before they use it.
#[test]
fn a_key_that_was_fetched_ahead_is_good_from_its_first_token_on() {
    let rotation = Rotation::start(&json!({ "every": "1s", "min_interval": "1s" }));
    rotation.under_load(|load| {
        rotation.publish_both();
        rotation.wait_for_a_whole_refresh();
        rotation.enter(Phase::NewKnown);
        load.go_on();
        rotation.enter(Phase::Removing);
        rotation.publish_the_new_alone();
        rotation.wait_for_a_whole_refresh();
        rotation.enter(Phase::OldGone);
        load.go_on();
    });
}

/// The careless case: the first token comes with the key, and the next regular refresh in an hour.
#[test]
fn the_first_token_of_a_new_key_fetches_it_and_later_ones_are_never_refused() {
    let rotation = Rotation::start(&json!({ "every": "1h", "min_interval": "2s" }));
    rotation.under_load(|load| {
        assert_eq!(rotation.idp.requests(), 1, "good tokens cause no fetch");
        rotation.publish_both();
        rotation.enter(Phase::Both);
        let mut client = Client::http(&rotation.jotgate);
        wait::until("the new key is used", || {
            (client.ask(&rotation.token(&rotation.new)) == "ok").then_some(())
        });
        // Of all those that `min_interval` allows, the first was enough.
        assert_eq!(rotation.idp.requests(), 2);
        rotation.enter(Phase::NewKnown);
        load.go_on();
        rotation.enter(Phase::Removing);
        rotation.publish_the_new_alone();
        let stranger = SigningKey::generate("ES256", "stranger");
        wait::until("the old key is gone", || {
            assert_eq!(client.ask(&rotation.token(&stranger)), "key_unknown");
            (client.ask(&rotation.token(&rotation.idp.key)) == "key_unknown").then_some(())
        });
        rotation.enter(Phase::OldGone);
        load.go_on();
    });
}

/// What is known about the keys. Only ever moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// There is the old key only.
    OldOnly,
    /// The new key is published and may be in use.
    Both,
    /// The new key was fetched.
    NewKnown,
    /// The old key may be published no more.
    Removing,
    /// A set without the old key was fetched.
    OldGone,
}

impl Phase {
    const ALL: [Self; 5] = [
        Self::OldOnly,
        Self::Both,
        Self::NewKnown,
        Self::Removing,
        Self::OldGone,
    ];
}

struct Rotation {
    idp: Idp,
    new: SigningKey,
    jotgate: Jotgate,
    phase: AtomicU8,
}

impl Rotation {
    fn start(refresh: &Value) -> Self {
        let idp = Idp::start();
        let issuer = idp.trusted(&idp.source(refresh));
        let jotgate = Jotgate::start_ready(config(&json!({ "corp": issuer })));
        Self {
            idp,
            new: SigningKey::generate("ES256", "k2"),
            jotgate,
            phase: AtomicU8::new(0),
        }
    }

    /// Clients use both keys, as far as they may, with tokens that were seen before and others.
    fn under_load(&self, story: impl FnOnce(&Load)) {
        let kept = [self.token(&self.idp.key), self.token(&self.new)];
        let ask = |client: &mut Client| {
            for token in [&kept[0], &self.token(&self.idp.key)] {
                let before = self.phase();
                let answer = client.ask(token);
                let may_be_good = before < Phase::OldGone;
                let may_be_unknown = self.phase() >= Phase::Removing;
                assert_one_of(&answer, may_be_good, may_be_unknown);
            }
            for token in [&kept[1], &self.token(&self.new)] {
                let before = self.phase();
                if before >= Phase::Both {
                    let answer = client.ask(token);
                    assert_one_of(&answer, true, before < Phase::NewKnown);
                }
            }
        };
        Load::during(&self.jotgate, ask, |load| {
            load.go_on();
            story(load);
        });
    }

    fn token(&self, key: &SigningKey) -> String {
        key.sign(&key.header(), &usual_claims(&self.idp.issuer()))
    }

    fn publish_both(&self) {
        self.idp.publish(&[&self.idp.key, &self.new]);
    }

    fn publish_the_new_alone(&self) {
        self.idp.publish(&[&self.new]);
    }

    /// The second request from now on is sent when the answer to the first is in force.
    fn wait_for_a_whole_refresh(&self) {
        let enough = self.idp.requests() + 2;
        wait::until("keys are refreshed", || {
            (self.idp.requests() >= enough).then_some(())
        });
    }

    fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::SeqCst))]
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }
}

fn assert_one_of(answer: &str, may_be_good: bool, may_be_unknown: bool) {
    let is_expected = match answer {
        "ok" => may_be_good,
        "key_unknown" => may_be_unknown,
        _ => false,
    };
    assert!(is_expected, "a wrong verdict: {answer}");
}
