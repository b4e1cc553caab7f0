//! Reads an expression before it is ever run: which names it uses, and whether they are there.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression;

use super::ConditionError;
use super::names::{Reference, Variable, Wanted};
use crate::limits::{CONDITION_DEPTH, CONDITION_NODES};

/// What was learnt.
pub(super) struct Survey {
    pub(super) wanted: Wanted,
    pub(super) references: Vec<Reference>,
}

/// What an expression is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be true or false of everything that a rule knows.
    Condition,
    /// To be a claim, made of claims.
    Claim,
}

/// Reads the whole expression.
pub(super) fn survey(expression: &Expression, purpose: Purpose) -> Result<Survey, ConditionError> {
    let mut surveyor = Surveyor {
        purpose,
        survey: Survey {
            wanted: Wanted::default(),
            references: Vec::new(),
        },
        nodes: 0,
        scope: Vec::new(),
    };
    surveyor.visit(expression, CONDITION_DEPTH.into())?;
    if purpose == Purpose::Condition && never_bool(expression) {
        return Err(ConditionError::NotBool);
    }
    Ok(surveyor.survey)
}

struct Surveyor<'e> {
    purpose: Purpose,
    survey: Survey,
    nodes: usize,
    /// The variables of the lists that are walked over around here.
    scope: Vec<&'e str>,
}

impl<'e> Surveyor<'e> {
    fn visit(
        &mut self,
        expression: &'e Expression,
        depth_left: usize,
    ) -> Result<(), ConditionError> {
        let depth_left = depth_left.checked_sub(1).ok_or(ConditionError::TooDeep)?;
        self.nodes += 1;
        if self.nodes > CONDITION_NODES {
            return Err(ConditionError::TooLarge);
        }
        if let Some((name, names)) = path(expression)
            && !self.scope.contains(&name)
        {
            if names.len() > depth_left {
                return Err(ConditionError::TooDeep);
            }
            return self.refer(name, names);
        }
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Ok(()),
            Expr::Select(select) => self.visit(&select.operand, depth_left),
            Expr::Call(call) => self.call(call, depth_left),
            Expr::List(list) => list
                .elements
                .iter()
                .try_for_each(|element| self.visit(element, depth_left)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key, depth_left)?;
                    self.visit(&entry.value, depth_left)
                }
                EntryExpr::StructField(field) => {
                    Err(ConditionError::UnknownType(field.field.clone()))
                }
            }),
            Expr::Struct(message) => Err(ConditionError::UnknownType(message.type_name.clone())),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, depth_left),
        }
    }

    fn call(&mut self, call: &'e CallExpr, depth_left: usize) -> Result<(), ConditionError> {
        let is_operator = call.func_name.starts_with(['_', '@', '!', '-']);
        let signature = (&*call.func_name, call.target.is_some(), call.args.len());
        let optional = [operators::OPT_INDEX, operators::OPT_SELECT];
        if optional.contains(&&*call.func_name) || !is_operator && !FUNCTIONS.contains(&signature) {
            return Err(ConditionError::UnknownFunction(call.func_name.clone()));
        }
        if let Some(target) = &call.target {
            self.visit(target, depth_left)?;
        }
        call.args
            .iter()
            .try_for_each(|argument| self.visit(argument, depth_left))
    }

    fn comprehension(
        &mut self,
        comprehension: &'e ComprehensionExpr,
        depth_left: usize,
    ) -> Result<(), ConditionError> {
        self.visit(&comprehension.iter_range, depth_left)?;
        self.visit(&comprehension.accu_init, depth_left)?;
        let names = [
            Some(&comprehension.iter_var),
            comprehension.iter_var2.as_ref(),
            Some(&comprehension.accu_var),
        ];
        let outside = self.scope.len();
        for name in names.into_iter().flatten() {
            if Variable::from_name(name).is_some() || TYPES.contains(&&**name) {
                return Err(ConditionError::TakenVariable(name.clone()));
            }
            self.scope.push(name);
        }
        for inner in [
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ] {
            self.visit(inner, depth_left)?;
        }
        self.scope.truncate(outside);
        Ok(())
    }

    /// Notes that `name`, which no list around here declares, is used with these members.
    fn refer(&mut self, name: &str, names: Vec<&str>) -> Result<(), ConditionError> {
        let Some(variable) = Variable::from_name(name) else {
            if TYPES.contains(&name) && names.is_empty() {
                return Ok(());
            }
            let name = name.to_owned();
            return Err(match self.purpose {
                Purpose::Condition => ConditionError::UnknownVariable(name),
                Purpose::Claim => ConditionError::OnlyClaims(name),
            });
        };
        if self.purpose == Purpose::Claim && variable != Variable::Claims {
            return Err(ConditionError::OnlyClaims(name.to_owned()));
        }
        let first = names.first().copied();
        if let (Some(known), Some(first)) = (variable.members(), first)
            && !known.contains(&first)
        {
            return Err(ConditionError::UnknownMember {
                variable: variable.name(),
                name: first.to_owned(),
                known: known.join(", "),
            });
        }
        let wanted = &mut self.survey.wanted;
        match variable {
            Variable::Claims => wanted.claims.add(first),
            Variable::Header => wanted.header.add(first),
            Variable::Consumer => wanted.consumer.add(first),
            Variable::Request => {
                wanted.request.add(first);
                if first.is_none_or(|first| first == "headers") {
                    wanted.request_headers.add(names.get(1).copied());
                }
            }
        }
        let reference = Reference {
            variable,
            names: names.into_iter().map(str::to_owned).collect(),
        };
        if !self.survey.references.contains(&reference) {
            self.survey.references.push(reference);
        }
        Ok(())
    }
}

/// `a.b["c"]` as a variable and the names behind it; `a.b[0]` is none, `a.b` within it is.
fn path(expression: &Expression) -> Option<(&str, Vec<&str>)> {
    let mut names = Vec::new();
    let mut inner = expression;
    loop {
        match &inner.expr {
            Expr::Ident(name) if !name.starts_with('@') => {
                names.reverse();
                return Some((name, names));
            }
            Expr::Select(select) => {
                names.push(select.field.as_str());
                inner = &select.operand;
            }
            Expr::Call(call) => {
                let (name, operand) = indexed_by_name(call)?;
                names.push(name);
                inner = operand;
            }
            Expr::Ident(_)
            | Expr::Unspecified
            | Expr::Comprehension(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Struct(_) => return None,
        }
    }
}

/// The name and what it is looked up in, if this is `x["name"]`.
fn indexed_by_name(call: &CallExpr) -> Option<(&str, &Expression)> {
    let [operand, index] = &*call.args else {
        return None;
    };
    let Expr::Literal(LiteralValue::String(name)) = &index.expr else {
        return None;
    };
    (call.func_name == operators::INDEX).then_some((name.inner(), operand))
}

/// Whether it can be seen that this is neither true nor false.
fn never_bool(expression: &Expression) -> bool {
    match &expression.expr {
        Expr::Literal(literal) => !matches!(literal, LiteralValue::Boolean(_)),
        Expr::List(_) | Expr::Map(_) => true,
        Expr::Ident(name) => Variable::from_name(name).is_some() || TYPES.contains(&&**name),
        // `map` and `filter` gather a list.
        Expr::Comprehension(comprehension) => {
            matches!(comprehension.accu_init.expr, Expr::List(_))
        }
        Expr::Call(call) => match &*call.func_name {
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT => {
                call.args.iter().any(never_bool)
            }
            operators::CONDITIONAL => call.args.iter().any(never_bool),
            name => NEVER_BOOL.contains(&name),
        },
        Expr::Unspecified | Expr::Select(_) | Expr::Struct(_) => false,
    }
}

/// The functions of the standard library: name, whether it has a receiver, arguments. Macros are
/// gone by now; a call to one that is left had other arguments than it takes.
const FUNCTIONS: [(&str, bool, usize); 15] = [
    ("bool", false, 1),
    ("bytes", false, 1),
    ("contains", true, 1),
    ("double", false, 1),
    ("dyn", false, 1),
    ("endsWith", true, 1),
    ("int", false, 1),
    ("matches", false, 2),
    ("matches", true, 1),
    ("size", false, 1),
    ("size", true, 0),
    ("startsWith", true, 1),
    ("string", false, 1),
    ("type", false, 1),
    ("uint", false, 1),
];

/// The same for people.
pub(super) const KNOWN: &str = "has(x.y), x.all(i, …), x.exists(i, …), x.exists_one(i, …), \
    x.filter(i, …), x.map(i, …), x.contains(y), x.startsWith(y), x.endsWith(y), x.matches(\"…\"), \
    size(x), type(x), and the conversions bool, bytes, double, dyn, int, string and uint";

/// Names of types, for comparison with `type(x)`.
const TYPES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "uint",
];

const NEVER_BOOL: [&str; 12] = [
    operators::ADD,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::NEGATE,
    "size",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
];
