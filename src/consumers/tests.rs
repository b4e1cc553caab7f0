use zeroize::Zeroizing;

use super::{Caller, Consumer, Consumers, ConsumersBuilder, HEADERS, Material, Refused, headers};
use crate::issuers::Audiences;
use crate::keys::PublicKey;
use crate::signature::{Algorithm, KeyDefect};

fn secret(bytes: &[u8]) -> Material {
    Material::Secret(Zeroizing::new(bytes.to_vec()))
}

fn alice() -> Consumer {
    Consumer {
        name: "alice-app".into(),
        id: Some("7f0c1d2e".into()),
        custom_id: Some("".into()),
        groups: Box::new(["gold".into(), "münchen".into()]),
        audiences: Some(Audiences::OneOf(Box::new(["api".into()]))),
    }
}

#[test]
fn a_credential_leads_to_its_consumer_as_it_was_added() {
    let anybody = Consumer {
        audiences: Some(Audiences::Any),
        ..Consumer::named("anybody")
    };
    let mut builder = ConsumersBuilder::new("kid");
    for (consumer, keys) in [(alice(), ["a", "ä"]), (anybody.clone(), ["b", ""])] {
        let added = builder.add(&consumer).expect("new");
        for key in keys {
            let material = secret(&[7; 32]);
            builder
                .add_credential(added, key, Algorithm::Hs256, &material)
                .expect("new");
        }
    }
    assert_eq!(builder.consumer("alice-app"), Some(alice()));
    assert_eq!(builder.consumer("bob"), None);
    let guest = Consumer::named("guest");
    builder.add(&guest).expect("new");
    let consumers = builder.finish(Some(guest.clone()));
    assert_eq!(consumers.len(), 4);
    assert_eq!(consumers.key_claim(), "kid");
    assert_eq!(consumers.anonymous().map(|guest| &**guest), Some(&guest));
    for (key, consumer) in [
        ("a", alice()),
        ("ä", alice()),
        ("b", anybody.clone()),
        ("", anybody),
    ] {
        let credential = consumers.find(key).expect("there");
        assert_eq!(credential.key(), key);
        assert_eq!(credential.consumer(), consumer);
    }
    assert!(consumers.find("c").is_none());
    assert!(Consumers::default().find("a").is_none());
}

#[test]
fn rekeyed_consumers_are_the_same_but_for_the_keys_that_were_exchanged() {
    let mut builder = ConsumersBuilder::new("kid");
    for (consumer, keys) in [(alice(), ["b", "a"]), (Consumer::named("bob"), ["d", "c"])] {
        let added = builder.add(&consumer).expect("new");
        for key in keys {
            let material = secret(&[7; 32]);
            let added = builder.add_credential(added, key, Algorithm::Hs256, &material);
            added.expect("new");
        }
    }
    let consumers = builder.finish(Some(alice()));
    let order: Vec<_> = consumers
        .credentials()
        .map(|it| it.key().to_owned())
        .collect();
    assert_eq!(order, ["b", "a", "d", "c"]);
    let same = consumers.rekeyed(|_| None).expect("as good as before");
    assert_eq!(same, consumers);
    let exchange =
        |key: &str, bytes| consumers.rekeyed(|it| (it.key() == key).then(|| secret(bytes)));
    let other = exchange("a", &[8; 32]).expect("long enough");
    assert_ne!(other, consumers);
    assert_eq!(other.find("a").expect("there").consumer(), alice());
    assert_eq!(exchange("a", &[7; 32]).expect("long enough"), consumers);
    let refused = exchange("c", &[8; 31]).expect_err("too short");
    assert_eq!(refused, Refused::Defect(KeyDefect::Weak));
}

#[test]
fn names_and_keys_are_given_once() {
    let mut builder = ConsumersBuilder::new("iss");
    let added = builder.add(&alice()).expect("new");
    assert_eq!(
        builder.add(&alice()).map(|_| ()),
        Err(Refused::Taken("alice-app".into()))
    );
    let mut add =
        |key: &str| builder.add_credential(added, key, Algorithm::Hs256, &secret(&[1; 32]));
    assert_eq!(add("k"), Ok(()));
    assert_eq!(add("k"), Err(Refused::Taken("alice-app".into())));
    assert_eq!(add(&"k".repeat(1 << 16)), Err(Refused::TooLarge));
    assert_eq!(add(&"k".repeat((1 << 16) - 2)), Err(Refused::TooLarge));
    assert_eq!(add(&"k".repeat(60_000)), Ok(()));
}

#[test]
fn material_must_be_a_key_of_the_algorithm() {
    let ed25519 = || Material::Public(PublicKey::Ed25519 { x: vec![2; 32] });
    let rsa = |bytes: usize, exponent: &[u8]| {
        Material::Public(PublicKey::Rsa {
            modulus: vec![0xff; bytes],
            exponent: exponent.to_vec(),
        })
    };
    let mut builder = ConsumersBuilder::new("iss");
    let added = builder.add(&alice()).expect("new");
    for (algorithm, material, defect) in [
        (Algorithm::Hs256, secret(&[1; 31]), KeyDefect::Weak),
        (Algorithm::Hs512, secret(&[1; 63]), KeyDefect::Weak),
        (Algorithm::Es256, secret(&[1; 64]), KeyDefect::Algorithm),
        (Algorithm::Hs256, ed25519(), KeyDefect::Algorithm),
        (Algorithm::Es256, ed25519(), KeyDefect::Algorithm),
        (Algorithm::Rs256, rsa(255, &[3]), KeyDefect::Weak),
        (Algorithm::Rs256, rsa(256, &[2]), KeyDefect::Exponent),
        (
            Algorithm::Ps256,
            rsa(256, &[1, 0, 0, 0, 1]),
            KeyDefect::Exponent,
        ),
    ] {
        let refused = builder.add_credential(added, "k", algorithm, &material);
        assert_eq!(refused, Err(Refused::Defect(defect)), "{algorithm:?}");
    }
}

#[test]
fn a_hundred_thousand_credentials_take_less_than_two_hundred_bytes_each_and_show_no_secret() {
    const COUNT: u32 = 100_000;
    let mut builder = ConsumersBuilder::new("iss");
    for number in 0..COUNT {
        let consumer = Consumer {
            name: format!("application-{number}").into(),
            id: Some(format!("7f0c1d2e-0000-4000-8000-{number:012}").into()),
            custom_id: Some(format!("crm-{number}").into()),
            groups: Box::new(["gold".into()]),
            audiences: None,
        };
        let added = builder.add(&consumer).expect("new");
        let material = secret(format!("hunter2 {number:032}").as_bytes());
        let key = format!("{number:032x}");
        builder
            .add_credential(added, &key, Algorithm::Hs256, &material)
            .expect("new");
    }
    let consumers = builder.finish(None);
    assert!(
        consumers.bytes() < 200 * COUNT as usize,
        "{}",
        consumers.bytes()
    );
    for number in [0, 1, COUNT / 2, COUNT - 1] {
        let key = format!("{number:032x}");
        let credential = consumers.find(&key).expect("there");
        let name = format!("application-{number}");
        assert_eq!(*credential.consumer().name, *name);
        assert!(!format!("{credential:?}{:?}", secret(b"hunter2")).contains("hunter2"));
    }
    assert!(consumers.find(&format!("{COUNT:032x}")).is_none());
    assert!(!format!("{consumers:?}").contains("hunter2"));
}

#[test]
fn upstreams_hear_who_calls_and_nothing_that_the_client_made_up() {
    let alice = alice();
    let guest = Consumer {
        id: Some("line\nbreak".into()),
        ..Consumer::named("guest")
    };
    for (caller, expected) in [
        (
            Caller::Consumer(&alice, "a36c"),
            [
                Some("7f0c1d2e"),
                Some(""),
                Some("alice-app"),
                Some("a36c"),
                None,
            ],
        ),
        (
            Caller::Anonymous(&guest),
            [None, None, Some("guest"), None, Some("true")],
        ),
        (Caller::Nobody, [None; 5]),
    ] {
        let set = headers(&caller);
        for (name, expected) in HEADERS.iter().zip(expected) {
            let found = set.iter().find(|(set, _)| set == name);
            assert_eq!(found.map(|(_, value)| &**value), expected, "{name}");
        }
    }
}
