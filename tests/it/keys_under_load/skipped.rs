//! Keys that are no use, in a set that has a good one, too.

use serde_json::{Value, json};

use super::{Client, config};
use crate::support::idp::{Idp, merged};
use crate::support::jotgate::{Jotgate, command};
use crate::support::keys::{SigningKey, base64url};

#[test]
fn a_set_is_good_for_its_good_key_and_the_others_are_counted_by_cause() {
    let idp = Idp::start();
    let mut keys = vec![idp.key.jwk()];
    let useless = useless();
    keys.extend(useless.iter().map(|(_, key)| key.clone()));
    // Four that share a kid and an algorithm are tried; the fifth is not.
    keys.extend((0..5).map(|_| SigningKey::generate("ES256", "twin").jwk()));
    idp.publish_as_is(keys);
    let jotgate = Jotgate::start_ready(config(&idp.issuers()));
    assert_eq!(Client::http(&jotgate).ask(&idp.token(&json!({}))), "ok");

    let causes = useless.iter().map(|(cause, _)| *cause);
    let mut causes: Vec<&str> = causes.chain(["duplicate"]).collect();
    causes.sort_unstable();
    let source = &jotgate.status()["issuers"][0]["sources"][0];
    let expected: Value = causes
        .iter()
        .map(|cause| ((*cause).to_owned(), json!(1)))
        .collect();
    assert_eq!(source["skipped"], expected);
    assert_eq!(source["keys_from"], "source");
    for cause in &causes {
        let series = format!(r#"jotgate_keys_skipped{{issuer="corp",cause="{cause}"}}"#);
        assert_eq!(jotgate.metric(&series), 1, "{cause}");
    }
    let told: Vec<String> = causes.iter().map(|cause| format!("1 {cause}")).collect();
    let table = command()
        .args(["status", "--admin", &jotgate.admin().to_string()])
        .output()
        .expect("the binary under test runs");
    let table = String::from_utf8(table.stdout).expect("text");
    assert!(table.contains(&told.join(", ")), "{table}");
}

/// One key for each cause, and a name that nobody else has.
fn useless() -> Vec<(&'static str, Value)> {
    let good = SigningKey::generate("ES256", "good").jwk();
    let with = |changes: Value| merged(good.clone(), &changes);
    let rsa = |bytes: usize, exponent: &[u8]| {
        let modulus = base64url(vec![0xC5; bytes]);
        json!({ "kty": "RSA", "n": modulus, "e": base64url(exponent) })
    };
    let keys = [
        ("algorithm", with(json!({ "alg": "RS256" }))),
        ("curve", with(json!({ "crv": "secp256k1", "alg": null }))),
        ("exponent", rsa(256, &[1])),
        ("key_ops", with(json!({ "key_ops": ["sign"] }))),
        ("malformed", with(json!({ "y": null }))),
        (
            "symmetric",
            json!({ "kty": "oct", "k": base64url([7; 32]) }),
        ),
        ("type", with(json!({ "kty": "LWE", "alg": null }))),
        ("use", with(json!({ "use": "enc" }))),
        ("weak", rsa(128, &[1, 0, 1])),
    ];
    let named = keys.into_iter().map(|(cause, mut key)| {
        key["kid"] = json!(cause);
        (cause, key)
    });
    named.collect()
}
