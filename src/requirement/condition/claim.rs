//! Claims that are made of claims: expressions whose value is JSON.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::{Context, Value};

use super::budget::Budget;
use super::survey::Purpose;
use super::values::Variables;
use super::{Compiled, ConditionError, Undecided, meter, value};
use crate::token::json::Json;

/// An expression in CEL over `claims`, whose value becomes a claim of another token.
#[derive(Clone)]
pub struct ClaimExpression(Arc<Compiled>);

/// What the expressions of one token may cost together.
#[derive(Debug, Default)]
pub struct Allowance(Budget);

impl ClaimExpression {
    /// Compiles it.
    ///
    /// # Errors
    /// [`ConditionError`] if it is no CEL, names what is not there, or is beyond a limit.
    pub fn new(source: &str) -> Result<Self, ConditionError> {
        Compiled::new(source, Purpose::Claim).map(|compiled| Self(Arc::new(compiled)))
    }

    /// Its value over `claims`, as JSON; nothing if that is `null`.
    ///
    /// # Errors
    /// [`Undecided`] if it has none, or none that JSON can say, or `allowance` is spent.
    pub fn evaluate(
        &self,
        claims: Json<'_>,
        allowance: &Allowance,
    ) -> Result<Option<String>, Undecided> {
        // Neither the variables nor the allowance outlive a panic.
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            self.0.evaluate_claim(claims, &allowance.0)
        }));
        evaluated.unwrap_or(Err(Undecided))
    }
}

impl Compiled {
    fn evaluate_claim(
        &self,
        claims: Json<'_>,
        budget: &Budget,
    ) -> Result<Option<String>, Undecided> {
        let variables = Variables::of_claims(&self.wanted, &self.patterns, claims, budget)?;
        let mut context = Context::with_env(meter::environment());
        context.set_variable_resolver(&variables);
        let value = Value::resolve_val(&self.expression, &context)?;
        value::to_json(value.as_ref(), budget)
    }
}

impl fmt::Debug for ClaimExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClaimExpression({:?})", self.0.source)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Allowance, ClaimExpression, ConditionError, Undecided};
    use crate::token::json::scan_object;

    fn evaluate(source: &str, claims: &Value) -> Result<Option<String>, Undecided> {
        let claims = claims.to_string();
        let claims = scan_object(claims.as_bytes(), 16, |_| ()).expect("an object");
        let expression = ClaimExpression::new(source).expect(source);
        expression.evaluate(claims, &Allowance::default())
    }

    #[test]
    fn whatever_json_can_say_becomes_a_claim() {
        let claims = json!({
            "sub": "alice", "level": 3, "ratio": 0.5, "big": 18_446_744_073_709_551_615_u64,
            "groups": ["b", "a"], "nested": { "b": [1, null], "a": { "x": "\"" } }, "nothing": null,
        });
        for (source, expected) in [
            ("claims.sub", json!("alice")),
            ("claims.sub + \"@example.com\"", json!("alice@example.com")),
            ("claims.level + 1", json!(4)),
            ("claims.big", json!(18_446_744_073_709_551_615_u64)),
            ("claims.ratio * 3.0", json!(1.5)),
            ("claims.level >= 3", json!(true)),
            (
                "claims.groups.map(g, \"team-\" + g)",
                json!(["team-b", "team-a"]),
            ),
            ("claims.groups.filter(g, g != \"a\")", json!(["b"])),
            ("claims.nested", claims["nested"].clone()),
            (
                "{\"b\": claims.level, \"a\": [claims.sub]}",
                json!({ "a": ["alice"], "b": 3 }),
            ),
            (
                "has(claims.tenant) ? claims.tenant : \"none\"",
                json!("none"),
            ),
            (
                "[1, 2.5, \"x\", true, null]",
                json!([1, 2.5, "x", true, null]),
            ),
        ] {
            let found = evaluate(source, &claims).expect(source).expect(source);
            let found: Value = serde_json::from_str(&found).expect(source);
            assert_eq!(found, expected, "{source}");
        }
        for source in ["null", "claims.nothing", "has(claims.x) ? claims.x : null"] {
            assert_eq!(evaluate(source, &claims), Ok(None), "{source}");
        }
    }

    #[test]
    fn what_has_no_value_or_none_that_json_can_say_is_undecided() {
        let claims = json!({ "sub": "alice", "level": 3 });
        for source in [
            "claims.absent",
            "claims.level + claims.sub",
            "1 / (claims.level - 3)",
            "1.0 / 0.0",
            "bytes(claims.sub)",
            "type(claims.sub)",
            "{1: 2}",
            "[bytes(\"x\")]",
        ] {
            assert_eq!(evaluate(source, &claims), Err(Undecided), "{source}");
        }
    }

    #[test]
    fn the_expressions_of_a_token_share_one_allowance() {
        let claims = json!({ "list": vec![0; 1000] }).to_string();
        let claims = scan_object(claims.as_bytes(), 4, |_| ()).expect("an object");
        let cheap = ClaimExpression::new("size(claims.list)").expect("CEL");
        let allowance = Allowance::default();
        let outcomes: Vec<bool> = (0..100)
            .map(|_| cheap.evaluate(claims, &allowance).is_ok())
            .collect();
        assert!(outcomes[0] && !outcomes[99], "{outcomes:?}");
        let square = "claims.list.map(a, claims.list.map(b, a + b))";
        let dear = ClaimExpression::new(square).expect("CEL");
        let outcome = dear.evaluate(claims, &Allowance::default());
        assert_eq!(outcome, Err(Undecided));
    }

    #[test]
    fn only_claims_can_be_looked_at() {
        let only_claims = |name: &str| ConditionError::OnlyClaims(name.to_owned());
        for (source, error) in [
            ("request.path", only_claims("request")),
            ("header.kid", only_claims("header")),
            ("consumer.name", only_claims("consumer")),
            ("claim.sub", only_claims("claim")),
        ] {
            assert_eq!(ClaimExpression::new(source).err(), Some(error), "{source}");
        }
        assert!(matches!(
            ClaimExpression::new("claims.sub +"),
            Err(ConditionError::Syntax(_))
        ));
    }
}
