//! Values that are one of a few words.

use schemars::{Schema, json_schema};

use crate::config::Original;
use crate::config::nearest::nearest;
use crate::config::problems::{one_of, quoted};
use crate::credentials::OnMultiple;
use crate::deny::{BodyFormat, OnUnavailable};
use crate::forward::{Format, TokenHandling};
use crate::listen::TlsVersion;
use crate::refresh::Encoding;
use crate::rules::Access;
use crate::telemetry::{Decisions, Level, LogFormat};

use super::scalar::Scalar;

/// A type with a word for each of its values.
trait Choice: Copy + PartialEq + 'static {
    /// Every value with its word.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Choice> Scalar for T {
    const EXPECTED: &'static str = "a word";

    fn parse(text: &str) -> Result<Self, String> {
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let found = T::WORDS.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| match nearest(text, words()) {
                Some(near) => format!("{} is not known here; did you mean `{near}`?", quoted(text)),
                None => format!(
                    "{} is not known here: write {}",
                    quoted(text),
                    one_of(words())
                ),
            })
    }

    fn write(&self) -> String {
        let word = T::WORDS.iter().find(|(_, value)| value == self);
        word.map_or("", |(word, _)| *word).to_owned()
    }

    fn schema() -> Schema {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

impl Choice for Original {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("x_original", Self::XOriginal),
        ("x_forwarded", Self::XForwarded),
    ];
}

impl Choice for TlsVersion {
    const WORDS: &'static [(&'static str, Self)] =
        &[("TLSv1.2", Self::V1_2), ("TLSv1.3", Self::V1_3)];
}

impl Choice for OnMultiple {
    const WORDS: &'static [(&'static str, Self)] =
        &[("reject", Self::Reject), ("first", Self::First)];
}

impl Choice for TokenHandling {
    const WORDS: &'static [(&'static str, Self)] = &[("keep", Self::Keep), ("strip", Self::Strip)];
}

impl Choice for Format {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("csv", Self::Csv),
        ("json", Self::Json),
        ("first", Self::First),
    ];
}

impl Choice for BodyFormat {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("problem", Self::Problem),
        ("text", Self::Text),
        ("empty", Self::Empty),
    ];
}

impl Choice for OnUnavailable {
    const WORDS: &'static [(&'static str, Self)] = &[("deny", Self::Deny), ("defer", Self::Defer)];
}

impl Choice for Encoding {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("raw", Self::Raw),
        ("base64", Self::Base64),
        ("base64url", Self::Base64Url),
    ];
}

impl Choice for Level {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("json", Self::Json), ("text", Self::Text)];
}

impl Choice for Decisions {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("off", Self::Off),
        ("denied", Self::Denied),
        ("sampled", Self::Sampled),
        ("all", Self::All),
    ];
}

impl Choice for Access {
    const WORDS: &'static [(&'static str, Self)] = &[
        (Self::Required.name(), Self::Required),
        (Self::Optional.name(), Self::Optional),
        (Self::Permissive.name(), Self::Permissive),
        (Self::Public.name(), Self::Public),
        (Self::Denied.name(), Self::Denied),
    ];
}
