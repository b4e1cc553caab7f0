use super::{JwkPolicy, JwkSetError, ParsedKeys, default_rsa_algorithm, parse_jwk_set};
use crate::limits::{KEY_ID_BYTES, KEYS_PER_SET};
use crate::signature::{Algorithm, AlgorithmSet, KeyDefect};

/// RFC 7517 A.1, the EC key.
const EC: &str = r#""kty":"EC","crv":"P-256",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
/// RFC 8037 A.2.
const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
/// RFC 7517 A.1, the modulus; RFC 7638 3.1 hashes the same key.
const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qv\
zqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4\
lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn rsa(members: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{N}","e":"AQAB"{members}}}"#)
}

fn remote() -> JwkPolicy {
    JwkPolicy::remote(AlgorithmSet::asymmetric())
}

fn parse(keys: &[&str]) -> Result<ParsedKeys, JwkSetError> {
    parse_jwk_set(set(keys).as_bytes(), &remote())
}

fn set(keys: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

#[test]
fn reads_the_public_keys_of_rfc_7517_and_rfc_8037() {
    let sig = format!(r#"{{{EC},"use":"sig","kid":"1"}}"#);
    let keys = parse(&[
        &sig,
        &rsa(r#","alg":"RS256","kid":"2011-04-29""#),
        &format!(r#"{{{ED},"kid":"ed","key_ops":["verify"],"x5t":"ignored"}}"#),
    ])
    .expect("usable")
    .keys;
    let found: Vec<_> = keys
        .iter()
        .map(|key| (key.id().expect("named"), key.algorithm(), key.thumbprint()))
        .collect();
    assert_eq!(
        found,
        [
            (
                "1",
                Algorithm::Es256,
                "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"
            ),
            // RFC 7638 3.1
            (
                "2011-04-29",
                Algorithm::Rs256,
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
            ),
            // RFC 8037 A.3
            (
                "ed",
                Algorithm::Ed25519,
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
            ),
        ]
    );
}

#[test]
fn an_rsa_key_without_alg_gets_one_algorithm() {
    use Algorithm::{Es256, Ps256, Ps384, Rs256, Rs512};
    for (allowed, expected) in [
        (vec![Ps384, Es256], Ps384),
        (vec![Rs512], Rs512),
        (vec![Ps256, Rs512], Rs256),
        (vec![Es256], Rs256),
        (AlgorithmSet::asymmetric().iter().collect(), Rs256),
    ] {
        let allowed: AlgorithmSet = allowed.into_iter().collect();
        assert_eq!(default_rsa_algorithm(allowed), expected);
        let keys = parse_jwk_set(set(&[&rsa("")]).as_bytes(), &JwkPolicy::remote(allowed));
        assert_eq!(keys.expect("usable").keys[0].algorithm(), expected);
    }
    let named = parse(&[&rsa(r#","alg":"PS512""#)]).expect("usable");
    assert_eq!(named.keys[0].algorithm(), Algorithm::Ps512);
}

#[test]
fn an_unusable_key_is_counted_by_its_cause_and_spoils_no_other() {
    use KeyDefect::{Algorithm, Curve, Exponent, KeyOps, Malformed, Symmetric, Type, Use, Weak};
    let long_id = "k".repeat(KEY_ID_BYTES + 1);
    // 256 bytes of which the first bit is zero.
    let small = format!("f{}", "A".repeat(341));
    for (key, defect) in [
        (
            r#"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#.to_owned(),
            Symmetric,
        ),
        (r#"{"kty":"oct","use":"enc"}"#.to_owned(), Symmetric),
        (r#"{"kty":"AKP"}"#.to_owned(), Type),
        (r#"{"kty":"ec"}"#.to_owned(), Type),
        (format!(r#"{{{EC},"use":"enc"}}"#), Use),
        (format!(r#"{{{EC},"use":"SIG"}}"#), Use),
        (format!(r#"{{{EC},"use":"enc","alg":"ECDH-ES"}}"#), Use),
        (format!(r#"{{{EC},"key_ops":["sign"]}}"#), KeyOps),
        (format!(r#"{{{EC},"key_ops":[]}}"#), KeyOps),
        (format!(r#"{{{EC},"alg":"ES384"}}"#), Algorithm),
        (format!(r#"{{{EC},"alg":"none"}}"#), Algorithm),
        (format!(r#"{{{EC},"alg":"HS256"}}"#), Algorithm),
        (format!(r#"{{{EC},"alg":"RS256"}}"#), Algorithm),
        (format!(r#"{{{ED},"alg":"ES256"}}"#), Algorithm),
        (rsa(r#","alg":"HS256""#), Algorithm),
        (rsa(r#","alg":"ES256""#), Algorithm),
        (rsa(r#","alg":"RSA1_5""#), Algorithm),
        (EC.replace("4Etl", "4Etm"), Curve),
        (EC.replace("P-256", "secp256k1"), Curve),
        (ED.replace("Ed25519", "X25519"), Curve),
        (ED.replace("Ed25519", "Ed448"), Curve),
        (rsa("").replace("AQAB", "AQAA"), Exponent),
        (rsa("").replace("AQAB", "AQ"), Exponent),
        (rsa("").replace("AQAB", "AQAAAAAB"), Exponent),
        (rsa("").replace(N, &small), Weak),
        (EC.replace("P-256", "P-384"), Malformed),
        (EC.replace("FyM\"", "FyM=\""), Malformed),
        (EC.replace("FyM\"", "Fy\""), Malformed),
        (EC.replace("\"crv\"", "\"other\""), Malformed),
        (rsa("").replace("\"e\"", "\"other\""), Malformed),
        (format!(r#"{{{EC},"kid":7}}"#), Malformed),
        (format!(r#"{{{EC},"kid":"{long_id}"}}"#), Malformed),
        (format!(r#"{{{EC},"kty":"EC"}}"#), Malformed),
        (format!(r#"{{{EC},"key_ops":"verify"}}"#), Malformed),
        (
            format!(r#"{{{EC},"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}}"#),
            Malformed,
        ),
        (rsa(r#","qi":"AA""#), Malformed),
        ("{}".to_owned(), Malformed),
        ("7".to_owned(), Malformed),
        ("null".to_owned(), Malformed),
        ("[]".to_owned(), Malformed),
    ] {
        let key = if key.starts_with('"') {
            format!("{{{key}}}")
        } else {
            key
        };
        let good = format!(r#"{{{ED},"kid":"good"}}"#);
        let parsed = parse(&[&key, &good]).expect("one is usable");
        assert_eq!(parsed.keys.len(), 1, "{key}");
        assert_eq!(parsed.keys[0].id(), Some("good"));
        assert_eq!(
            (parsed.skipped.of(defect), parsed.skipped.total()),
            (1, 1),
            "{key}"
        );
        let alone = parse(&[&key]).err();
        assert_eq!(alone, Some(JwkSetError::NoneUsable(parsed.skipped)));
    }
}

#[test]
fn null_is_the_same_as_absent() {
    let key = format!(r#"{{{EC},"use":null,"key_ops":null,"alg":null,"kid":null,"d":null}}"#);
    let parsed = parse(&[&key]).expect("usable");
    assert_eq!(parsed.keys[0].id(), None);
}

#[test]
fn what_is_no_key_set_is_refused_as_a_whole() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[}"#,
        "<html>",
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} x"#,
    ] {
        let error = parse_jwk_set(text.as_bytes(), &remote()).err();
        assert!(
            matches!(error, Some(JwkSetError::Malformed { .. })),
            "{text}"
        );
    }
    assert!(matches!(parse(&[]), Err(JwkSetError::NoneUsable(_))));
    let key = rsa("");
    let too_many = vec![key.as_str(); KEYS_PER_SET + 1];
    assert_eq!(
        parse(&too_many).err(),
        Some(JwkSetError::TooMany(KEYS_PER_SET + 1))
    );
}

#[test]
fn a_private_key_in_a_set_of_the_operator_is_an_error() {
    let private = format!(r#"{{{EC},"d":"AA"}}"#);
    let text = set(&[&private, &format!("{{{ED}}}")]);
    let policy = JwkPolicy::local(AlgorithmSet::asymmetric());
    let error = parse_jwk_set(text.as_bytes(), &policy).err();
    assert_eq!(error, Some(JwkSetError::Private));
}

#[test]
fn four_keys_of_one_kid_and_algorithm_are_kept_and_copies_do_not_count() {
    let moduli: Vec<String> = ["0v", "0w", "0x", "0y", "0z"]
        .iter()
        .map(|start| rsa(r#","kid":"a""#).replace("0vx7", &format!("{start}x7")))
        .collect();
    let mut keys: Vec<&str> = moduli.iter().map(String::as_str).collect();
    keys.insert(0, &moduli[0]);
    let other = rsa(r#","kid":"a","alg":"PS256""#);
    keys.push(&other);
    let parsed = parse(&keys).expect("usable");
    assert_eq!(parsed.keys.len(), 5);
    assert_eq!(parsed.skipped.of(KeyDefect::Duplicate), 1);
    assert_eq!(parsed.skipped.total(), 1);
}

#[test]
fn errors_never_show_the_text() {
    let error = parse_jwk_set(br#"{"keys":"hunter2"}"#, &remote()).expect_err("no set");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
