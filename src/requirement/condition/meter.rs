//! Rewrites an expression so that it pays for what it does.
//!
//! `@spend(@budget, value, price)` is `value`; it costs one unit for every value within it and
//! every 64 bytes of text, and `price` more for each of its members. It stands around whatever is
//! about to be walked over, compared, joined or copied, which is everything an operation can take
//! long for. An error is no way around: it decides `||` and `&&` only where the rest does anyway.

use std::sync::{Arc, LazyLock};

use cel::Env;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::common::types::DYN_TYPE;
use cel::parser::Expression;

use super::ConditionError;
use super::budget::{PatternValue, matches, spend};
use crate::requirement::pattern;

/// The functions and operators there are, the same for every condition.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::default().with_optional_support(false).with_stdlib();
        let three = || vec![DYN_TYPE, DYN_TYPE, DYN_TYPE];
        env.add_overload(SPEND, SPEND, three(), spend)
            .and_then(|()| env.add_overload(MATCHES, MATCHES, vec![DYN_TYPE, DYN_TYPE], matches))
            .expect("no name of the standard library begins with @");
        Arc::new(env)
    });
    Arc::clone(&ENVIRONMENT)
}

/// Rewrites the expression; the result are the patterns of `matches`, found as `@0`, `@1`, ….
pub(super) fn meter(expression: &mut Expression) -> Result<Box<[PatternValue]>, ConditionError> {
    let mut patterns = Vec::new();
    rewrite(expression, &mut patterns)?;
    Ok(patterns.into())
}

/// Recurses as deep as the survey allowed.
fn rewrite(
    expression: &mut Expression,
    patterns: &mut Vec<PatternValue>,
) -> Result<(), ConditionError> {
    match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => Ok(()),
        Expr::Select(select) => rewrite(&mut select.operand, patterns),
        Expr::List(list) => list.elements.iter_mut().try_for_each(|element| {
            rewrite(element, patterns)?;
            pay(element, 0);
            Ok(())
        }),
        Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                for part in [&mut entry.key, &mut entry.value] {
                    rewrite(part, patterns)?;
                    pay(part, 0);
                }
            }
            Ok(())
        }),
        Expr::Comprehension(comprehension) => rewrite_comprehension(comprehension, patterns),
        Expr::Call(call) => rewrite_call(call, patterns),
    }
}

fn rewrite_comprehension(
    comprehension: &mut ComprehensionExpr,
    patterns: &mut Vec<PatternValue>,
) -> Result<(), ConditionError> {
    rewrite(&mut comprehension.iter_range, patterns)?;
    // Every member costs one evaluation of everything that is written for it.
    let price = nodes(&comprehension.loop_cond) + nodes(&comprehension.loop_step);
    pay(&mut comprehension.iter_range, price);
    rewrite(&mut comprehension.loop_step, patterns)?;
    rewrite(&mut comprehension.result, patterns)
}

fn rewrite_call(
    call: &mut CallExpr,
    patterns: &mut Vec<PatternValue>,
) -> Result<(), ConditionError> {
    if call.func_name == "matches" {
        return rewrite_matches(call, patterns);
    }
    let parts = call.target.as_deref_mut().into_iter();
    for part in parts.chain(&mut call.args) {
        rewrite(part, patterns)?;
    }
    let is_free = match &*call.func_name {
        operators::LOGICAL_AND
        | operators::LOGICAL_OR
        | operators::LOGICAL_NOT
        | operators::CONDITIONAL
        | operators::NOT_STRICTLY_FALSE => true,
        operators::INDEX => {
            // By name or position it takes no time; the error of another index shows the value.
            matches!(
                call.args.get(1).map(|index| &index.expr),
                Some(Expr::Literal(
                    LiteralValue::String(_) | LiteralValue::Int(_) | LiteralValue::UInt(_)
                ))
            )
        }
        _ => call.args.first().is_some_and(is_accumulator),
    };
    if !is_free {
        let parts = call.target.as_deref_mut().into_iter();
        for part in parts.chain(&mut call.args) {
            pay(part, 0);
        }
    }
    Ok(())
}

/// `x.matches("…")` becomes `@matches(x, @0)` with a pattern that is compiled now.
fn rewrite_matches(
    call: &mut CallExpr,
    patterns: &mut Vec<PatternValue>,
) -> Result<(), ConditionError> {
    let pattern = call.args.pop().ok_or(ConditionError::DynamicPattern)?;
    let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr else {
        return Err(ConditionError::DynamicPattern);
    };
    let compiled = pattern::compile(pattern).map_err(|error| ConditionError::Pattern {
        pattern: pattern.to_string(),
        error,
    })?;
    let target = call.target.take().map(|target| *target);
    let mut text = target
        .or_else(|| call.args.pop())
        .ok_or(ConditionError::DynamicPattern)?;
    rewrite(&mut text, patterns)?;
    pay(&mut text, PRICE_OF_MATCHING);
    let name = format!("@{}", patterns.len());
    patterns.push(PatternValue::new(compiled));
    call.func_name = MATCHES.to_owned();
    call.args = vec![text, unplaced(Expr::Ident(name))];
    Ok(())
}

/// Puts `@spend` around an expression whose value may be large.
fn pay(expression: &mut Expression, price: i64) {
    if price == 0 && (matches!(expression.expr, Expr::Literal(_)) || is_accumulator(expression)) {
        return;
    }
    let value = std::mem::take(expression);
    *expression = unplaced(Expr::Call(CallExpr {
        func_name: SPEND.to_owned(),
        target: None,
        args: vec![
            unplaced(Expr::Ident(BUDGET.to_owned())),
            value,
            unplaced(Expr::Literal(LiteralValue::Int(price.into()))),
        ],
    }));
}

/// What macros gather their result in. They do not look at it, and the interpreter knows them by
/// their form.
fn is_accumulator(expression: &Expression) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// Positions are for messages of the parser, which has done its work.
const fn unplaced(expr: Expr) -> Expression {
    Expression { id: 0, expr }
}

/// How much is written in an expression.
fn nodes(expression: &Expression) -> i64 {
    let inner: i64 = match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => 0,
        Expr::Select(select) => nodes(&select.operand),
        Expr::List(list) => list.elements.iter().map(nodes).sum(),
        Expr::Map(map) => map
            .entries
            .iter()
            .map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => nodes(&entry.key) + nodes(&entry.value),
                EntryExpr::StructField(field) => nodes(&field.value),
            })
            .sum(),
        // What stands in its body is paid for by its own range.
        Expr::Comprehension(comprehension) => nodes(&comprehension.iter_range),
        Expr::Call(call) => {
            let target = call.target.as_deref().map_or(0, nodes);
            target + call.args.iter().map(nodes).sum::<i64>()
        }
    };
    inner + 1
}

// Nothing that an operator writes can begin with an @.
pub(super) const BUDGET: &str = "@budget";
const SPEND: &str = "@spend";
const MATCHES: &str = "@matches";
/// How much longer a regular expression takes than a comparison, at worst.
const PRICE_OF_MATCHING: i64 = 16;
