//! Facts as values of CEL: only what the condition can look at, borrowed where that can be.

use std::collections::HashMap;

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;

use super::Undecided;
use super::budget::{Budget, PatternValue};
use super::meter::BUDGET;
use super::names::{Members, Wanted};
use crate::consumers::Consumer;
use crate::requirement::{Facts, RequestFacts};
use crate::token::json::{Json, Kind};

/// The variables of one evaluation.
pub(super) struct Variables<'a> {
    claims: CelMap<'a>,
    header: CelMap<'a>,
    request: CelMap<'a>,
    consumer: CelMap<'a>,
    budget: &'a Budget,
    patterns: &'a [PatternValue],
}

impl<'a> Variables<'a> {
    /// # Errors
    /// [`Undecided`] if there is more in them than the budget is worth.
    pub(super) fn new(
        wanted: &Wanted,
        patterns: &'a [PatternValue],
        facts: &Facts<'a>,
        budget: &'a Budget,
    ) -> Result<Self, Undecided> {
        Ok(Self {
            claims: object(facts.token.claims, &wanted.claims, budget)?,
            header: object(facts.token.header, &wanted.header, budget)?,
            request: request(&facts.request, wanted),
            consumer: facts
                .token
                .consumer
                .filter(|_| !wanted.consumer.is_empty())
                .map_or_else(CelMap::default, consumer),
            budget,
            patterns,
        })
    }

    /// The claims alone.
    ///
    /// # Errors
    /// As [`Variables::new`].
    pub(super) fn of_claims(
        wanted: &Wanted,
        patterns: &'a [PatternValue],
        claims: Json<'a>,
        budget: &'a Budget,
    ) -> Result<Self, Undecided> {
        Ok(Self {
            claims: object(claims, &wanted.claims, budget)?,
            header: CelMap::default(),
            request: CelMap::default(),
            consumer: CelMap::default(),
            budget,
            patterns,
        })
    }
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let value: &dyn Val = match variable {
            "claims" => &self.claims,
            "header" => &self.header,
            "request" => &self.request,
            "consumer" => &self.consumer,
            BUDGET => self.budget,
            other => {
                let index: usize = other.strip_prefix('@')?.parse().ok()?;
                self.patterns.get(index)?
            }
        };
        Some(CowVal::Borrowed(value))
    }
}

type Entries<'a> = HashMap<CelMapKey<'a>, Box<dyn Val + 'a>>;

fn object<'a>(json: Json<'a>, wanted: &Members, budget: &Budget) -> Result<CelMap<'a>, Undecided> {
    let mut entries = Entries::new();
    if !wanted.is_empty() {
        for (name, value) in json.members() {
            if wanted.any(|wanted| name == *wanted) {
                entries.insert(key(name.to_cow().into()), convert(value, budget)?);
            }
        }
    }
    Ok(entries.into())
}

/// Recurses as deep as `limits.claims_depth` let the claims nest.
fn convert<'a>(json: Json<'a>, budget: &Budget) -> Result<Box<dyn Val + 'a>, Undecided> {
    budget.take(1)?;
    Ok(match json.kind() {
        Kind::Null => Box::new(CelNull),
        Kind::Bool => Box::new(CelBool::from(json.raw() == "true")),
        Kind::Number => number(json),
        Kind::String => {
            let text = json.as_text().map(|text| text.to_cow());
            Box::new(CelString::from(text.unwrap_or_default()))
        }
        Kind::Array => {
            let elements = json.elements().map(|element| convert(element, budget));
            Box::new(CelList::from(elements.collect::<Result<Vec<_>, _>>()?))
        }
        Kind::Object => Box::new(object(json, &Members::All, budget)?),
    })
}

/// Whole numbers stay exact as far as CEL has room for them.
fn number<'a>(json: Json<'a>) -> Box<dyn Val + 'a> {
    if let Some(number) = json.as_i64() {
        return Box::new(CelInt::from(number));
    }
    match json.raw().parse::<u64>() {
        Ok(number) => Box::new(CelUInt::from(number)),
        Err(_) => Box::new(CelDouble::from(json.as_f64().unwrap_or(f64::INFINITY))),
    }
}

fn consumer(consumer: &Consumer) -> CelMap<'_> {
    let mut entries = Entries::new();
    let texts = [
        ("name", Some(&*consumer.name)),
        ("id", consumer.id.as_deref()),
        ("custom_id", consumer.custom_id.as_deref()),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            entries.insert(key(name.into()), text(value));
        }
    }
    let groups = consumer.groups.iter().map(|group| text(group));
    let groups = CelList::from(groups.collect::<Vec<_>>());
    entries.insert(key("groups".into()), Box::new(groups));
    entries.into()
}

fn request<'a>(request: &RequestFacts<'a>, wanted: &Wanted) -> CelMap<'a> {
    let mut entries = Entries::new();
    let texts = [
        ("method", request.method),
        ("host", request.host),
        ("path", request.path),
        ("query", request.query),
    ];
    for (name, value) in texts {
        if wanted.request.has(name) {
            entries.insert(key(name.into()), text(value));
        }
    }
    if wanted.request.has("headers") {
        let headers = headers(request, &wanted.request_headers);
        entries.insert(key("headers".into()), Box::new(headers));
    }
    entries.into()
}

/// Names in lower case; lines of one name are joined with a comma, as RFC 9110 5.3 allows.
fn headers(request: &RequestFacts<'_>, wanted: &Members) -> CelMap<'static> {
    let mut lines: HashMap<String, String> = HashMap::new();
    if let Some(each) = request.headers {
        each(&mut |name, value| {
            if wanted.any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name)) {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                let value = String::from_utf8_lossy(value);
                lines
                    .entry(name)
                    .and_modify(|line| {
                        line.push_str(", ");
                        line.push_str(&value);
                    })
                    .or_insert_with(|| value.into_owned());
            }
        });
    }
    let entry = |(name, line): (String, String)| {
        let line: Box<dyn Val> = Box::new(CelString::from(line));
        (key(name.into()), line)
    };
    lines
        .into_iter()
        .map(entry)
        .collect::<Entries<'static>>()
        .into()
}

fn text<'a>(text: &'a str) -> Box<dyn Val + 'a> {
    Box::new(CelString::from(text))
}

const fn key(name: CelString<'_>) -> CelMapKey<'_> {
    CelMapKey::String(name)
}
