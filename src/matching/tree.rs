//! The paths of the rules of one group of hosts, as a tree of segments.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use memchr::memchr;

use super::pattern::{PathPattern, Reach, Segment};

/// The end of some patterns, and what follows in others.
///
/// Rules are named by their position; each list of them is in rising order. The keys come from the
/// configuration, so nobody outside can choose them to collide.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    literals: HashMap<Box<[u8]>, Self, RandomState>,
    any: Option<Box<Self>>,
    here: Vec<usize>,
    below: Vec<usize>,
    /// The first rule in this node or below.
    first: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            literals: HashMap::default(),
            any: None,
            here: Vec::new(),
            below: Vec::new(),
            first: usize::MAX,
        }
    }
}

impl Tree {
    /// Adds a pattern of `rule`. Rules come in their order.
    pub(super) fn insert(&mut self, pattern: &PathPattern, rule: usize) {
        let mut node = self;
        node.first = node.first.min(rule);
        for segment in &pattern.segments {
            node = match segment {
                Segment::Literal(literal) => node.literals.entry(literal.clone()).or_default(),
                Segment::Any => node.any.get_or_insert_default(),
            };
            node.first = node.first.min(rule);
        }
        let rules = match pattern.reach {
            Reach::Here => &mut node.here,
            Reach::Below => &mut node.below,
        };
        if rules.last() != Some(&rule) {
            rules.push(rule);
        }
    }

    /// Calls `visit` with the rules that match a path, list by list, as long as one in a list may
    /// be before the best so far, which `visit` returns. `path` is what follows the leading slash;
    /// `None` after its last segment.
    pub(super) fn visit(
        &self,
        path: Option<&[u8]>,
        mut best: usize,
        visit: &mut impl FnMut(&[usize]) -> usize,
    ) -> usize {
        if self.first >= best {
            return best;
        }
        best = visit(&self.below);
        let Some(path) = path else {
            return visit(&self.here);
        };
        let (segment, rest) = match memchr(b'/', path) {
            Some(at) => (&path[..at], Some(&path[at + 1..])),
            None => (path, None),
        };
        if let Some(child) = self.literals.get(segment) {
            best = child.visit(rest, best, visit);
        }
        match &self.any {
            Some(child) if !segment.is_empty() => child.visit(rest, best, visit),
            Some(_) | None => best,
        }
    }
}
