//! What an evaluation may spend, and what things cost.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};

use cel::ExecutionError;
use cel::common::types::{CelBool, CelBytes, CelInt, CelList, CelMap, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use regex::Regex;

use crate::limits::CONDITION_BUDGET;

/// What is left to spend on one evaluation.
#[derive(Debug)]
pub(super) struct Budget(AtomicU64);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU64::new(CONDITION_BUDGET))
    }
}

impl Budget {
    /// Takes this much, or all and fails. One thread evaluates; the interpreter wants `Sync`.
    pub(super) fn take(&self, units: u64) -> Result<(), ExecutionError> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(units), Ordering::Relaxed);
        if units > left {
            return Err(ExecutionError::function_error("@spend", "too much to do"));
        }
        Ok(())
    }
}

/// A regular expression of `matches`.
#[derive(Debug)]
pub(super) struct PatternValue(Regex);

impl PatternValue {
    pub(super) const fn new(pattern: Regex) -> Self {
        Self(pattern)
    }
}

/// `@spend(budget, value, price)`: the value, once it is paid for.
pub(super) fn spend<'b, 'v>(
    mut args: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let unfit = || ExecutionError::function_error("@spend", "misused");
    let price = args.pop().ok_or_else(unfit)?;
    let value = args.pop().ok_or_else(unfit)?;
    let budget = args.pop().ok_or_else(unfit)?;
    let price = price.downcast_ref::<CelInt>().map(|price| *price.inner());
    let price = u64::try_from(price.ok_or_else(unfit)?).unwrap_or(u64::MAX);
    let budget = budget.downcast_ref::<Budget>().ok_or_else(unfit)?;
    budget.take(price.saturating_mul(members(value.as_ref())))?;
    weigh(value.as_ref(), budget)?;
    Ok(value)
}

/// `@matches(text, pattern)`
pub(super) fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = args
        .first()
        .and_then(|text| text.downcast_ref::<CelString<'_>>());
    let pattern = args.get(1).and_then(|it| it.downcast_ref::<PatternValue>());
    let (Some(text), Some(PatternValue(pattern))) = (text, pattern) else {
        return Err(ExecutionError::function_error("matches", "not a string"));
    };
    Ok(CowVal::owned(CelBool::from(pattern.is_match(text.inner()))))
}

/// Pays for every value within `value`; stops where the budget does.
fn weigh(value: &(dyn Val + '_), budget: &Budget) -> Result<(), ExecutionError> {
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        budget.take(1)?;
        list.inner()
            .iter()
            .try_for_each(|element| weigh(element.as_ref(), budget))
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        budget.take(1)?;
        map.inner().iter().try_for_each(|(key, value)| {
            weigh(key.inner(), budget)?;
            weigh(value.as_ref(), budget)
        })
    } else {
        budget.take(1 + length(value))
    }
}

/// What a comprehension goes through, or a search.
fn members(value: &(dyn Val + '_)) -> u64 {
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        list.inner().len() as u64
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        map.inner().len() as u64
    } else {
        1 + length(value)
    }
}

/// A text's length in units.
fn length(value: &(dyn Val + '_)) -> u64 {
    let text = value.downcast_ref::<CelString<'_>>();
    let bytes = value.downcast_ref::<CelBytes<'_>>();
    let length = text
        .map(|text| text.inner().len())
        .or_else(|| bytes.map(|bytes| bytes.inner().len()));
    units(length.unwrap_or_default())
}

/// What so many bytes of text cost.
pub(super) const fn units(bytes: usize) -> u64 {
    bytes as u64 / BYTES_PER_UNIT
}

impl Val for Budget {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &INNER_TYPE
    }

    /// A copy would be money from nowhere.
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(Self(AtomicU64::new(0)))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Budget {}

impl Val for PatternValue {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &INNER_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(Self(self.0.clone()))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for PatternValue {}

static INNER_TYPE: Type = Type::new_unspecified_type("@inner");

/// A comparison or copy of so many bytes takes about as long as looking at one value.
const BYTES_PER_UNIT: u64 = 64;
