//! What a line expected and what it found, for people. Values are cut; headers and queries, which
//! may hold credentials, are never shown.

use super::claim::{ClaimTest, Names};
use super::{Facts, Requirement};
use crate::explain::value;
use crate::reason::Reason;

/// One line with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEvidence {
    /// What came of it.
    pub outcome: Result<(), Reason>,
    /// "expected …; found …"
    pub detail: String,
}

/// What was expected and what was found.
pub(super) fn detail(requirement: &Requirement, facts: &Facts<'_>) -> String {
    let mut found = Vec::new();
    collect_found(requirement, facts, &mut found);
    let found = if found.is_empty() {
        "nothing that it names".to_owned()
    } else {
        found.join(", ")
    };
    format!("expected {}; found {found}", expected(requirement))
}

fn expected(requirement: &Requirement) -> String {
    match requirement {
        Requirement::Scope(names) => format!("scope {}", named(names)),
        Requirement::Role { claim, names } => format!("role {} in {claim}", named(names)),
        Requirement::Claim { path, test } => format!("{path} {}", tested(test)),
        Requirement::Cel(condition) => format!("`{}`", condition.source()),
        Requirement::All(inner) => format!("({})", joined(inner, " and ")),
        Requirement::Any(inner) => format!("({})", joined(inner, " or ")),
        Requirement::Not(inner) => format!("not {}", expected(inner)),
    }
}

fn joined(inner: &[Requirement], word: &str) -> String {
    inner.iter().map(expected).collect::<Vec<_>>().join(word)
}

fn named(names: &Names) -> String {
    let word = match names {
        Names::All(_) => " and ",
        Names::Any(_) => " or ",
    };
    let quoted = names.list().iter().map(|name| format!("{name:?}"));
    quoted.collect::<Vec<_>>().join(word)
}

fn tested(test: &ClaimTest) -> String {
    match test {
        ClaimTest::Equals(value) => format!("to equal {value}"),
        ClaimTest::OneOf(values) => {
            let values = values.iter().map(ToString::to_string);
            format!("to be one of {}", values.collect::<Vec<_>>().join(", "))
        }
        ClaimTest::Contains(value) => format!("to contain {value}"),
        ClaimTest::Prefix(prefix) => format!("to start with {prefix:?}"),
        ClaimTest::Matches(pattern) => format!("to match /{}/", pattern.source()),
        ClaimTest::Exists(true) => "to be there".to_owned(),
        ClaimTest::Exists(false) => "to be absent".to_owned(),
        ClaimTest::AtLeast(least) => format!("to be at least {least}"),
        ClaimTest::AtMost(most) => format!("to be at most {most}"),
    }
}

fn collect_found(requirement: &Requirement, facts: &Facts<'_>, found: &mut Vec<String>) {
    let claims = facts.token.claims;
    let mut add = |entry: String| {
        if !found.contains(&entry) {
            found.push(entry);
        }
    };
    match requirement {
        Requirement::Scope(_) => {
            let present = ["scope", "scp", "scopes"]
                .iter()
                .filter_map(|name| Some((name, claims.get(name)?)));
            let mut is_any = false;
            for (name, scopes) in present {
                add(format!("{name} {}", value(Some(scopes))));
                is_any = true;
            }
            if !is_any {
                add("no scope".to_owned());
            }
        }
        Requirement::Role { claim: path, .. } | Requirement::Claim { path, .. } => {
            add(format!("{path} {}", value(path.find(claims))));
        }
        Requirement::Cel(condition) => condition.found(facts).into_iter().for_each(add),
        Requirement::All(inner) | Requirement::Any(inner) => {
            for requirement in inner {
                collect_found(requirement, facts, found);
            }
        }
        Requirement::Not(inner) => collect_found(inner, facts, found),
    }
}
