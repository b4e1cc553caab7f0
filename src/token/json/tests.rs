use proptest::prelude::*;

use super::{Json, Kind, Malformed, scan_object};

const DEPTH: usize = 16;

fn accepts(text: &str) -> bool {
    scan_object(text.as_bytes(), DEPTH, |_| ()).is_ok()
}

fn parse(text: &str) -> Json<'_> {
    scan_object(text.as_bytes(), DEPTH, |_| ()).expect("valid")
}

#[test]
fn accepts_what_rfc_8259_allows() {
    for text in [
        "{}",
        " \t\r\n{ } \n",
        r#"{"a":1}"#,
        r#"{"a":-0.5e+10,"b":[1,[2,{"c":null}]],"c":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"}"#,
        r#"{"":true,"é":false,"deep":{"a":1,"a":2}}"#,
        "{\"del\":\"\u{7f}\"}",
    ] {
        assert!(accepts(text), "{text}");
    }
}

#[test]
fn refuses_what_readers_disagree_about() {
    for text in [
        "",
        " ",
        "null",
        "[]",
        "\"a\"",
        "\u{feff}{}",
        "{}x",
        "{}{}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}//",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\\u0061\":1,\"a\":2}",
    ] {
        assert_eq!(
            scan_object(text.as_bytes(), DEPTH, |_| ()).map(Json::raw),
            Err(Malformed),
            "{text}"
        );
    }
    assert!(scan_object(b"{\"a\":\"\xff\"}", DEPTH, |_| ()).is_err());
}

#[test]
fn nesting_stops_at_the_limit_and_members_at_theirs() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(accepts(&nested(DEPTH - 1)));
    assert!(!accepts(&nested(DEPTH)));
    assert!(!accepts(&nested(100_000)));
    let members = |count: usize| {
        let members: Vec<_> = (0..count)
            .map(|index| format!("\"m{index}\":{index}"))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(accepts(&members(crate::limits::TOP_LEVEL_MEMBERS)));
    assert!(!accepts(&members(crate::limits::TOP_LEVEL_MEMBERS + 1)));
}

#[test]
fn names_that_are_alike_for_a_while_are_not_the_same() {
    for (one, other) in [
        ("a", "b"),
        ("a", "a\\u0000"),
        ("abcdefgh", "abcdefgh\\u0000"),
        ("abcdefghi", "abcdefghj"),
        ("abcdefgh", "abcdefghabcdefgh"),
        ("", "\\u0000"),
        ("\u{e9}", "e\u{301}"),
    ] {
        assert!(
            accepts(&format!("{{\"{one}\":1,\"{other}\":2}}")),
            "{one} {other}"
        );
        for same in [one, other] {
            let escaped = same.replace('a', "\\u0061").replace('\u{e9}', "\\u00e9");
            assert!(
                !accepts(&format!("{{\"{same}\":1,\"{escaped}\":2}}")),
                "{same}"
            );
        }
    }
}

#[test]
fn values_are_read_where_they_lie() {
    let json = parse(r#"{"s":"a\/b","n":1.5,"i":-7,"o":{"x":{"y":[1,"two",null]}},"t":true}"#);
    assert_eq!(
        json.get("s")
            .and_then(Json::as_text)
            .expect("text")
            .to_cow(),
        "a/b"
    );
    assert_eq!(json.get("n").and_then(Json::as_f64), Some(1.5));
    assert_eq!(json.get("n").and_then(Json::as_i64), None);
    assert_eq!(json.get("i").and_then(Json::as_i64), Some(-7));
    assert_eq!(json.get("t").map(Json::kind), Some(Kind::Bool));
    assert!(json.get("absent").is_none());
    let list = json
        .get("o")
        .and_then(|o| o.get("x"))
        .and_then(|x| x.get("y"))
        .expect("list");
    let elements: Vec<_> = list.elements().map(Json::raw).collect();
    assert_eq!(elements, ["1", "\"two\"", "null"]);
    assert_eq!(json.get("s").expect("s").elements().count(), 0);
}

#[test]
fn texts_compare_by_what_they_say() {
    let json = parse(r#"{"a":"https:\/\/idp","b":"\\u0061","c":"x\\"}"#);
    let text = |name| json.get(name).and_then(Json::as_text).expect("text");
    assert!(text("a") == *"https://idp");
    assert!(text("a") != *"https:\\/\\/idp");
    assert!(text("b") == *"\\u0061");
    assert!(text("b") != *"a");
    assert!(text("c") == *"x\\");
    assert!(text("c") != *"x\\\\");
    let mut buffer = String::new();
    assert_eq!(text("a").resolve(&mut buffer), "https://idp");
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_every_text(text in "[\\[\\]{}:,\"\\\\0-9eE.+\\-tfn ua\\x00-\\x20]{0,24}") {
        let wrapped = format!("{{\"k\":{text}}}");
        let ours = accepts(&wrapped);
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&wrapped);
        // serde_json refuses numbers beyond a double and allows duplicate names.
        let same_names = theirs.as_ref().is_ok_and(|map| map.len() > 1);
        prop_assert!(
            ours == theirs.is_ok() || same_names || text.contains(['e', 'E']) || text.contains('"'),
            "{wrapped:?}: ours {ours}, serde_json {theirs:?}"
        );
    }

    /// Names of up to three words, some with escapes; short alphabets, so that they repeat.
    #[test]
    fn names_are_refused_when_they_repeat_however_they_are_written(
        names in prop::collection::vec(("[ab]{0,2}", 0_usize..20, any::<bool>()), 0..12)
    ) {
        let said: Vec<_> = names
            .iter()
            .map(|(start, pad, _)| format!("{start}{}", "p".repeat(*pad / 5 * 5)))
            .collect();
        let members: Vec<_> = said
            .iter()
            .zip(&names)
            .map(|(name, (.., is_escaped))| {
                let spelled = if *is_escaped {
                    name.replace('a', "\\u0061").replacen('p', "\\u0070", 1)
                } else {
                    name.clone()
                };
                format!("\"{spelled}\":0")
            })
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let distinct: std::collections::BTreeSet<_> = said.iter().collect();
        prop_assert_eq!(accepts(&text), distinct.len() == said.len(), "{}", text);
    }

    #[test]
    fn strings_read_back_as_written(value in "\\PC*", pad in 0_usize..9) {
        let object = serde_json::json!({ "p": "x".repeat(pad), "value": value });
        let text = object.to_string();
        let json = parse(&text);
        let read = json.get("value").and_then(Json::as_text).expect("text");
        prop_assert_eq!(read.to_cow(), value.as_str());
        prop_assert!(read == *value.as_str());
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = scan_object(&bytes, DEPTH, |member| {
            let value = member.value();
            value.elements().count();
            value.members().count();
            let _ = value.as_f64();
        });
    }
}
