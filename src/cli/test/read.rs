//! From a file to the cases in it, or every error at once.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::expectation::Expectation;
use super::mirror;
use super::review::Review;
use crate::app::cases::Case;
use crate::cli::{Exit, Failure};
use crate::config::{At, Config, ConfigErrors, read_document};
use crate::time::UnixMillis;

/// A case with its name and what must come of it.
pub(super) struct PolicyCase {
    pub(super) name: String,
    pub(super) case: Case,
    pub(super) expected: Expectation,
}

/// What cases may speak of.
pub(super) struct Known {
    /// Names of issuers.
    pub(super) issuers: Vec<Box<str>>,
    /// Names of consumers that have a credential.
    pub(super) consumers: BTreeSet<Box<str>>,
    /// The name of who calls without a token.
    pub(super) anonymous: Option<Box<str>>,
    /// Rules by their names, or by their places where they have none.
    pub(super) rules: Vec<String>,
    /// Those that can be asked for.
    pub(super) named_rules: Vec<Box<str>>,
}

impl Known {
    pub(super) fn of(config: &Config) -> Self {
        let issuers = config.issuers.iter();
        let credentials = config.consumers.credentials();
        let anonymous = config.consumers.anonymous();
        let names = config.rules.iter().map(|rule| rule.name.as_deref());
        let label = |(place, name): (usize, Option<&str>)| match name {
            Some(name) => name.to_owned(),
            None => format!("rules[{place}]"),
        };
        Self {
            issuers: issuers.map(|issuer| issuer.policy.name.clone()).collect(),
            consumers: credentials.map(|it| it.consumer().name).collect(),
            anonymous: anonymous.map(|consumer| consumer.name.clone()),
            rules: names.clone().enumerate().map(label).collect(),
            named_rules: names.flatten().map(Box::from).collect(),
        }
    }
}

/// The cases in the file at `path`. Those that do not say what time it is are judged at `now`.
///
/// # Errors
/// A [`Failure`] that lists everything that is wrong with it, one error a line.
pub(super) fn file(
    path: &Path,
    known: &Known,
    now: UnixMillis,
) -> Result<Vec<PolicyCase>, Failure> {
    let text = std::fs::read_to_string(path);
    let cases = text
        .map_err(|error| ConfigErrors::whole_file(format!("cannot be read: {error}")))
        .and_then(|text| cases(&text, known, now));
    cases.map_err(|errors| {
        let count = match errors.0.len() {
            1 => "1 error".to_owned(),
            many => format!("{many} errors"),
        };
        let message = format!("{count} in {}\n{errors}", path.display());
        Failure::new(Exit::BadConfiguration, message)
    })
}

/// The cases in `text`.
pub(super) fn cases(
    text: &str,
    known: &Known,
    now: UnixMillis,
) -> Result<Vec<PolicyCase>, ConfigErrors> {
    read_document(text, EXPECTED, |cases: Vec<mirror::Case>, problems| {
        let root = At::ROOT;
        if cases.is_empty() {
            problems.push(&root, format!("is an empty list: write {EXPECTED}"));
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, case) in cases.iter().enumerate() {
            let Some(name) = &case.name else { continue };
            if let Some(first) = places.insert(name.clone(), place) {
                let problem = format!("is the name of [{first}] too: choose another");
                problems.push(&root.index(place).key("name"), problem);
            }
        }
        let mut review = Review { known, problems };
        let cases = cases.into_iter().enumerate();
        cases
            .map(|(place, case)| review.case(case, now, &root.index(place)))
            .collect()
    })
}

const EXPECTED: &str = "a list of cases, `- name: …`";
