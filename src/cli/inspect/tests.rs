use serde_json::{Value, json};

use super::{Report, print};
use crate::signature::{Algorithm, SigningKey, sign_token};
use crate::time::UnixMillis;
use crate::token::base64url;

#[test]
fn a_good_token_has_nothing_to_say_about() {
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    assert_eq!(
        codes(&signed(&header, &good_claims())),
        Vec::<String>::new()
    );
}

#[test]
fn headers_are_held_against_the_best_current_practice() {
    let cases = [
        (json!({"alg": "none"}), "refused alg_none"),
        (json!({"alg": "nOnE"}), "refused alg_none"),
        (json!({"alg": "RS1"}), "refused alg_unknown"),
        (json!({"alg": 3}), "refused alg_unknown"),
        (json!({"alg": null}), "refused alg_missing"),
        (json!({"alg": "HS256"}), "warning alg_symmetric"),
        (json!({"alg": "EdDSA"}), "note alg_polymorphic"),
        (json!({"alg": "ES384"}), "refused signature_length"),
        (json!({"alg": "RS256"}), "refused weak_key"),
        (json!({"kid": null}), "warning kid_missing"),
        (json!({"kid": 1}), "refused kid_type"),
        (json!({"kid": "../../etc/passwd"}), "warning kid_suspicious"),
        (json!({"kid": "a' or 1=1"}), "warning kid_suspicious"),
        (json!({"kid": "k".repeat(2000)}), "refused kid_too_long"),
        (json!({"typ": null}), "warning typ_missing"),
        (json!({"typ": "jwt"}), "note typ_generic"),
        (json!({"typ": 1}), "refused typ_type"),
        (json!({"crit": ["exp"]}), "refused extension"),
        (json!({"b64": true}), "refused extension"),
        (json!({"cty": "JWT"}), "refused nested"),
        (
            json!({"jku": "https://evil.example/keys"}),
            "warning own_key",
        ),
        (
            json!({"x5u": "https://evil.example/cert"}),
            "warning own_key",
        ),
        (json!({"jwk": {}}), "warning own_key"),
        (json!({"x5c": []}), "warning own_key"),
    ];
    for (change, finding) in cases {
        let header = changed(
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}),
            &change,
        );
        let codes = codes(&signed(&header, &good_claims()));
        assert!(codes.contains(&finding.to_owned()), "{change}: {codes:?}");
    }
}

#[test]
fn claims_are_held_against_the_best_current_practice() {
    let cases = [
        (json!({"iss": null}), "refused iss_missing"),
        (json!({"iss": 1}), "refused iss_type"),
        (json!({"sub": null}), "note sub_missing"),
        (json!({"sub": 1}), "refused claim_type"),
        (json!({"jti": 1}), "refused claim_type"),
        (json!({"aud": null}), "warning aud_missing"),
        (json!({"aud": []}), "warning aud_missing"),
        (json!({"aud": 1}), "refused aud_type"),
        (json!({"aud": ["a", 1]}), "refused aud_type"),
        (json!({"exp": null}), "warning exp_missing"),
        (json!({"exp": "soon"}), "refused time_type"),
        (json!({"exp": 1e300}), "refused time_type"),
        (json!({"exp": NOW}), "warning expired"),
        (json!({"exp": NOW + 100_000}), "warning lifetime_long"),
        (json!({"exp": NOW * 1000}), "warning time_in_milliseconds"),
        (json!({"nbf": NOW + 1}), "warning not_yet_valid"),
        (json!({"iat": NOW + 1}), "warning not_yet_valid"),
        (json!({"iat": null}), "note iat_missing"),
        (json!({"cnf": {}}), "refused bound"),
        (json!({"user_Password": "x"}), "warning secret_claim"),
    ];
    for (change, finding) in cases {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
        let codes = codes(&signed(&header, &changed(good_claims(), &change)));
        assert!(codes.contains(&finding.to_owned()), "{change}: {codes:?}");
    }
}

#[test]
fn a_broken_token_is_read_as_far_as_it_goes() {
    let part = |text: &str| base64url::encode(text.as_bytes());
    let header = part(r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#);
    let claims = part(&good_claims().to_string());
    let cases = [
        (String::new(), false, "refused parts"),
        ("hello".to_owned(), false, "refused parts"),
        (format!("{header}.{claims}"), true, "refused parts"),
        (format!("{header}.{claims}.a.b"), true, "refused parts"),
        (format!("{header}.a.b.c.d"), false, "refused encrypted"),
        (
            r#"{"payload":""}"#.to_owned(),
            false,
            "refused json_serialization",
        ),
        (format!("{header}.{claims}."), true, "refused unsigned"),
        (
            format!("{header}==.{claims}.QUJD"),
            true,
            "refused base64url",
        ),
        (
            format!("{header}.{claims}.QUJ"),
            true,
            "refused signature_length",
        ),
        (
            format!("{header}.{claims}.QUJDR"),
            true,
            "refused base64url",
        ),
        (format!("{header}.{claims}.QR"), true, "refused base64url"),
        (format!("{header}.{claims}.++"), true, "refused base64url"),
        (
            format!("{header}.{}.QUJD", part("[1]")),
            false,
            "refused json",
        ),
        (
            format!("{header}.{}.QUJD", part("{\"a\":1")),
            false,
            "refused json",
        ),
        (
            format!("{}.{claims}.QUJD", part("\u{feff}{}")),
            false,
            "refused json",
        ),
        (
            format!("{header}.{}.QUJD", part(r#"{"sub":"a","sub":"b"}"#)),
            true,
            "refused duplicate",
        ),
        (
            format!("{header}.{}.QUJD", part(r#"{"s":1,"\u0073":2}"#)),
            true,
            "refused duplicate",
        ),
        (
            format!("{header}.{}.QUJD", part(&nested(20))),
            true,
            "refused json",
        ),
        ("....".to_owned(), false, "refused encrypted"),
        ("é.ü.ö".to_owned(), false, "refused base64url"),
    ];
    for (token, is_token, finding) in cases {
        let report = Report::of(&token, UnixMillis::from_seconds(NOW));
        assert_eq!(report.anatomy.is_token(), is_token, "{token}");
        let codes = codes(&token);
        assert!(codes.contains(&finding.to_owned()), "{token}: {codes:?}");
    }
}

#[test]
fn every_prefix_of_a_token_is_reported_on_without_a_panic() {
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    let token = signed(&header, &good_claims());
    for end in 0..token.len() {
        assert!(!text(&token[..end]).is_empty());
    }
}

#[test]
fn the_text_says_first_that_nothing_is_verified_and_shows_times_for_people() {
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    let text = text(&signed(&header, &good_claims()));
    let plain = anstream::adapter::strip_str(&text).to_string();
    assert!(plain.starts_with("NOT VERIFIED"), "{plain}");
    assert!(
        plain.contains("exp       2023-11-14T22:18:20Z  in 5 minutes"),
        "{plain}"
    );
    assert!(plain.contains("\"sub\": \"u1\""), "{plain}");
}

#[test]
fn what_a_token_says_cannot_steer_the_terminal() {
    let claims = changed(
        good_claims(),
        &json!({"sub": "a\u{1b}[2J\u{202e}b\u{9b}", "\u{202e}": 1}),
    );
    let header = json!({"alg": "\u{1b}[31m\u{202e}", "kid": "'\u{1b}]0;x\u{7}"});
    let text = text(&signed(&header, &claims));
    let plain = anstream::adapter::strip_str(&text).to_string();
    let is_harmless =
        |character: char| character == '\n' || !(character.is_control() || character == '\u{202e}');
    assert!(plain.chars().all(is_harmless), "{plain:?}");
    assert!(!text.contains("\u{1b}[2J"), "{text:?}");
}

#[test]
fn the_json_has_the_parts_and_the_findings() {
    let header = json!({"alg": "ES256", "kid": "k1"});
    let mut out = Vec::new();
    let report = Report::of(
        &signed(&header, &good_claims()),
        UnixMillis::from_seconds(NOW),
    );
    print::json(&report, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["verified"], false);
    assert_eq!(document["token"], true);
    assert_eq!(document["header"], header);
    assert_eq!(document["claims"], good_claims());
    assert_eq!(document["times"]["exp"], "2023-11-14T22:18:20Z");
    assert_eq!(document["signature_bytes"], 64);
    assert_eq!(document["findings"][0]["code"], "typ_missing");
}

fn codes(token: &str) -> Vec<String> {
    let report = Report::of(token, UnixMillis::from_seconds(NOW));
    let code =
        |finding: &super::finding::Finding| format!("{} {}", finding.level.name(), finding.code);
    report.findings.iter().map(code).collect()
}

fn text(token: &str) -> String {
    let mut out = Vec::new();
    let report = Report::of(token, UnixMillis::from_seconds(NOW));
    print::text(&report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn signed(header: &Value, claims: &Value) -> String {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let header = header.as_object().unwrap();
    let token = sign_token(header, claims, &key).unwrap();
    if header.contains_key("alg") {
        return token;
    }
    // `sign_token` names the algorithm where nothing else is said.
    let rest = token.split_once('.').unwrap().1;
    let header = base64url::encode(Value::Object(header.clone()).to_string().as_bytes());
    format!("{header}.{rest}")
}

/// `object` with the members of `change` over it; `null` takes a member away.
fn changed(mut object: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        let object = object.as_object_mut().unwrap();
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    object
}

fn good_claims() -> Value {
    json!({
        "iss": "https://idp.example.com/", "aud": "orders-api", "sub": "u1",
        "iat": NOW, "exp": NOW + 300,
    })
}

fn nested(depth: usize) -> String {
    format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth))
}

const NOW: i64 = 1_700_000_000;
