//! Values of CEL as JSON.

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};

use super::Undecided;
use super::budget::Budget;

/// The value as JSON; nothing for `null`. Every value within it, and its text, is paid for.
///
/// # Errors
/// [`Undecided`] if JSON has no such value, or the budget is spent.
pub(super) fn to_json(value: &dyn Val, budget: &Budget) -> Result<Option<String>, Undecided> {
    let json = convert(value, budget)?;
    Ok((!json.is_null()).then(|| json.to_string()))
}

/// Recurses as deep as `limits.claims_depth` and the limit of expressions allow.
fn convert(value: &dyn Val, budget: &Budget) -> Result<Value, Undecided> {
    budget.take(1)?;
    if value.downcast_ref::<CelNull>().is_some() {
        Ok(Value::Null)
    } else if let Some(it) = value.downcast_ref::<CelBool>() {
        Ok((*it.inner()).into())
    } else if let Some(it) = value.downcast_ref::<CelInt>() {
        Ok((*it.inner()).into())
    } else if let Some(it) = value.downcast_ref::<CelUInt>() {
        Ok((*it.inner()).into())
    } else if let Some(it) = value.downcast_ref::<CelDouble>() {
        let number = Number::from_f64(*it.inner());
        number.map(Value::Number).ok_or(Undecided)
    } else if let Some(it) = value.downcast_ref::<CelString<'_>>() {
        text(it.inner(), budget).map(Value::String)
    } else if let Some(it) = value.downcast_ref::<CelList<'_>>() {
        let elements = it.inner().iter();
        let elements = elements.map(|element| convert(element.as_ref(), budget));
        elements.collect::<Result<Vec<_>, _>>().map(Value::Array)
    } else if let Some(it) = value.downcast_ref::<CelMap<'_>>() {
        let entries = it.inner().iter().map(|(key, value)| match key {
            CelMapKey::String(name) => Ok((
                text(name.inner(), budget)?,
                convert(value.as_ref(), budget)?,
            )),
            CelMapKey::Bool(_) | CelMapKey::Int(_) | CelMapKey::UInt(_) => Err(Undecided),
        });
        entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
    } else {
        Err(Undecided)
    }
}

fn text(text: &str, budget: &Budget) -> Result<String, Undecided> {
    budget.take(super::budget::units(text.len()))?;
    Ok(text.to_owned())
}
