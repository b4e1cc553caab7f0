use serde_json::{Value, json};

use super::{Mint, duration};
use crate::cli::input::{NamedKey, pair};
use crate::signature::{Algorithm, SigningKey};
use crate::time::UnixMillis;
use crate::token::base64url;

#[test]
fn adds_times_an_id_and_the_keys_name() {
    let (header, claims) = mint(&["sub=alice", "level=3"], &[]);
    assert_eq!(header, json!({"alg": "ES256", "kid": "k1", "typ": "JWT"}));
    assert_eq!(claims["iat"], 1000);
    assert_eq!(claims["exp"], 1300);
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["level"], 3);
    assert!(claims["jti"].as_str().is_some_and(|id| id.len() == 22));
}

#[test]
fn what_is_given_wins_and_null_leaves_out() {
    let claims = ["exp=null", "iat=7", "jti=null"];
    let headers = ["typ=at+jwt", "kid=null", "x=[1]"];
    let (header, claims) = mint(&claims, &headers);
    assert_eq!(header, json!({"alg": "ES256", "typ": "at+jwt", "x": [1]}));
    assert_eq!(claims, json!({"iat": 7}));
}

#[test]
fn durations_have_a_unit() {
    for (text, seconds) in [
        ("0s", 0),
        ("90s", 90),
        ("5m", 300),
        ("24h", 86_400),
        ("7d", 604_800),
    ] {
        assert_eq!(duration(text).map(|ttl| ttl.as_secs()), Ok(seconds));
    }
    for text in [
        "",
        "5",
        "m",
        "-5m",
        "5 m",
        "1.5h",
        "5M",
        "99999999999999999999s",
        "5€",
    ] {
        assert!(duration(text).is_err(), "{text:?}");
    }
}

fn mint(claims: &[&str], headers: &[&str]) -> (Value, Value) {
    let pairs = |texts: &[&str]| texts.iter().map(|text| pair(text).unwrap()).collect();
    let mint = Mint {
        key: "unused".into(),
        claims: pairs(claims),
        ttl: duration("5m").unwrap(),
        headers: pairs(headers),
    };
    let named = NamedKey {
        key: SigningKey::generate(Algorithm::Es256).unwrap(),
        kid: Some("k1".to_owned()),
    };
    let token = mint.token(&named, UnixMillis::from_seconds(1000)).unwrap();
    let mut parts = token.split('.').map(|part| {
        let mut buffer = Vec::new();
        serde_json::from_slice(base64url::decode(part.as_bytes(), &mut buffer).unwrap())
    });
    let mut next = || parts.next().unwrap().unwrap();
    (next(), next())
}
