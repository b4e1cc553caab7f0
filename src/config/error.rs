//! What is wrong with a configuration: every error with its place and its remedy.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where in the file, as `issuers.corp.keys[0].alg`; empty for the file as a whole.
    pub path: String,
    /// The line, counted from 1, if the place is a line.
    pub line: Option<u64>,
    /// What is wrong and what to do about it. Never the value of a secret.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            formatter.write_str(&self.path)?;
        }
        match (self.line, self.path.is_empty()) {
            (Some(line), true) => write!(formatter, "line {line}: ")?,
            (Some(line), false) => write!(formatter, " (line {line}): ")?,
            (None, true) => {}
            (None, false) => formatter.write_str(": ")?,
        }
        formatter.write_str(&self.problem)
    }
}

/// Everything that is wrong, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    /// One error about the file as a whole.
    #[must_use]
    pub fn whole_file(problem: String) -> Self {
        Self::at_line(None, problem)
    }

    /// One error that has no place but perhaps a line.
    pub(super) fn at_line(line: Option<u64>, problem: String) -> Self {
        let path = String::new();
        Self(vec![ConfigError {
            path,
            line,
            problem,
        }])
    }
}

impl fmt::Display for ConfigErrors {
    /// One error a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            error.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
