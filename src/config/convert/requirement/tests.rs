//! Bad lines: `tests/golden/config_errors/require.yaml`.

use std::path::Path;

use serde_json::json;

use crate::config::parse;
use crate::requirement::{ClaimTest, Condition, Lines, Names, Number, Pattern, Requirement, Value};
use crate::token::ClaimPath;

/// What `require` of a rule comes to.
fn lines(require: &str) -> Lines {
    let require: String = require
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    let text = format!(
        "issuers: {{corp: {{issuer: \"https://i\", audiences: any, keys: [{{discovery: {{}}}}]}}}}\n\
         rules:\n  - name: r\n    require:\n{require}"
    );
    let config = parse(&text, Path::new(".")).expect("good");
    let again = parse(&config.effective_yaml, Path::new(".")).expect("good");
    let [rule, rule_again] = [&config, &again].map(|config| config.rules[0].require.clone());
    assert_eq!(
        rule, rule_again,
        "the effective configuration says the same"
    );
    rule
}

fn names(names: &[&str]) -> Box<[Box<str>]> {
    names.iter().map(|name| Box::from(*name)).collect()
}

fn path(path: &str) -> ClaimPath {
    ClaimPath::dotted(path).expect("a path")
}

fn claim(name: &str, test: ClaimTest) -> Requirement {
    let path = path(name);
    Requirement::Claim { path, test }
}

fn value(value: serde_json::Value) -> Value {
    Value::from(&value)
}

#[test]
fn the_example_of_the_contract_comes_out_as_it_was_said() {
    let found = lines(
        r#"
- scope: { all: ["orders:read"] }
- role: { any: [admin, ops], claim: realm_access.roles }
- claim: tenant
  equals: acme
- claim: ["https://example.com/roles"]
  contains: admin
- cel: 'claims.level >= 3 && request.method != "DELETE"'
"#,
    );
    let listed = ClaimPath::list(["https://example.com/roles"]).expect("a path");
    let expected = Lines::new([
        Requirement::Scope(Names::All(names(&["orders:read"]))),
        Requirement::Role {
            claim: path("realm_access.roles"),
            names: Names::Any(names(&["admin", "ops"])),
        },
        claim("tenant", ClaimTest::Equals(value(json!("acme")))),
        Requirement::Claim {
            path: listed,
            test: ClaimTest::Contains(value(json!("admin"))),
        },
        Requirement::Cel(
            Condition::new(r#"claims.level >= 3 && request.method != "DELETE""#).expect("CEL"),
        ),
    ]);
    assert_eq!(found, expected);
    assert!(found.reads_request());
}

#[test]
fn every_test_and_every_way_to_nest_can_be_written() {
    let found = lines(
        r#"
- { claim: a, one_of: [1, 1.5, true, "x", [null, {k: v}]] }
- { claim: a, equals: 18446744073709551615 }
- { claim: a, prefix: "/a" }
- { claim: a, matches: 'v[0-9]+' }
- { claim: a.b, exists: false }
- any:
    - { claim: a, at_least: -3 }
    - all:
        - { claim: a, at_most: 2.5 }
        - not: { role: { all: [r] } }
"#,
    );
    let most: serde_json::Number = serde_json::from_str("2.5").expect("a number");
    let list = json!([1, 1.5, true, "x", [null, {"k": "v"}]]);
    let list = list.as_array().expect("a list").iter().map(Value::from);
    let not = Requirement::Not(Box::new(Requirement::Role {
        claim: path("roles"),
        names: Names::All(names(&["r"])),
    }));
    let most = claim("a", ClaimTest::AtMost(Number::from(&most)));
    let least = claim("a", ClaimTest::AtLeast(Number::from(-3)));
    let expected = Lines::new([
        claim("a", ClaimTest::OneOf(list.collect())),
        claim("a", ClaimTest::Equals(value(json!(u64::MAX)))),
        claim("a", ClaimTest::Prefix("/a".into())),
        claim(
            "a",
            ClaimTest::Matches(Pattern::new("v[0-9]+").expect("a pattern")),
        ),
        claim("a.b", ClaimTest::Exists(false)),
        Requirement::Any([least, Requirement::All([most, not].into())].into()),
    ]);
    assert_eq!(found, expected);
}
