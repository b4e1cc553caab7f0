//! What must come of a case, and where it differs from what did.

use http::HeaderName;

use crate::app::cases::{HeaderFate, Ruling};

/// What must come of a case: only what is named is compared.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    pub(super) texts: Vec<(Field, String)>,
    pub(super) headers: Vec<(HeaderName, HeaderFate)>,
}

/// What a case may name of a ruling, beside headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Verdict,
    Reason,
    Rule,
    Issuer,
    Consumer,
    Subject,
    Status,
    Body,
}

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// What of the ruling, as it is named in the case.
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Expectation {
    /// Everything that is not as it must be. `rules` are the names of the rules by their places.
    pub(super) fn differences(&self, ruling: &Ruling, rules: &[String]) -> Vec<Difference> {
        let texts = self.texts.iter().filter_map(|(field, expected)| {
            let found = field.of(ruling, rules);
            (found.as_ref() != Some(expected)).then(|| Difference {
                field: field.name().to_owned(),
                expected: expected.clone(),
                found: found.unwrap_or_else(|| "none".to_owned()),
            })
        });
        let headers = self.headers.iter().filter_map(|(name, expected)| {
            // A refusal has a header or not; only on a request's way upstream it can be left alone.
            let found = match ruling.headers.get(name) {
                None if !ruling.is_allowed() => Some(&HeaderFate::Removed),
                found => found,
            };
            (found != Some(expected)).then(|| Difference {
                field: format!("headers.{name}"),
                expected: fate(Some(expected)),
                found: fate(found),
            })
        });
        texts.chain(headers).collect()
    }
}

impl Field {
    /// As it is written in a case.
    const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Reason => "reason",
            Self::Rule => "rule",
            Self::Issuer => "issuer",
            Self::Consumer => "consumer",
            Self::Subject => "subject",
            Self::Status => "status",
            Self::Body => "body",
        }
    }

    fn of(self, ruling: &Ruling, rules: &[String]) -> Option<String> {
        match self {
            Self::Verdict => Some(ruling.reason.class().verdict().to_owned()),
            Self::Reason => Some(ruling.reason.code().to_owned()),
            Self::Rule => ruling.rule.and_then(|place| rules.get(place).cloned()),
            Self::Issuer => ruling.issuer.clone(),
            Self::Consumer => ruling.consumer.clone(),
            Self::Subject => ruling.subject.clone(),
            Self::Status => Some(ruling.status.to_string()),
            Self::Body => Some(ruling.body.clone()),
        }
    }
}

fn fate(fate: Option<&HeaderFate>) -> String {
    match fate {
        Some(HeaderFate::Set(value)) => format!("{value:?}"),
        Some(HeaderFate::Removed) => "removed".to_owned(),
        None => "left as it is".to_owned(),
    }
}
