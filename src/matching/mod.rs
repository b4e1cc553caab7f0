//! Which rule a request meets, by its host, method, path and headers.
//!
//! Rules are tried in their order and the first match wins; [`MatchIndex`] finds it without trying
//! them all. Whatever a request does not tell (no host, no path) matches no pattern for it.

mod header;
mod host;
mod index;
mod method;
mod pattern;
mod tree;

pub use header::HeaderPattern;
pub use host::{HostError, HostPattern, bare_host};
pub use index::MatchIndex;
pub use method::{MethodError, MethodPattern};
pub use pattern::{PathError, PathPattern};

/// What a request must be like to meet a rule. A list holds if one of its members does, and if it
/// is empty; of `headers` all must.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Hosts.
    pub hosts: Box<[HostPattern]>,
    /// Methods.
    pub methods: Box<[MethodPattern]>,
    /// Paths.
    pub paths: Box<[PathPattern]>,
    /// Headers, all of them.
    pub headers: Box<[HeaderPattern]>,
}

#[cfg(test)]
mod tests;
