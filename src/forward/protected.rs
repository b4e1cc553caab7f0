//! The headers that only the gate may set.

use std::collections::{BTreeMap, HashSet};

use http::HeaderName;

use super::Forwarded;
use crate::request::{Lengths, are_twins};

/// Every header that any rule sets. Whatever rule a request meets, those that it does not set are
/// removed, so that a client cannot forge what it would have set elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Protected {
    names: Box<[HeaderName]>,
    /// For finding twins; by length, so that most headers of a request are none at a glance.
    by_length: BTreeMap<usize, Vec<HeaderName>>,
    lengths: Lengths,
    /// Whether all names consist of letters, digits and hyphens.
    are_plain: bool,
}

impl Protected {
    /// Protects these names.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = HeaderName>) -> Self {
        let mut known = HashSet::new();
        let names: Vec<_> = names
            .into_iter()
            .filter(|name| known.insert(name.clone()))
            .collect();
        let mut by_length = BTreeMap::<usize, Vec<_>>::new();
        for name in &names {
            let alike = by_length.entry(name.as_str().len()).or_default();
            alike.push(name.clone());
        }
        Self {
            lengths: names.iter().fold(Lengths::default(), |lengths, name| {
                lengths.with(name.as_str().as_bytes())
            }),
            are_plain: names.iter().all(|name| is_plain(name.as_str().as_bytes())),
            names: names.into(),
            by_length,
        }
    }

    /// What a request carries upstream if exactly the headers in `set` are set.
    #[must_use]
    pub fn forwarding(&self, set: Vec<(HeaderName, Box<str>)>) -> Forwarded {
        let is_set = |name: &HeaderName| set.iter().any(|(set, _)| set == name);
        let absent = self.names.iter().filter(|name| !is_set(name));
        Forwarded {
            absent: absent.cloned().collect(),
            set,
        }
    }

    /// Whether a header of the request is the twin of one of ours ([`are_twins`]). The name itself,
    /// in any case, is none: it is overwritten or removed anyway.
    #[must_use]
    pub fn is_twin(&self, name: &[u8]) -> bool {
        if !self.lengths.have(name) {
            return false;
        }
        // Two plain names that are mangled alike are the same name.
        if self.are_plain && is_plain(name) {
            return false;
        }
        let Some(alike) = self.by_length.get(&name.len()) else {
            return false;
        };
        let mut alike = alike.iter();
        alike.any(|ours| are_twins(ours.as_str().as_bytes(), name))
    }
}

fn is_plain(name: &[u8]) -> bool {
    name.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}
