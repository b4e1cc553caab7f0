//! Conditions and claims in CEL, the Common Expression Language: compiled and checked at load,
//! metered when they run.
//!
//! The interpreter has no bounds of its own, and an expression is quadratic or worse in the claims
//! as soon as it walks over one list for each member of another. So the compiled expression is
//! rewritten (`meter`): whatever takes time in proportion to a value pays for it first, out of a
//! budget for the whole evaluation. Who has none left gets an error, and an error is a refusal.

mod budget;
mod claim;
mod meter;
mod names;
mod survey;
mod value;
mod values;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::CelBool;
use cel::parser::{Expression, PrattParser};
use cel::{Context, ExecutionError, ParseErrors, Value};

use super::Facts;
use crate::limits::{CONDITION_BYTES, CONDITION_DEPTH, CONDITION_NODES};
use budget::{Budget, PatternValue};
pub use claim::{Allowance, ClaimExpression};
use names::{Reference, Wanted};
use survey::Purpose;
use values::Variables;

/// A condition in CEL over `claims`, `header`, `request` and `consumer`.
#[derive(Clone)]
pub struct Condition(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    expression: Expression,
    patterns: Box<[PatternValue]>,
    wanted: Wanted,
    references: Box<[Reference]>,
}

impl Condition {
    /// Compiles it.
    ///
    /// # Errors
    /// [`ConditionError`] if it is no CEL, names what is not there, cannot be true or false, or
    /// is beyond a limit.
    pub fn new(source: &str) -> Result<Self, ConditionError> {
        Compiled::new(source, Purpose::Condition).map(|compiled| Self(Arc::new(compiled)))
    }

    /// Whether it looks at the request.
    #[must_use]
    pub fn reads_request(&self) -> bool {
        self.0.wanted.reads_request()
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether it is true.
    ///
    /// # Errors
    /// [`Undecided`] if it cannot be evaluated or is neither true nor false.
    pub(super) fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, Undecided> {
        // Neither the variables nor the budget outlive a panic.
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.0.evaluate(facts)));
        evaluated.unwrap_or(Err(Undecided))
    }

    /// "claims.level 3", for everything that it names and may be shown.
    pub(super) fn found(&self, facts: &Facts<'_>) -> Vec<String> {
        let references = self.0.references.iter();
        references.map(|reference| reference.found(facts)).collect()
    }
}

impl Compiled {
    fn new(source: &str, purpose: Purpose) -> Result<Self, ConditionError> {
        if source.len() > CONDITION_BYTES {
            return Err(ConditionError::TooLong);
        }
        // The parser is not ours: a panic in it must not end a reload.
        let parsed = catch_unwind(|| {
            PrattParser::new()
                .max_recursion_depth(CONDITION_DEPTH)
                .max_expression_node_count(CONDITION_NODES)
                .parse(source)
        });
        let parsed = parsed.map_err(|_| ConditionError::Syntax("the parser failed".to_owned()))?;
        let mut expression = parsed.map_err(|errors| ConditionError::Syntax(told(&errors)))?;
        let survey = survey::survey(&expression, purpose)?;
        let patterns = meter::meter(&mut expression)?;
        Ok(Self {
            source: source.into(),
            expression,
            patterns,
            wanted: survey.wanted,
            references: survey.references.into(),
        })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, Undecided> {
        let budget = Budget::default();
        let variables = Variables::new(&self.wanted, &self.patterns, facts, &budget)?;
        let mut context = Context::with_env(meter::environment());
        context.set_variable_resolver(&variables);
        let value = Value::resolve_val(&self.expression, &context)?;
        let value = value.downcast_ref::<CelBool>().ok_or(Undecided)?;
        Ok(*value.inner())
    }
}

/// The parser's errors on one line. Those about the whole have no position.
fn told(errors: &ParseErrors) -> String {
    let errors = errors.errors.iter().map(|error| {
        let words = error.msg.replace(char::is_control, " ");
        match error.pos {
            (0, _) => words,
            (line, column) => format!("line {line}, column {column}: {words}"),
        }
    });
    errors.collect::<Vec<_>>().join("; ")
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Condition({:?})", self.0.source)
    }
}

/// An expression that has no value for these facts: a claim is missing or of another type, the
/// budget is spent, or the interpreter failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

impl From<ExecutionError> for Undecided {
    /// The interpreter's words may hold whole claims.
    fn from(_: ExecutionError) -> Self {
        Self
    }
}

/// Why a text is no [`Condition`] and no [`ClaimExpression`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Longer than [`CONDITION_BYTES`].
    #[error("is longer than {CONDITION_BYTES} bytes: split it")]
    TooLong,
    /// Expressions within each other beyond [`CONDITION_DEPTH`].
    #[error("nests deeper than {CONDITION_DEPTH}: split it")]
    TooDeep,
    /// More parts than [`CONDITION_NODES`].
    #[error("has more than {CONDITION_NODES} parts: split it")]
    TooLarge,
    /// It is no CEL; the parser's words and positions.
    #[error("is not CEL: {0}")]
    Syntax(String),
    /// There is no such variable.
    #[error("`{0}` is not known: there are claims, header, request and consumer")]
    UnknownVariable(String),
    /// A claim is made of claims alone.
    #[error("`{0}` is not known: a claim is made of claims, those of the verified token")]
    OnlyClaims(String),
    /// `request` and `consumer` have no such member.
    #[error("`{variable}.{name}` is not known: there are {known}")]
    UnknownMember {
        /// The variable.
        variable: &'static str,
        /// What was asked of it.
        name: String,
        /// What could have been asked.
        known: String,
    },
    /// A variable within a comprehension hides one of ours.
    #[error("`{0}` is taken: give the variable of this list another name")]
    TakenVariable(String),
    /// There is no such function, or not with so many arguments.
    #[error("`{0}` is no function, or takes other arguments: there are {known}", known = survey::KNOWN)]
    UnknownFunction(String),
    /// A message is built.
    #[error("`{0}{{…}}` is not known: only maps can be written here")]
    UnknownType(String),
    /// It can be neither true nor false.
    #[error("is neither true nor false: compare it with something")]
    NotBool,
    /// The expression of `matches` is not written down in it.
    #[error("the expression of `matches` must be written in quotes, so that it can be checked now")]
    DynamicPattern,
    /// The expression of `matches` is none.
    #[error("{pattern:?} in `matches` {error}")]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        error: super::PatternError,
    },
}

#[cfg(test)]
mod tests;
