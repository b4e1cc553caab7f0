//! Everything that a provider can do wrong, at once, next to one that does all right.

use serde_json::{Map, Value, json};

use super::{Client, Load, config};
use crate::support::idp::{Idp, Mood};
use crate::support::jotgate::Jotgate;
use crate::support::wait;

#[test]
fn a_fault_costs_its_own_issuer_what_it_never_had_and_nobody_anything_else() {
    let elsewhere = Idp::start();
    let healthy = Idp::start();
    let faults = faults(&elsewhere);
    // Faulty from the start, and faulty after a good set.
    let never: Vec<Idp> = faults.iter().map(|_| Idp::start()).collect();
    let later: Vec<Idp> = faults.iter().map(|_| Idp::start()).collect();
    let set_moods = |idps: &[Idp]| {
        for (idp, (mood, ..)) in idps.iter().zip(&faults) {
            idp.set_mood(*mood);
        }
    };
    set_moods(&never);

    let mut issuers = Map::new();
    issuers.insert("healthy".to_owned(), trusted(&healthy, Mood::Good));
    for (when, idps) in [("never", &never), ("later", &later)] {
        for (idp, (mood, name, _)) in idps.iter().zip(&faults) {
            issuers.insert(format!("{when}-{name}"), trusted(idp, *mood));
        }
    }
    let jotgate = Jotgate::start(config(&Value::Object(issuers)));
    let mut client = Client::grpc(&jotgate);
    let mut wait_until_good = |idp: &Idp| {
        let token = idp.token(&json!({}));
        wait::until("an issuer has keys", || {
            (client.ask(&token) == "ok").then_some(())
        });
    };
    wait_until_good(&healthy);
    later.iter().for_each(&mut wait_until_good);
    set_moods(&later);

    let ask = |client: &mut Client| assert_eq!(client.ask(&healthy.token(&json!({}))), "ok");
    Load::during(&jotgate, ask, |load| {
        let mut client = Client::http(&jotgate);
        for (never, (later, (_, name, told))) in never.iter().zip(later.iter().zip(&faults)) {
            for when in ["never", "later"] {
                let issuer = format!("{when}-{name}");
                wait::until(&format!("{issuer}: {told}"), || {
                    error_of(&jotgate, &issuer)?.contains(told).then_some(())
                });
            }
            let answer = client.ask(&never.token(&json!({})));
            assert_eq!(answer, "keys_unavailable", "never-{name}");
            assert_eq!(client.ask(&later.token(&json!({}))), "ok", "later-{name}");
        }
        load.go_on();
    });
    assert_eq!(
        elsewhere.requests(),
        0,
        "nobody went where a redirect pointed"
    );

    for idp in never.iter().chain(&later) {
        idp.set_mood(Mood::Good);
    }
    never.iter().for_each(&mut wait_until_good);
}

/// How a provider is wrong, a name for that, and what the status says about it.
fn faults(elsewhere: &Idp) -> [(Mood, &'static str, &'static str); 9] {
    let redirecting = Mood::Redirecting(elsewhere.address());
    [
        (Mood::Broken, "broken", "answered 500"),
        (Mood::Garbage, "garbage", "not a JSON Web Key Set"),
        (Mood::Empty, "empty", "no usable key"),
        (Mood::Oversized, "oversized", "longer than"),
        (Mood::Bomb, "bomb", "longer than"),
        (redirecting, "redirecting", "another host"),
        (Mood::Hanging, "hanging", "timed out"),
        (Mood::Down, "down", "error"),
        (Mood::OtherIssuer, "other-issuer", "issuer"),
    ]
}

/// The entry of `issuers`; a wrong issuer can only be told by metadata.
fn trusted(idp: &Idp, mood: Mood) -> Value {
    let mut source = json!({
        "refresh": { "every": "500ms", "min_interval": "500ms", "timeout": "2s" },
        "max_bytes": "64KiB",
    });
    if mood == Mood::OtherIssuer {
        source["discovery"] = json!({});
    } else {
        source["jwks_url"] = json!(idp.jwks_url());
    }
    idp.trusted(&source)
}

/// Why the keys of an issuer could not be fetched, if that was so the last time.
fn error_of(jotgate: &Jotgate, issuer: &str) -> Option<String> {
    let status = jotgate.status();
    let issuers = status["issuers"].as_array().expect("a list");
    let issuer = issuers.iter().find(|entry| entry["name"] == issuer);
    let source = &issuer.expect("it is configured")["sources"][0];
    source["error"].as_str().map(str::to_owned)
}
