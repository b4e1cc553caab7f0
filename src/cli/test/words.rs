//! Texts of a file of cases that mean something: verdicts, reasons, algorithms, times.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::mirror::Verdict;
use crate::app::cases::Signed;
use crate::cli::moment;
use crate::config::{nearest, one_of, quoted};
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::time::UnixMillis;

/// What a text means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<T>(pub(super) T);

/// Something that a text can mean.
pub(super) trait Meaning: Sized {
    /// What `text` means.
    ///
    /// # Errors
    /// What is wrong with it, and the remedy.
    fn of(text: &str) -> Result<Self, String>;
}

impl<'de, T: Meaning> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::of(&text).map(Self).map_err(D::Error::custom)
    }
}

impl Meaning for Verdict {
    fn of(text: &str) -> Result<Self, String> {
        const WORDS: [&str; 3] = ["allow", "deny", "unavailable"];
        match WORDS.iter().find(|word| **word == text) {
            Some(word) => Ok(Self(word)),
            None => Err(unknown("verdict", text, &WORDS)),
        }
    }
}

impl Meaning for Reason {
    fn of(text: &str) -> Result<Self, String> {
        let codes = Self::ALL.map(Self::code);
        let found = Self::ALL.into_iter().find(|reason| reason.code() == text);
        found.ok_or_else(|| unknown("reason", text, &codes))
    }
}

impl Meaning for Signed {
    fn of(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::Not);
        }
        let mut names = Algorithm::ALL.map(Algorithm::name).to_vec();
        names.push("none");
        let found = Algorithm::from_name(text).map(Self::With);
        found.ok_or_else(|| unknown("algorithm", text, &names))
    }
}

impl Meaning for UnixMillis {
    fn of(text: &str) -> Result<Self, String> {
        moment::parse(text).ok_or_else(|| {
            format!(
                "{} is no time: write it as 2026-01-31T12:00:00Z",
                quoted(text)
            )
        })
    }
}

/// There is no `kind` called `text`; what there is.
pub(super) fn unknown(kind: &str, text: &str, known: &[&str]) -> String {
    let remedy = match nearest(text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "the configuration has none".to_owned(),
        None => format!("write {}", one_of(known)),
    };
    format!("there is no {kind} {}: {remedy}", quoted(text))
}
