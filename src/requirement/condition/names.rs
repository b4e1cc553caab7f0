//! The variables of a condition and what it can look at in them.

use std::collections::BTreeSet;

use crate::explain::value;
use crate::requirement::Facts;
use crate::token::ClaimPath;
use crate::token::json::Json;

/// Which members of the variables an expression can look at; only these are converted.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) claims: Members,
    pub(super) header: Members,
    pub(super) consumer: Members,
    pub(super) request: Members,
    pub(super) request_headers: Members,
}

impl Wanted {
    pub(super) fn reads_request(&self) -> bool {
        !self.request.is_empty()
    }
}

/// Members of an object.
#[derive(Debug)]
pub(super) enum Members {
    /// Every one, whatever there is.
    All,
    /// These.
    These(BTreeSet<String>),
}

impl Default for Members {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Members {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::All => false,
            Self::These(names) => names.is_empty(),
        }
    }

    /// Whether a member is among them; the name may have escapes.
    pub(super) fn any(&self, is_it: impl FnMut(&str) -> bool) -> bool {
        let mut is_it = is_it;
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(|name| is_it(name)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }

    pub(super) fn add(&mut self, name: Option<&str>) {
        match (self, name) {
            (Self::All, _) => {}
            (Self::These(names), Some(name)) => {
                names.insert(name.to_owned());
            }
            (all, None) => *all = Self::All,
        }
    }
}

/// A variable and the names of members behind it, as far as they are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) variable: Variable,
    pub(super) names: Vec<String>,
}

impl Reference {
    /// "claims.level 3". Queries and headers are not shown: they may hold a credential.
    pub(super) fn found(&self, facts: &Facts<'_>) -> String {
        let path = self.names.join(".");
        let name = self.variable.name();
        let (token, request) = (&facts.token, &facts.request);
        let first = self.names.first().map(String::as_str);
        let found = match (self.variable, first) {
            (_, None) => return name.to_owned(),
            (Variable::Claims, _) => value(self.find(token.claims)),
            (Variable::Header, _) => value(self.find(token.header)),
            (Variable::Consumer, Some("name")) => {
                shown(token.consumer.map(|consumer| &*consumer.name))
            }
            (Variable::Consumer, Some("id")) => {
                shown(token.consumer.and_then(|it| it.id.as_deref()))
            }
            (Variable::Consumer, Some("custom_id")) => {
                shown(token.consumer.and_then(|it| it.custom_id.as_deref()))
            }
            (Variable::Consumer, Some(_)) => {
                let groups = token.consumer.map(|consumer| consumer.groups.join(", "));
                shown(groups.as_deref())
            }
            (Variable::Request, Some("method")) => shown(Some(request.method)),
            (Variable::Request, Some("host")) => shown(Some(request.host)),
            (Variable::Request, Some("path")) => shown(Some(request.path)),
            (Variable::Request, Some(_)) => "not shown".to_owned(),
        };
        format!("{name}.{path} {found}")
    }

    fn find<'a>(&self, json: Json<'a>) -> Option<Json<'a>> {
        let path = ClaimPath::list(self.names.iter().map(String::as_str));
        path.ok()?.find(json)
    }
}

fn shown(text: Option<&str>) -> String {
    const CHARACTERS_MAX: usize = 200;
    text.map_or_else(
        || "absent".to_owned(),
        |text| {
            format!(
                "{:?}",
                text.chars().take(CHARACTERS_MAX).collect::<String>()
            )
        },
    )
}

/// The variables there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Claims,
    Header,
    Request,
    Consumer,
}

impl Variable {
    const ALL: [Self; 4] = [Self::Claims, Self::Header, Self::Request, Self::Consumer];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Claims => "claims",
            Self::Header => "header",
            Self::Request => "request",
            Self::Consumer => "consumer",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The members it has, if that is for us to say.
    pub(super) const fn members(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Claims | Self::Header => None,
            Self::Request => Some(&["method", "host", "path", "query", "headers"]),
            Self::Consumer => Some(&["name", "id", "custom_id", "groups"]),
        }
    }
}
