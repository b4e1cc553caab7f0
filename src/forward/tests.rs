use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{Format, ForwardPolicy, Forwarded, HeaderClaim, Protected};
use crate::limits::FORWARD_VALUE_BYTES;
use crate::token::json::scan_object;
use crate::token::{ClaimPath, base64url};

const FORMATS: [Format; 3] = [Format::Csv, Format::Json, Format::First];

/// The one header `x-c` made of the claim `c`, which has this JSON value.
fn render(value: &str, format: Format) -> Option<String> {
    let policy = ForwardPolicy {
        headers: vec![HeaderClaim {
            name: HeaderName::from_static("x-c"),
            claim: ClaimPath::dotted("c").expect("a name"),
            format,
        }],
        ..ForwardPolicy::default()
    };
    let payload = format!("{{\"c\":{value}}}");
    let Forwarded { mut set, absent } = forwarded(&policy, &payload);
    assert_eq!(set.len() + absent.len(), 1, "set or absent, never both");
    set.pop().map(|(_, value)| value.into())
}

fn forwarded(policy: &ForwardPolicy, payload: &str) -> Forwarded {
    let claims = scan_object(payload.as_bytes(), 16, |_| ()).expect("valid JSON");
    Protected::new(policy.names().cloned()).forwarding(policy.render(claims, payload.as_bytes()))
}

#[test]
fn a_claim_is_written_in_its_format_or_withheld() {
    let some = |value: &str| Some(value.to_owned());
    for (claim, csv, json, first) in [
        (r#""u1""#, some("u1"), some(r#""u1""#), some("u1")),
        (r#""a,b""#, some("a,b"), some(r#""a,b""#), some("a,b")),
        (
            r#""a\"b\/""#,
            some("a\"b/"),
            some(r#""a\"b/""#),
            some("a\"b/"),
        ),
        (
            r#""Jörg""#,
            some("Jörg"),
            some(r#""J\u00f6rg""#),
            some("Jörg"),
        ),
        (
            r#""\ud83d\ude00""#,
            some("😀"),
            some(r#""\ud83d\ude00""#),
            some("😀"),
        ),
        ("3", some("3"), some("3"), some("3")),
        (
            "-1.50e+3",
            some("-1.50e+3"),
            some("-1.50e+3"),
            some("-1.50e+3"),
        ),
        ("true", some("true"), some("true"), some("true")),
        ("null", None, None, None),
        (r#""""#, None, None, None),
        (r#"" a""#, None, some(r#"" a""#), None),
        (r#""a ""#, None, some(r#""a ""#), None),
        (r#""a\nb""#, None, None, None),
        (r#""a\u0000""#, None, None, None),
        (r#""a\u007f""#, None, None, None),
        (r#""a\u0085b""#, None, None, None),
        (
            r#"["a", "b"]"#,
            some("a,b"),
            some(r#"["a","b"]"#),
            some("a"),
        ),
        (r#"[1, true]"#, some("1,true"), some("[1,true]"), some("1")),
        (r#"["a,b"]"#, None, some(r#"["a,b"]"#), some("a,b")),
        (r#"["a", ["b"]]"#, None, some(r#"["a",["b"]]"#), some("a")),
        (
            r#"[{"a": 1}]"#,
            None,
            some(r#"[{"a":1}]"#),
            some(r#"{"a":1}"#),
        ),
        (r#"["a", ""]"#, None, some(r#"["a",""]"#), some("a")),
        (r#"["", "a"]"#, None, some(r#"["","a"]"#), None),
        (r#"["a", null]"#, None, some(r#"["a",null]"#), some("a")),
        (r#"[null, "a"]"#, None, some(r#"[null,"a"]"#), None),
        (r#"["a", " b"]"#, None, some(r#"["a"," b"]"#), some("a")),
        (r#"["a", "b\n"]"#, None, None, some("a")),
        ("[]", None, some("[]"), None),
        (
            r#"{ "a" : [ 1 , 2 ] }"#,
            some(r#"{"a":[1,2]}"#),
            some(r#"{"a":[1,2]}"#),
            some(r#"{"a":[1,2]}"#),
        ),
        (r#"{"a\n": 1}"#, None, None, None),
    ] {
        let written = FORMATS.map(|format| render(claim, format));
        assert_eq!(written, [csv, json, first], "{claim}");
    }
}

#[test]
fn a_value_beyond_the_limit_is_withheld() {
    let longest = "a".repeat(FORWARD_VALUE_BYTES);
    assert_eq!(
        render(&format!("\"{longest}\""), Format::Csv),
        Some(longest.clone())
    );
    assert_eq!(render(&format!("\"{longest}a\""), Format::Csv), None);
}

#[test]
fn the_payload_goes_upstream_as_base64url() {
    let policy = ForwardPolicy {
        payload_header: Some(HeaderName::from_static("x-jwt-payload")),
        ..ForwardPolicy::default()
    };
    let payload = "{\"sub\":\"u1\"}";
    let name = HeaderName::from_static("x-jwt-payload");
    let value = base64url::encode(payload.as_bytes()).into();
    assert_eq!(forwarded(&policy, payload).set, [(name, value)]);
}

#[test]
fn other_spellings_of_a_configured_name_are_twins() {
    let header = |name| HeaderClaim {
        name: HeaderName::from_static(name),
        claim: ClaimPath::dotted("sub").expect("a name"),
        format: Format::Csv,
    };
    let policy = ForwardPolicy {
        headers: vec![header("x-user-id"), header("x_tenant")],
        payload_header: Some(HeaderName::from_static("x-jwt-payload")),
        ..ForwardPolicy::default()
    };
    let protected = Protected::new(policy.names().cloned());
    for (name, expected) in [
        ("x_user_id", true),
        ("X_User-ID", true),
        ("x.user.id", true),
        ("x-tenant", true),
        ("x-jwt_payload", true),
        ("x-user-id", false),
        ("X-User-Id", false),
        ("x_tenant", false),
        ("x_user_ids", false),
        ("xauserbid", false),
        ("", false),
    ] {
        assert_eq!(protected.is_twin(name.as_bytes()), expected, "{name}");
    }
    let plain = Protected::new([HeaderName::from_static("x-user-id")]);
    assert!(plain.is_twin(b"x_user_id") && !plain.is_twin(b"X-USER-ID"));
    let names: Vec<_> = policy.names().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x-user-id", "x_tenant", "x-jwt-payload"]);
}

/// JSON of a few shapes with hostile strings in it.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,6}".prop_map(Into::into),
        "[ ,\"a\\x00-\\x20\\x7f]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((".{0,3}", inner), 0..3)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_emitted_is_a_field_value_that_arrives_as_it_left(value in any_json()) {
        for format in FORMATS {
            let Some(text) = render(&value.to_string(), format) else { continue };
            prop_assert!(!text.is_empty() && !text.contains(char::is_control));
            prop_assert_eq!(text.trim_matches([' ', '\t']), &text);
            prop_assert!(HeaderValue::from_bytes(text.as_bytes()).is_ok());
        }
    }

    #[test]
    fn splitting_at_the_commas_gives_the_members_again(
        members in proptest::collection::vec("[ ,a-c]{0,3}", 0..4)
    ) {
        let json = serde_json::Value::from(members.clone());
        if let Some(line) = render(&json.to_string(), Format::Csv) {
            let split: Vec<&str> = line.split(',').map(str::trim).collect();
            prop_assert_eq!(split, members);
        }
    }

    #[test]
    fn the_json_form_is_the_claim_in_ascii(value in any_json()) {
        if let Some(text) = render(&value.to_string(), Format::Json) {
            prop_assert!(text.is_ascii());
            let read: serde_json::Value = serde_json::from_str(&text)?;
            prop_assert_eq!(read, value);
        }
    }
}
