//! How a command ends.

use std::fmt;
use std::io;
use std::process::ExitCode;

use super::terminal::BAD;

/// The exit codes, which scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or the answer is "yes".
    Good = 0,
    /// The answer is "no": denied, a failed case, not a token.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// Could not decide: keys or files could not be had.
    Undecided = 3,
    /// The configuration is bad.
    BadConfiguration = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not be done, as a sentence for whoever typed it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    is_closed_pipe: bool,
}

impl Failure {
    /// A failure that ends with `exit`.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            exit,
            message,
            is_closed_pipe: false,
        }
    }

    /// How the process ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether nobody reads our output any more.
    #[must_use]
    pub const fn is_closed_pipe(&self) -> bool {
        self.is_closed_pipe
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{BAD}error:{BAD:#} {}", self.message)
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    /// Errors of writing the output. Whoever opens a file says which one.
    fn from(error: io::Error) -> Self {
        Self {
            exit: Exit::Undecided,
            message: format!("the output cannot be written: {error}"),
            is_closed_pipe: error.kind() == io::ErrorKind::BrokenPipe,
        }
    }
}
