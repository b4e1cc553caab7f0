//! `rules[].require`

use crate::config::problems::{At, one_of};
use crate::config::raw::{self, Literal, PlainNumber};
use crate::limits::REQUIREMENT_DEPTH;
use crate::requirement::{ClaimTest, Condition, Lines, Names, Number, Pattern, Requirement, Value};
use crate::token::ClaimPath;

use super::Context;

/// Converts `require`.
pub(super) fn lines(raw: &[raw::Requirement], at: &At<'_>, context: &mut Context<'_>) -> Lines {
    Lines::new(list(raw, at, REQUIREMENT_DEPTH, context))
}

/// Several requirements, within which so many others may nest.
fn list(
    raw: &[raw::Requirement],
    at: &At<'_>,
    depth_left: usize,
    context: &mut Context<'_>,
) -> Vec<Requirement> {
    if raw.is_empty() {
        let problem = "is empty: write what a token needs, or remove the key";
        context.problems.push(at, problem);
    }
    let mut requirements = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        requirements.extend(requirement(raw, &at.index(index), depth_left, context));
    }
    requirements
}

fn requirement(
    raw: &raw::Requirement,
    at: &At<'_>,
    depth_left: usize,
    context: &mut Context<'_>,
) -> Option<Requirement> {
    let kind = only_kind(raw, at, context)?;
    let place = at.key(kind.key());
    let Some(depth_left) = depth_left.checked_sub(1) else {
        let problem = format!(
            "nests deeper than {REQUIREMENT_DEPTH}: write several lines, which must all hold"
        );
        context.problems.push(&place, problem);
        return None;
    };
    match kind {
        Kind::Scope(raw) => {
            let texts =
                |list: &Vec<raw::Written<raw::ScopeName>>| texts(list, |name| name.0.0.clone());
            let lists = [raw.all.as_ref().map(texts), raw.any.as_ref().map(texts)];
            names(lists, &place, context).map(Requirement::Scope)
        }
        Kind::Role(raw) => {
            let texts = |list: &Vec<raw::Written<raw::Line>>| texts(list, |name| name.0.0.clone());
            let lists = [raw.all.as_ref().map(texts), raw.any.as_ref().map(texts)];
            let names = names(lists, &place, context)?;
            let claim = raw.claim.as_ref().map(|claim| claim.path().clone());
            let claim = claim.unwrap_or_else(default_roles);
            Some(Requirement::Role { claim, names })
        }
        Kind::Claim(claim) => {
            let path = claim.path().clone();
            let test = only_test(raw, at, context)?;
            let test = claim_test(&test, &at.key(test.key()), context)?;
            Some(Requirement::Claim { path, test })
        }
        Kind::Cel(source) => match Condition::new(source) {
            Ok(condition) => Some(Requirement::Cel(condition)),
            Err(error) => {
                context.problems.push(&place, error.to_string());
                None
            }
        },
        Kind::Any(raw) => Some(Requirement::Any(
            list(raw, &place, depth_left, context).into(),
        )),
        Kind::All(raw) => Some(Requirement::All(
            list(raw, &place, depth_left, context).into(),
        )),
        Kind::Not(raw) => {
            let inner = requirement(raw, &place, depth_left, context)?;
            Some(Requirement::Not(Box::new(inner)))
        }
    }
}

/// What a line is about; `None` and a problem if that is not one thing.
fn only_kind<'r>(
    raw: &'r raw::Requirement,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Kind<'r>> {
    let mut kinds = Kind::all(raw);
    let tests = Test::all(raw);
    let problems = &mut context.problems;
    match (&kinds[..], &tests[..]) {
        ([], []) => {
            let problem = format!("asks nothing: write {}", one_of(Kind::KEYS));
            problems.push(at, problem);
            return None;
        }
        ([], [test, ..]) => {
            let problem = format!("`{}` tests a claim: add `claim` to say which", test.key());
            problems.push(at, problem);
            return None;
        }
        ([Kind::Claim(_)], _) | ([_], []) => {}
        ([kind], [test, ..]) => {
            let problem = format!(
                "tests a claim, and this line is about `{}`: remove it",
                kind.key()
            );
            problems.push(&at.key(test.key()), problem);
        }
        ([first, second, ..], _) => {
            let problem = format!(
                "asks two things, `{}` and `{}`: write a line for each",
                first.key(),
                second.key()
            );
            problems.push(at, problem);
            return None;
        }
    }
    kinds.pop()
}

/// The test of a claim; `None` and a problem if there is not one.
fn only_test<'r>(
    raw: &'r raw::Requirement,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Test<'r>> {
    let mut tests = Test::all(raw);
    let problem = match &tests[..] {
        [_] => return tests.pop(),
        [] => format!("tests nothing: add {}", one_of(Test::KEYS)),
        [first, second, ..] => format!(
            "has two tests, `{}` and `{}`: write a line for each",
            first.key(),
            second.key()
        ),
    };
    context.problems.push(at, problem);
    None
}

fn claim_test(test: &Test<'_>, at: &At<'_>, context: &mut Context<'_>) -> Option<ClaimTest> {
    Some(match test {
        Test::Equals(value) => ClaimTest::Equals(Value::from(&value.0)),
        Test::OneOf(values) => {
            if values.is_empty() {
                let problem = "is empty, so no token could pass: list some values";
                context.problems.push(at, problem);
            }
            ClaimTest::OneOf(values.iter().map(|value| Value::from(&value.0)).collect())
        }
        Test::Contains(value) => ClaimTest::Contains(Value::from(&value.0)),
        Test::Prefix(prefix) => ClaimTest::Prefix(prefix.0.clone()),
        Test::Matches(source) => match Pattern::new(source) {
            Ok(pattern) => ClaimTest::Matches(pattern),
            Err(error) => {
                context.problems.push(at, error.to_string());
                return None;
            }
        },
        Test::Exists(expected) => ClaimTest::Exists(*expected),
        Test::AtLeast(number) => ClaimTest::AtLeast(Number::from(&number.0)),
        Test::AtMost(number) => ClaimTest::AtMost(Number::from(&number.0)),
    })
}

/// From the lists of `all` and `any`, of which there has to be one.
fn names(
    lists: [Option<Box<[Box<str>]>>; 2],
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<Names> {
    let problems = &mut context.problems;
    let names = match lists {
        [Some(all), None] => Names::All(all),
        [None, Some(any)] => Names::Any(any),
        [None, None] => {
            problems.push(at, "names none: list them under `all` or `any`");
            return None;
        }
        [Some(_), Some(_)] => {
            problems.push(at, "has both `all` and `any`: write a line for each");
            return None;
        }
    };
    if names.list().is_empty() {
        let key = match names {
            Names::All(_) => "all",
            Names::Any(_) => "any",
        };
        problems.push(&at.key(key), "is empty: name at least one");
    }
    Some(names)
}

fn texts<T>(list: &[T], text: impl Fn(&T) -> Box<str>) -> Box<[Box<str>]> {
    list.iter().map(text).collect()
}

/// Where roles are unless the line says otherwise.
fn default_roles() -> ClaimPath {
    ClaimPath::dotted("roles").expect("one name is a path")
}

/// What a line may be about.
enum Kind<'r> {
    Scope(&'r raw::Scopes),
    Role(&'r raw::Roles),
    Claim(&'r raw::ClaimName),
    Cel(&'r str),
    Any(&'r [raw::Requirement]),
    All(&'r [raw::Requirement]),
    Not(&'r raw::Requirement),
}

impl<'r> Kind<'r> {
    const KEYS: [&'static str; 7] = ["scope", "role", "claim", "cel", "any", "all", "not"];

    /// All that stand in a line.
    fn all(raw: &'r raw::Requirement) -> Vec<Self> {
        let kinds = [
            raw.scope.as_ref().map(Self::Scope),
            raw.role.as_ref().map(Self::Role),
            raw.claim.as_ref().map(Self::Claim),
            raw.cel.as_deref().map(Self::Cel),
            raw.any.as_deref().map(Self::Any),
            raw.all.as_deref().map(Self::All),
            raw.not.as_deref().map(Self::Not),
        ];
        kinds.into_iter().flatten().collect()
    }

    const fn key(&self) -> &'static str {
        match self {
            Self::Scope(_) => "scope",
            Self::Role(_) => "role",
            Self::Claim(_) => "claim",
            Self::Cel(_) => "cel",
            Self::Any(_) => "any",
            Self::All(_) => "all",
            Self::Not(_) => "not",
        }
    }
}

/// How a claim may be tested.
enum Test<'r> {
    Equals(&'r Literal),
    OneOf(&'r [Literal]),
    Contains(&'r Literal),
    Prefix(&'r raw::Line),
    Matches(&'r str),
    Exists(bool),
    AtLeast(&'r PlainNumber),
    AtMost(&'r PlainNumber),
}

impl<'r> Test<'r> {
    const KEYS: [&'static str; 8] = [
        "equals", "one_of", "contains", "prefix", "matches", "exists", "at_least", "at_most",
    ];

    /// All that stand in a line.
    fn all(raw: &'r raw::Requirement) -> Vec<Self> {
        let tests = [
            raw.equals.as_ref().map(Self::Equals),
            raw.one_of.as_deref().map(Self::OneOf),
            raw.contains.as_ref().map(Self::Contains),
            raw.prefix.as_ref().map(|prefix| Self::Prefix(&prefix.0)),
            raw.matches.as_deref().map(Self::Matches),
            raw.exists.map(Self::Exists),
            raw.at_least.as_ref().map(Self::AtLeast),
            raw.at_most.as_ref().map(Self::AtMost),
        ];
        tests.into_iter().flatten().collect()
    }

    const fn key(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::OneOf(_) => "one_of",
            Self::Contains(_) => "contains",
            Self::Prefix(_) => "prefix",
            Self::Matches(_) => "matches",
            Self::Exists(_) => "exists",
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
        }
    }
}

#[cfg(test)]
mod tests;
