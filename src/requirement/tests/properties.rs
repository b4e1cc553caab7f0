//! For any claims and any requirement.

use proptest::prelude::*;
use serde_json::json;

use super::super::{Facts, Lines, Outcome, Requirement, Value};
use super::{cel, claim, facts, not, role, scanned, scope, tests};

/// JSON of every shape, in a hostile mood.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        Just(json!(3)),
        Just(json!("acme")),
        ".{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::vec(("(c|a|b|.{0,3})", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let conditions = [
        "claims.c >= 3",
        "claims.c == 'acme' || has(claims.c.a)",
        "claims.c.exists(x, x == 3)",
        "size(claims.c) > 1 && claims.c[0] != claims.c[1]",
        "claims.c.matches('a.*')",
        "header.c == claims.c",
        "'c' in claims && claims['c'] < 3.5",
    ];
    let claims = tests().into_iter().map(|test| claim("c", test));
    let leaves = claims
        .chain(conditions.into_iter().map(cel))
        .chain([scope("acme"), role("acme")]);
    let leaf = proptest::sample::select(leaves.collect::<Vec<_>>());
    leaf.prop_recursive(3, 8, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(not),
            list.clone().prop_map(|list| Requirement::All(list.into())),
            list.prop_map(|list| Requirement::Any(list.into())),
        ]
    })
}

/// What a requirement comes to by the tables of Kleene's logic, whose third value is "undecided";
/// scopes and roles are read from serde_json's idea of the claims.
fn reference(requirement: &Requirement, claims: &serde_json::Value, facts: &Facts<'_>) -> Truth {
    let of = |requirement| reference(requirement, claims, facts);
    let texts = |value: &serde_json::Value, splits: bool| -> Vec<String> {
        let list = value.as_array().cloned();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        match value.as_str() {
            Some(text) if splits => words(text),
            Some(text) => vec![text.to_owned()],
            None => {
                let list = list.unwrap_or_default();
                list.iter()
                    .filter_map(|it| Some(it.as_str()?.to_owned()))
                    .collect()
            }
        }
    };
    match requirement {
        Requirement::All(inner) => inner.iter().map(of).min().unwrap_or(Truth::Yes),
        Requirement::Any(inner) => inner.iter().map(of).max().unwrap_or(Truth::No),
        Requirement::Not(inner) => match of(inner) {
            Truth::Yes => Truth::No,
            Truth::Undecided => Truth::Undecided,
            Truth::No => Truth::Yes,
        },
        Requirement::Scope(_) => {
            let has = ["scope", "scp", "scopes"]
                .iter()
                .any(|name| texts(&claims[name], true).contains(&"acme".to_owned()));
            Truth::from(has)
        }
        Requirement::Role { .. } => {
            Truth::from(texts(&claims["roles"], false).contains(&"acme".to_owned()))
        }
        Requirement::Claim { .. } | Requirement::Cel(_) => match requirement.judge(facts) {
            Outcome::Holds => Truth::Yes,
            Outcome::Undecided(_) => Truth::Undecided,
            Outcome::Fails(_) => Truth::No,
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    No,
    Undecided,
    Yes,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

proptest! {
    #[test]
    fn every_nest_of_requirements_comes_to_what_a_naive_reader_says(
        value in any_json(),
        requirement in any_requirement(),
    ) {
        let claims = json!({"c": value, "roles": value, "scope": value});
        let text = claims.to_string();
        let facts = facts(&text);
        let truth = match requirement.judge(&facts) {
            Outcome::Holds => Truth::Yes,
            Outcome::Undecided(_) => Truth::Undecided,
            Outcome::Fails(_) => Truth::No,
        };
        prop_assert_eq!(truth, reference(&requirement, &claims, &facts));
        // Only a yes lets anybody in, whether judged at once or with the token first.
        let lines = Lines::new([requirement]);
        prop_assert_eq!(lines.check(&facts).is_ok(), truth == Truth::Yes);
        let verdict = lines.check_token(&facts.token);
        let in_two = lines.check_request(verdict, &facts).outcome();
        prop_assert_eq!(in_two, lines.check(&facts));
    }

    #[test]
    fn no_claims_are_a_panic_and_not_is_the_opposite(
        value in any_json(),
        requirement in any_requirement(),
    ) {
        let claims = json!({"c": value, "roles": value, "scope": value}).to_string();
        let facts = facts(&claims);
        let outcome = requirement.judge(&facts);
        let opposite = not(requirement).judge(&facts);
        match outcome {
            Outcome::Holds => prop_assert!(matches!(opposite, Outcome::Fails(_))),
            Outcome::Fails(_) => prop_assert_eq!(opposite, Outcome::Holds),
            Outcome::Undecided(_) => prop_assert!(matches!(opposite, Outcome::Undecided(_))),
        }
    }

    #[test]
    fn a_value_equals_itself_however_it_is_written(value in any_json()) {
        let claims = json!({"c": value}).to_string();
        let found = scanned(&claims).get("c").expect("it is there");
        prop_assert!(Value::from(&value).equals(found));
        let spread = serde_json::to_string_pretty(&json!({"c": value})).expect("JSON");
        let found = scanned(&spread).get("c").expect("it is there");
        prop_assert!(Value::from(&value).equals(found));
    }
}
