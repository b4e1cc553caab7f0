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

/// What the lines that read no request say of a token: the first that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenVerdict(Option<(usize, Reason)>);

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
    pub fn check_token(&self, token: &TokenFacts<'_>) -> TokenVerdict {
        let facts = Facts {
            token: *token,
            request: RequestFacts::NONE,
        };
        let failing = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.reads_request)
            .find_map(|(index, line)| Some((index, line.check(&facts).err()?)));
        TokenVerdict(failing)
    }

    /// Judges the lines that read the request; with `verdict` on the same token, what
    /// [`Lines::check`] would say.
    ///
    /// # Errors
    /// The reason of the first line that fails.
    pub fn check_request(&self, verdict: TokenVerdict, facts: &Facts<'_>) -> Result<(), Reason> {
        let end = verdict.0.map_or(self.lines.len(), |(index, _)| index);
        for line in self.lines.iter().take(end) {
            if line.reads_request {
                line.check(facts)?;
            }
        }
        verdict.outcome()
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

impl TokenVerdict {
    /// No line fails.
    pub const GOOD: Self = Self(None);

    /// Whether no line that reads no request fails.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.0.is_none()
    }

    /// What is to be said where no line reads the request.
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
