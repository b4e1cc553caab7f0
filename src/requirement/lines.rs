//! The lines of one rule. What depends on the token alone is judged once a token, the rest with
//! every request; the first failing line is the reason either way.

use super::{Facts, LineEvidence, RequestFacts, Requirement, TokenFacts, evidence};
use crate::reason::Reason;

/// `require` of a rule: every line must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    lines: Box<[Line]>,
    scopes: Box<[Box<str>]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    requirement: Requirement,
    reads_request: bool,
}

/// The first line that fails, of those that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict(Option<(usize, Reason)>);

impl Lines {
    /// From the requirements, in the order of the file.
    #[must_use]
    pub fn new(requirements: impl IntoIterator<Item = Requirement>) -> Self {
        let line = |requirement: Requirement| Line {
            reads_request: requirement.reads_request(),
            requirement,
        };
        let lines: Box<[Line]> = requirements.into_iter().map(line).collect();
        let mut scopes = Vec::new();
        for line in &lines {
            collect_scopes(&line.requirement, &mut scopes);
        }
        Self {
            lines,
            scopes: scopes.into(),
        }
    }

    /// Whether a line reads the request, so that [`Lines::check_request`] can differ between two
    /// requests with one token.
    #[must_use]
    pub fn reads_request(&self) -> bool {
        self.lines.iter().any(|line| line.reads_request)
    }

    /// The scopes that a token would pass with, each once: for the challenge of a refusal
    /// (RFC 6750 3).
    #[must_use]
    pub const fn scopes(&self) -> &[Box<str>] {
        &self.scopes
    }

    /// Judges the lines that read no request.
    #[must_use]
    pub fn check_token(&self, token: &TokenFacts<'_>) -> Verdict {
        let facts = Facts {
            token: *token,
            request: RequestFacts::NONE,
        };
        self.first_failing(false, Verdict::GOOD, &facts)
    }

    /// Judges the lines that read the request, as far as the one that is known to fail: with the
    /// verdict on the same token it comes to what [`Lines::check`] says, and with the verdict on
    /// another reading of the same request to the first line that fails for either.
    #[must_use]
    pub fn check_request(&self, known: Verdict, facts: &Facts<'_>) -> Verdict {
        self.first_failing(true, known, facts)
    }

    /// Of those that read the request, or of those that do not, the first that fails before the
    /// one that is known to.
    fn first_failing(&self, reads_request: bool, known: Verdict, facts: &Facts<'_>) -> Verdict {
        let end = known.0.map_or(self.lines.len(), |(index, _)| index);
        let lines = self.lines.iter().enumerate().take(end);
        let failing = lines
            .filter(|(_, line)| line.reads_request == reads_request)
            .find_map(|(index, line)| Some((index, line.check(facts).err()?)));
        failing.map_or(known, |failing| Verdict(Some(failing)))
    }

    /// Judges every line.
    ///
    /// # Errors
    /// The reason of the first line that fails.
    pub fn check(&self, facts: &Facts<'_>) -> Result<(), Reason> {
        self.lines.iter().try_for_each(|line| line.check(facts))
    }

    /// Judges every line, to the last, and tells what was expected and found. Not for the hot
    /// path.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>) -> Vec<LineEvidence> {
        let explained = |line: &Line| LineEvidence {
            outcome: line.check(facts),
            detail: evidence::detail(&line.requirement, facts),
        };
        self.lines.iter().map(explained).collect()
    }
}

impl Verdict {
    /// No line fails.
    pub const GOOD: Self = Self(None);

    /// Whether no line fails.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.0.is_none()
    }

    /// What is to be said of the rule, once every line was judged.
    ///
    /// # Errors
    /// The reason of the first line that fails.
    pub fn outcome(self) -> Result<(), Reason> {
        self.0.map_or(Ok(()), |(_, reason)| Err(reason))
    }
}

impl Line {
    fn check(&self, facts: &Facts<'_>) -> Result<(), Reason> {
        self.requirement.judge(facts).into_result()
    }
}

/// Scopes under `not` would not help.
fn collect_scopes(requirement: &Requirement, scopes: &mut Vec<Box<str>>) {
    match requirement {
        Requirement::Scope(names) => {
            for name in names.list() {
                if !scopes.contains(name) {
                    scopes.push(name.clone());
                }
            }
        }
        Requirement::All(inner) | Requirement::Any(inner) => {
            for requirement in inner {
                collect_scopes(requirement, scopes);
            }
        }
        Requirement::Role { .. }
        | Requirement::Claim { .. }
        | Requirement::Cel(_)
        | Requirement::Not(_) => {}
    }
}
