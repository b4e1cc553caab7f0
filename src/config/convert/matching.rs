//! `rules[].match`

use http::HeaderName;

use crate::config::problems::At;
use crate::config::raw::{self, Line, Written};
use crate::matching::{HeaderPattern, Match};

use super::Context;

/// Converts the `match` of a rule; without one it is for every request.
pub(super) fn matching(raw: Option<&raw::Match>, at: &At<'_>, context: &mut Context<'_>) -> Match {
    let Some(raw) = raw else {
        return Match::default();
    };
    Match {
        hosts: patterns(raw.hosts.as_deref(), &at.key("hosts"), context),
        methods: patterns(raw.methods.as_deref(), &at.key("methods"), context),
        paths: patterns(raw.paths.as_deref(), &at.key("paths"), context),
        headers: headers(raw.headers.as_ref(), &at.key("headers"), context),
    }
}

/// An empty list would mean "any" to the index and "none" to many who read it.
const EMPTY: &str = "is empty, so no request could match: write one, or remove the key for any";

fn patterns<P: Clone + PartialEq>(
    raw: Option<&[Written<P>]>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Box<[P]> {
    let Some(raw) = raw else {
        return Box::default();
    };
    if raw.is_empty() {
        context.problems.push(at, EMPTY);
    }
    for (place, pattern) in raw.iter().enumerate() {
        if raw[..place].contains(pattern) {
            let problem = "is there twice: remove one";
            context.problems.push(&at.index(place), problem);
        }
    }
    raw.iter().map(|pattern| pattern.0.clone()).collect()
}

fn headers(
    raw: Option<&raw::Entries<HeaderName, Written<Line>>>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Box<[HeaderPattern]> {
    let Some(raw) = raw else {
        return Box::default();
    };
    if raw.is_empty() {
        context.problems.push(at, EMPTY);
    }
    for (place, (name, value)) in raw.0.iter().enumerate() {
        let value = &*value.0.0;
        if raw.0[..place].iter().any(|(other, _)| other == name) {
            let problem = format!("`{}` is there twice: remove one", name.0);
            context.problems.push(&at.key(name.0.as_str()), problem);
        }
        if value.trim_matches([' ', '\t']) != value {
            let problem = "starts or ends with a space, which the value of a header never does: \
                           remove it";
            context.problems.push(&at.key(name.0.as_str()), problem);
        }
    }
    let pattern = |(name, value): &(Written<HeaderName>, Written<Line>)| HeaderPattern {
        name: name.0.clone(),
        value: value.0.0.as_bytes().into(),
    };
    raw.0.iter().map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use http::HeaderName;

    use crate::config::{self, Config};
    use crate::matching::{HeaderPattern, Match};

    #[test]
    fn a_match_means_what_is_written_and_without_one_a_rule_is_for_everything() {
        let yaml = r#"
issuers:
  corp: { issuer: "https://a.example", audiences: [b], keys: [{ discovery: {} }] }
rules:
  - match:
      hosts: [API.example.com, "*.example.org"]
      methods: [GET, PURGE]
      paths: ["/orders/{id}", "/orders/**"]
      headers: { X-Env: "a, b", x-version: "3" }
  - access: denied
"#;
        let config = parse(yaml);
        let header = |name, value: &str| HeaderPattern {
            name: HeaderName::from_static(name),
            value: value.as_bytes().into(),
        };
        let expected = Match {
            hosts: ["api.example.com", "*.example.org"].map(parsed).into(),
            methods: ["GET", "PURGE"].map(parsed).into(),
            paths: ["/orders/{id}", "/orders/**"].map(parsed).into(),
            headers: [header("x-env", "a, b"), header("x-version", "3")].into(),
        };
        assert_eq!(config.rules[0].matches, expected);
        assert_eq!(config.rules[1].matches, Match::default());
        let again = parse(&config.effective_yaml);
        assert_eq!(again.rules[0].matches, expected);
    }

    fn parse(yaml: &str) -> Config {
        config::parse(yaml, Path::new("/")).expect("a good configuration")
    }

    fn parsed<P: std::str::FromStr>(text: &str) -> P {
        let Ok(pattern) = text.parse() else {
            panic!("{text} is a pattern");
        };
        pattern
    }
}
