//! What is asked of a request, and what it gets: the table of rules, frozen.
//!
//! Without `rules` in the configuration there is one rule without a name, which asks for a valid
//! token of any issuer. With them the first match wins, and no match is a refusal.

use std::collections::HashMap;
use std::sync::Arc;

use crate::credentials::Credentials;
use crate::deny::{DenyPolicy, Refusal, Refusals};
use crate::forward::ForwardPolicy;
use crate::issuers::Audiences;
use crate::matching::{Match, MatchIndex};
use crate::path::Path;
use crate::reason::Reason;
use crate::request::RequestView;
use crate::requirement::Lines;
use crate::verify::Accepts;

/// One rule, as it is configured. By default a valid token of any issuer, in
/// `Authorization: Bearer`.
#[derive(Clone, Debug, Default)]
pub struct RuleSettings {
    /// Its name in the configuration; the one without is what there is beside the rules.
    pub name: Option<Box<str>>,
    /// Which requests meet it.
    pub matches: Match,
    /// Whether a token is needed.
    pub access: Access,
    /// Where the token is.
    pub credentials: Credentials,
    /// Whose tokens it accepts, by their names in the configuration; `None` for everybody's.
    pub issuers: Option<Box<[Box<str>]>>,
    /// For whom a token must be, instead of what its issuer's policy says.
    pub audiences: Option<Audiences>,
    /// What it asks of tokens.
    pub require: Lines,
    /// What goes upstream.
    pub forward: ForwardPolicy,
    /// What its refusals look like.
    pub deny: DenyPolicy,
}

/// One rule, ready to judge.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As it is configured.
    pub settings: RuleSettings,
    /// Its refusals, built once; rules that refuse alike share them.
    refusals: Arc<Refusals>,
    /// The one that names the scopes it asks for.
    scope_refusal: Option<Box<Refusal>>,
}

impl Rule {
    /// Its refusal for `reason`.
    #[must_use]
    pub fn refusal(&self, reason: Reason) -> &Refusal {
        match &self.scope_refusal {
            Some(refusal) if reason == Reason::ScopeInsufficient => refusal,
            Some(_) | None => self.refusals.get(reason),
        }
    }

    /// Where the sender of `request` is to go instead of being refused.
    #[must_use]
    pub fn redirect<'r>(&self, reason: Reason, request: &impl RequestView<'r>) -> Option<String> {
        self.refusals.redirect(reason, request)
    }

    /// Whether the asker's filter decides itself.
    #[must_use]
    pub fn defers(&self, reason: Reason) -> bool {
        self.refusals.defers(reason)
    }

    /// Whose tokens it takes, and for whom.
    #[must_use]
    pub fn accepts(&self) -> Accepts<'_> {
        Accepts {
            issuers: self.settings.issuers.as_deref(),
            audiences: self.settings.audiences.as_ref(),
            audiences_asked: &[],
        }
    }
}

/// Whether a request needs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// It needs one.
    #[default]
    Required,
    /// It may come without; a bad one is refused.
    Optional,
    /// It may come without, and a bad one counts as none.
    Permissive,
    /// It is not asked for one.
    Public,
    /// It never passes.
    Denied,
}

impl Access {
    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Permissive => "permissive",
            Self::Public => "public",
            Self::Denied => "denied",
        }
    }
}

/// Which rule: its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(u32);

impl RuleId {
    /// The rule without a name, beside all others.
    pub const BESIDE: Self = Self(u32::MAX);

    /// The rule at this place in the configuration, from 0.
    #[must_use]
    pub fn from_place(place: usize) -> Self {
        u32::try_from(place).map_or(Self::BESIDE, Self)
    }
}

/// Every rule.
#[derive(Clone, Debug)]
pub struct Rules {
    /// In the order of the configuration.
    table: Box<[Rule]>,
    by_name: HashMap<Box<str>, RuleId, foldhash::quality::RandomState>,
    index: MatchIndex,
    beside: Rule,
}

impl Rules {
    /// The `table` in its order, and the rule `beside` it, which judges where none is asked for
    /// and whose refusals are sent where none matches.
    #[must_use]
    pub fn new(table: Vec<RuleSettings>, beside: RuleSettings) -> Self {
        let mut kitchen = Kitchen::default();
        let beside = kitchen.rule(beside);
        let table: Box<[_]> = table.into_iter().map(|rule| kitchen.rule(rule)).collect();
        let names = table.iter().enumerate();
        let names = names.filter_map(|(place, rule)| {
            let name = rule.settings.name.clone()?;
            Some((name, RuleId::from_place(place)))
        });
        Self {
            by_name: names.collect(),
            index: MatchIndex::new(table.iter().map(|rule| rule.settings.matches.clone())),
            table,
            beside,
        }
    }

    /// The rule that a request meets: the one of this name if one is named, else the first that
    /// matches. A token alone is judged by the rule beside them.
    ///
    /// # Errors
    /// `rule_unknown`, `rule_unmatched`, or `path_ambiguous`.
    pub fn pick<'r>(
        &self,
        name: Option<&str>,
        request: Option<(&impl RequestView<'r>, Option<&Path<'_>>)>,
    ) -> Result<RuleId, Reason> {
        match (name, request) {
            (Some(name), _) => self.by_name.get(name).copied().ok_or(Reason::RuleUnknown),
            (None, Some((request, path))) if !self.table.is_empty() => {
                let place = self.index.find(request, path)?;
                place.map(RuleId::from_place).ok_or(Reason::RuleUnmatched)
            }
            (None, Some(_) | None) => Ok(RuleId::BESIDE),
        }
    }

    /// Whether there are none, so that nobody asks for a request's path.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Evidence of which rule was met.
    #[must_use]
    pub fn evidence(&self, picked: Result<RuleId, Reason>) -> String {
        let found = match picked {
            Ok(id) => {
                let settings = &self.get(id).settings;
                let name = settings.name.as_deref().unwrap_or("one without a name");
                format!("{name}, access {}", settings.access.name())
            }
            Err(reason) => reason.message().to_owned(),
        };
        format!("expected a rule for the request; found {found}")
    }

    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: RuleId) -> &Rule {
        let place = usize::try_from(id.0).unwrap_or(usize::MAX);
        self.table.get(place).unwrap_or(&self.beside)
    }

    /// Every rule, the one beside them included.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        [&self.beside].into_iter().chain(&self.table)
    }
}

/// Makes rules, and what they share only once.
#[derive(Default)]
struct Kitchen(Vec<(DenyPolicy, Arc<Refusals>)>);

impl Kitchen {
    fn rule(&mut self, settings: RuleSettings) -> Rule {
        let known = self.0.iter().find(|(deny, _)| *deny == settings.deny);
        let refusals = match known {
            Some((_, refusals)) => Arc::clone(refusals),
            None => {
                let refusals = Arc::new(settings.deny.prepare());
                self.0.push((settings.deny.clone(), Arc::clone(&refusals)));
                refusals
            }
        };
        let scopes = settings.require.scopes();
        let with_scopes = || {
            let refusal = refusals.get(Reason::ScopeInsufficient);
            Box::new(refusal.with_scopes(scopes.iter().map(|scope| &**scope)))
        };
        let scope_refusal = (!scopes.is_empty()).then(with_scopes);
        Rule {
            scope_refusal,
            refusals,
            settings,
        }
    }
}
