//! The index over all rules: which of them come first does not depend on how many there are.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::host::{Host, HostPattern};
use super::tree::Tree;
use super::{HeaderPattern, Match, MethodPattern};
use crate::path::Path;
use crate::reason::Reason;
use crate::request::RequestView;

/// Rules by what they match.
///
/// A request is looked up in the groups that fit its host: one for the name itself, one for each
/// name that it is below of, one for rules without hosts. In each, a tree of segments leads to the
/// few rules whose paths match; their methods and headers are tried one by one.
#[derive(Clone, Debug, Default)]
pub struct MatchIndex {
    rules: Box<[Conditions]>,
    exact: Groups,
    below: Groups,
    anywhere: Group,
}

impl MatchIndex {
    /// Builds the index over rules in their order.
    pub fn new(matches: impl IntoIterator<Item = Match>) -> Self {
        let mut index = Self::default();
        let insert = |(rule, found): (usize, Match)| {
            if found.hosts.is_empty() {
                index.anywhere.insert(&found, rule);
            }
            for host in &found.hosts {
                let (groups, name) = match host {
                    HostPattern::Exact(name) => (&mut index.exact, name),
                    HostPattern::Below(name) => (&mut index.below, name),
                };
                let name = name.as_bytes().into();
                groups.entry(name).or_default().insert(&found, rule);
            }
            Conditions {
                methods: found.methods,
                headers: found.headers,
            }
        };
        let rules = matches.into_iter().enumerate().map(insert).collect();
        Self { rules, ..index }
    }

    /// The position of the first rule that the request meets. `path` is what
    /// [`PathScratch`](crate::path::PathScratch) made of its target; `None` if that is unknown.
    ///
    /// # Errors
    /// [`Reason::PathAmbiguous`] if readers of the path with and without its parameters would be
    /// judged by different rules, or if rules ask for hosts and the request's can be read in two
    /// ways.
    pub fn find<'r>(
        &self,
        request: &impl RequestView<'r>,
        path: Option<&Path<'_>>,
    ) -> Result<Option<usize>, Reason> {
        let host = if self.exact.is_empty() && self.below.is_empty() {
            None
        } else {
            Host::read(request.host())?
        };
        let first = self.first(request, host.as_ref(), path.map(Path::as_bytes));
        match path.and_then(Path::without_parameters) {
            Some(other) if self.first(request, host.as_ref(), Some(other)) != first => {
                Err(Reason::PathAmbiguous)
            }
            Some(_) | None => Ok(first),
        }
    }

    fn first<'r>(
        &self,
        request: &impl RequestView<'r>,
        host: Option<&Host>,
        path: Option<&[u8]>,
    ) -> Option<usize> {
        let exact = host.and_then(|host| self.exact.get(host.exact()?));
        let below = host
            .filter(|_| !self.below.is_empty())
            .into_iter()
            .flat_map(Host::parents)
            .filter_map(|name| self.below.get(name));
        let groups = exact.into_iter().chain(below).chain([&self.anywhere]);
        let mut best = usize::MAX;
        let mut visit = |rules: &[usize]| {
            let earlier = rules.iter().copied().take_while(|rule| *rule < best);
            let mut met = earlier.filter(|rule| self.rules[*rule].hold(request));
            best = met.next().unwrap_or(best);
            best
        };
        for group in groups {
            let best = visit(&group.without_paths);
            if let Some([_, path @ ..]) = path {
                group.paths.visit(Some(path), best, &mut visit);
            }
        }
        (best < self.rules.len()).then_some(best)
    }
}

type Groups = HashMap<Box<[u8]>, Group, RandomState>;

/// Rules for the same hosts.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Those for every path, known or not, in rising order.
    without_paths: Vec<usize>,
    paths: Tree,
}

impl Group {
    fn insert(&mut self, found: &Match, rule: usize) {
        if found.paths.is_empty() && self.without_paths.last() != Some(&rule) {
            self.without_paths.push(rule);
        }
        for pattern in &found.paths {
            self.paths.insert(pattern, rule);
        }
    }
}

/// What is tried of a rule once its host and path match.
#[derive(Clone, Debug)]
struct Conditions {
    methods: Box<[MethodPattern]>,
    headers: Box<[HeaderPattern]>,
}

impl Conditions {
    fn hold<'r>(&self, request: &impl RequestView<'r>) -> bool {
        let has_method = self.methods.is_empty() || {
            let method = request.method();
            self.methods.iter().any(|it| it.matches(method))
        };
        has_method && self.headers.iter().all(|header| header.matches(request))
    }
}
