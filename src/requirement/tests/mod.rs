mod properties;

use serde_json::json;

use super::{
    ClaimTest, Condition, Facts, Lines, Names, Number, Pattern, RequestFacts, Requirement,
    TokenFacts, Value,
};
use crate::reason::Reason;
use crate::token::ClaimPath;
use crate::token::json::{Json, scan_object};

fn scanned(json: &str) -> Json<'_> {
    scan_object(json.as_bytes(), 32, |_| ()).expect("valid JSON")
}

fn facts(claims: &str) -> Facts<'_> {
    let token = TokenFacts {
        claims: scanned(claims),
        header: scanned("{}"),
        consumer: None,
    };
    let request = RequestFacts::NONE;
    Facts { token, request }
}

fn path(path: &str) -> ClaimPath {
    ClaimPath::dotted(path).expect("a path")
}

fn names(names: &[&str]) -> Box<[Box<str>]> {
    names.iter().map(|name| Box::from(*name)).collect()
}

fn claim(name: &str, test: ClaimTest) -> Requirement {
    let path = path(name);
    Requirement::Claim { path, test }
}

fn scope(scope: &str) -> Requirement {
    Requirement::Scope(Names::All(names(&[scope])))
}

fn role(role: &str) -> Requirement {
    let (claim, names) = (path("roles"), Names::Any(names(&[role])));
    Requirement::Role { claim, names }
}

fn cel(source: &str) -> Requirement {
    Requirement::Cel(Condition::new(source).expect(source))
}

fn not(requirement: Requirement) -> Requirement {
    Requirement::Not(Box::new(requirement))
}

fn check(requirement: Requirement, claims: &str) -> Result<(), Reason> {
    Lines::new([requirement]).check(&facts(claims))
}

fn value(value: serde_json::Value) -> Value {
    Value::from(&value)
}

/// Every test there is, with values that some claims below satisfy.
fn tests() -> Vec<ClaimTest> {
    let pattern = |source| ClaimTest::Matches(Pattern::new(source).expect(source));
    vec![
        ClaimTest::Equals(value(json!("acme"))),
        ClaimTest::Equals(value(json!(3))),
        ClaimTest::Equals(value(json!(true))),
        ClaimTest::Equals(value(json!(["a", 1]))),
        ClaimTest::Equals(value(json!({"a": 1, "b": [null]}))),
        ClaimTest::OneOf([value(json!("acme")), value(json!(3))].into()),
        ClaimTest::Contains(value(json!("acme"))),
        ClaimTest::Contains(value(json!(3))),
        ClaimTest::Prefix("ac".into()),
        pattern("a.*e"),
        pattern("c|a|acme"),
        ClaimTest::Exists(true),
        ClaimTest::Exists(false),
        ClaimTest::AtLeast(Number::from(3)),
        ClaimTest::AtMost(Number::from(3)),
    ]
}

#[test]
fn every_test_of_every_type_of_claim() {
    // One column for each of the tests above.
    for (claims, expected) in [
        (r#"{}"#, "............x.."),
        (r#"{"c": null}"#, "............x.."),
        (r#"{"c": "acme"}"#, "x....xx.xxxx..."),
        (r#"{"c": "\u0061c\u006de"}"#, "x....xx.xxxx..."),
        (r#"{"c": "acm"}"#, "........x..x..."),
        (r#"{"c": "acme "}"#, "........x..x..."),
        (r#"{"c": "acme\n"}"#, "........x..x..."),
        (r#"{"c": "Acme"}"#, "...........x..."),
        (r#"{"c": "a"}"#, "..........xx..."),
        (r#"{"c": ""}"#, "...........x..."),
        (r#"{"c": "3"}"#, "...........x..."),
        (r#"{"c": 3}"#, ".x...x.....x.xx"),
        (r#"{"c": 3.0}"#, ".x...x.....x.xx"),
        (r#"{"c": 0.3e1}"#, ".x...x.....x.xx"),
        (r#"{"c": 3.5}"#, "...........x.x."),
        (r#"{"c": -3}"#, "...........x..x"),
        (r#"{"c": 1e999}"#, "...........x.x."),
        (r#"{"c": -1e999}"#, "...........x..x"),
        (r#"{"c": 1e-999}"#, "...........x..x"),
        (r#"{"c": true}"#, "..x........x..."),
        (r#"{"c": false}"#, "...........x..."),
        (r#"{"c": []}"#, "...........x..."),
        (r#"{"c": ["a", 1]}"#, "...x.......x..."),
        (r#"{"c": ["a", 1.0]}"#, "...x.......x..."),
        (r#"{"c": [1, "a"]}"#, "...........x..."),
        (r#"{"c": ["a", 1, 1]}"#, "...........x..."),
        (r#"{"c": ["a"]}"#, "...........x..."),
        (r#"{"c": ["x", "acme", 3]}"#, "......xx...x..."),
        (r#"{"c": [["acme"]]}"#, "...........x..."),
        (r#"{"c": [null, 3e0]}"#, ".......x...x..."),
        (r#"{"c": {}}"#, "...........x..."),
        (r#"{"c": {"acme": 3}}"#, "...........x..."),
        (r#"{"c": {"b": [null], "a": 1.0}}"#, "....x......x..."),
        (r#"{"c": {"\u0062": [null], "a": 1}}"#, "....x......x..."),
        (r#"{"c": {"a": 1, "b": []}}"#, "...........x..."),
        (r#"{"c": {"a": 1}}"#, "...........x..."),
        (r#"{"c": {"a": 1, "b": [null], "x": 1}}"#, "...........x..."),
        // Of an inner name that stands twice the last counts.
        (r#"{"c": {"a": 2, "b": [null], "a": 1}}"#, "....x......x..."),
        (r#"{"c": {"a": 1, "b": [null], "a": 2}}"#, "...........x..."),
    ] {
        let holds = |test: ClaimTest| check(claim("c", test), claims).is_ok();
        let found: String = tests()
            .into_iter()
            .map(|test| if holds(test) { 'x' } else { '.' })
            .collect();
        assert_eq!(found, expected, "{claims}");
    }
}

#[test]
fn whole_numbers_are_exact_beyond_what_a_double_can_tell() {
    let least = |number: i64| ClaimTest::AtLeast(Number::from(number));
    let equals = |number: i64| ClaimTest::Equals(value(json!(number)));
    for (claims, test, expected) in [
        ("9007199254740993", equals(9_007_199_254_740_993), true),
        ("9007199254740992", equals(9_007_199_254_740_993), false),
        ("9007199254740993.0", equals(9_007_199_254_740_993), true),
        ("9007199254740992", least(9_007_199_254_740_993), false),
        ("9223372036854775808", least(i64::MAX), true),
        ("9223372036854775808", equals(i64::MAX), false),
        ("-9223372036854775809", least(i64::MIN), false),
    ] {
        let claims = format!("{{\"c\": {claims}}}");
        let held = check(claim("c", test.clone()), &claims).is_ok();
        assert_eq!(held, expected, "{claims} {test:?}");
    }
}

#[test]
fn a_path_steps_into_objects_and_nothing_else() {
    let nested = r#"{"a": {"b.c": 1, "b": {"c": 2}}, "a.b": 3, "l": [{"b": 4}]}"#;
    let list = |names: &[&str]| ClaimPath::list(names.iter().copied()).expect("names");
    for (path, expected) in [
        (path("a.b.c"), Some(2)),
        (list(&["a", "b.c"]), Some(1)),
        (list(&["a.b"]), Some(3)),
        (path("l.b"), None),
        (path("l.0"), None),
        (path("a.b.c.d"), None),
    ] {
        let number = expected.unwrap_or(0);
        let test = ClaimTest::Equals(value(json!(number)));
        let requirement = Requirement::Claim { path, test };
        assert_eq!(check(requirement, nested).is_ok(), expected.is_some());
    }
}

#[test]
fn scopes_and_roles_are_texts_or_lists_of_texts() {
    let (all, any): (&dyn Fn(_) -> Names, &dyn Fn(_) -> Names) =
        (&|n| Names::All(names(n)), &|n| Names::Any(names(n)));
    let (one, two): (&[&str], &[&str]) = (&["a"], &["a", "b"]);
    // Scopes all of [a, b], any of them, all of [a]; the same of roles.
    for (claims, expected) in [
        (r#"{}"#, "......"),
        (r#"{"scope": "a b"}"#, "xxx..."),
        (r#"{"scope": "b"}"#, ".x...."),
        (r#"{"scope": "ab"}"#, "......"),
        (r#"{"scope": "a", "scp": ["b"]}"#, "xxx..."),
        (r#"{"scopes": ["a", 7, null, ["b"]]}"#, ".xx..."),
        (r#"{"scope": ["a b"]}"#, "......"),
        (r#"{"scope": {"a": true}}"#, "......"),
        (r#"{"scope": 7, "scp": null, "scopes": true}"#, "......"),
        (r#"{"roles": "a"}"#, "....xx"),
        (r#"{"roles": "a b"}"#, "......"),
        (r#"{"roles": ["a", "b"]}"#, "...xxx"),
        (r#"{"roles": [7, {"a": 1}, null, "\u0061"]}"#, "....xx"),
        (r#"{"roles": [["a"]]}"#, "......"),
        (r#"{"roles": {"a": true}}"#, "......"),
        (r#"{"roles": 7}"#, "......"),
    ] {
        let role = |names| {
            let claim = path("roles");
            Requirement::Role { claim, names }
        };
        let asked = [
            Requirement::Scope(all(two)),
            Requirement::Scope(any(two)),
            Requirement::Scope(all(one)),
            role(all(two)),
            role(any(two)),
            role(all(one)),
        ];
        let holds = |asked| {
            if check(asked, claims).is_ok() {
                'x'
            } else {
                '.'
            }
        };
        assert_eq!(
            asked.map(holds).iter().collect::<String>(),
            expected,
            "{claims}"
        );
    }
}

#[test]
fn the_reason_is_that_of_the_first_line_that_fails() {
    use Reason::{ClaimMismatch, ConditionFalse, RoleInsufficient, ScopeInsufficient};
    let exists = |name: &str| claim(name, ClaimTest::Exists(true));
    let yes = || exists("yes");
    for (requirement, expected) in [
        (yes(), Ok(())),
        (scope("s"), Err(ScopeInsufficient)),
        (role("r"), Err(RoleInsufficient)),
        (exists("c"), Err(ClaimMismatch)),
        (cel("claims.yes == 2"), Err(ConditionFalse)),
        (cel("claims.missing == 2"), Err(ConditionFalse)),
        (cel("claims.yes"), Err(ConditionFalse)),
        (not(scope("s")), Ok(())),
        (not(yes()), Err(ClaimMismatch)),
        (not(not(yes())), Ok(())),
        (not(not(exists("c"))), Err(ConditionFalse)),
        (not(cel("claims.yes == 1")), Err(ConditionFalse)),
        (not(cel("claims.yes == 2")), Ok(())),
        (
            Requirement::All([yes(), role("r"), scope("s")].into()),
            Err(RoleInsufficient),
        ),
        (
            Requirement::Any([role("r"), scope("s")].into()),
            Err(RoleInsufficient),
        ),
        (Requirement::Any([role("r"), yes()].into()), Ok(())),
        (
            not(Requirement::Any([role("r"), yes()].into())),
            Err(ConditionFalse),
        ),
    ] {
        let shown = format!("{requirement:?}");
        assert_eq!(check(requirement, r#"{"yes": 1}"#), expected, "{shown}");
    }
}

#[test]
fn nothing_passes_because_a_condition_could_not_be_decided() {
    let broken = || cel("claims.missing == 2");
    let no = || claim("missing", ClaimTest::Exists(true));
    let yes = || claim("missing", ClaimTest::Exists(false));
    let all = |a, b| Requirement::All([a, b].into());
    let any = |a, b| Requirement::Any([a, b].into());
    for (requirement, expected) in [
        (broken(), false),
        (not(broken()), false),
        (not(not(broken())), false),
        (not(all(broken(), yes())), false),
        (not(all(yes(), broken())), false),
        (not(any(broken(), no())), false),
        (not(any(no(), broken())), false),
        // Certain whatever the condition would have been.
        (not(all(broken(), no())), true),
        (not(all(no(), broken())), true),
        (any(broken(), yes()), true),
        (not(any(broken(), yes())), false),
    ] {
        let shown = format!("{requirement:?}");
        assert_eq!(check(requirement, "{}").is_ok(), expected, "{shown}");
    }
}

#[test]
fn a_verdict_on_the_token_and_the_request_add_up_to_one_check() {
    let get = || cel("request.method == 'GET'");
    for lines in [
        vec![scope("a"), get(), role("r")],
        vec![get(), scope("b"), role("r")],
        vec![scope("b"), get()],
        vec![get(), get()],
        vec![not(get()), scope("a")],
        vec![],
    ] {
        let lines = Lines::new(lines);
        for method in ["GET", "PUT"] {
            let mut facts = facts(r#"{"scope": "a", "roles": "r"}"#);
            facts.request.method = method;
            let verdict = lines.check_token(&facts.token);
            let in_two = lines.check_request(verdict, &facts).outcome();
            assert_eq!(in_two, lines.check(&facts), "{method} {lines:?}");
        }
    }
    assert!(Lines::new([not(Requirement::Any([scope("a"), get()].into()))]).reads_request());
    assert!(!Lines::new([scope("a"), cel("claims.request == 1")]).reads_request());
}

#[test]
fn a_challenge_names_the_scopes_that_would_help() {
    let any = Requirement::Any([role("r"), scope("b"), scope("a")].into());
    let lines = Lines::new([scope("a"), any, not(scope("c"))]);
    assert_eq!(*lines.scopes(), *names(&["a", "b"]));
}

#[test]
fn an_explanation_tells_of_every_line() {
    let long = "x".repeat(300);
    let claims = format!(r#"{{"scope": "b", "level": 2, "tenant": "{long}"}}"#);
    let lines = Lines::new([
        scope("a"),
        not(claim("tenant", ClaimTest::Prefix("y".into()))),
        cel(
            "claims.level >= 3 && request.headers['cookie'] == 'secret' && request.method != 'PUT'",
        ),
    ]);
    let found = lines.explain(&facts(&claims));
    assert_eq!(found[0].outcome, Err(Reason::ScopeInsufficient));
    assert_eq!(found[0].detail, r#"expected scope "a"; found scope "b""#);
    assert_eq!(found[1].outcome, Ok(()));
    let expected = format!(
        r#"expected not tenant to start with "y"; found tenant "{}"#,
        &long[..199]
    );
    assert_eq!(found[1].detail, expected);
    assert!(
        found[2].detail.ends_with(
            "; found claims.level 2, request.headers.cookie not shown, request.method \"\""
        ),
        "{}",
        found[2].detail
    );
}

#[test]
fn a_pattern_matches_the_whole_text_or_not_at_all() {
    for (pattern, text, expected) in [
        ("a|ab", "ab", true),
        ("a|ab", "abc", false),
        ("(?m)^a$", "b\na", false),
        ("(?i)ACME", "acme", true),
        ("(?x) a  # a comment", "a", true),
        ("(?x) a  # a comment", "ab", false),
        ("", "", true),
        ("", "a", false),
        (r"\d+", "12\n", false),
        (".*", "a\nb", false),
    ] {
        let compiled = Pattern::new(pattern).expect(pattern);
        assert_eq!(compiled.matches(text), expected, "{pattern} {text:?}");
    }
    for pattern in [
        "(",
        "a)(b",
        "a{",
        "[",
        "*",
        r"\q",
        "(?P<n>a)(?P<n>b)",
        r"\w{999}{999}",
    ] {
        assert!(Pattern::new(pattern).is_err(), "{pattern}");
    }
}
