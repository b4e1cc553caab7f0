//! The source `own`: what is issued in this process is verified in it, without a network.

use std::sync::Arc;
use std::time::Instant;

use super::ring::Ring;
use super::source::SourceError;
use super::status::KeysFrom;
use crate::issue::{Follower, OwnKeys};
use crate::keys::{JwkPolicy, parse_jwk_set};
use crate::signature::AlgorithmSet;

/// Gives `ring` the keys that are published now and whenever they change, read as any key set is:
/// what others would get.
pub(super) fn follow(
    own: &OwnKeys,
    ring: &Arc<Ring>,
    index: usize,
    allowed: AlgorithmSet,
) -> Follower {
    let policy = JwkPolicy::local(allowed);
    let ring = Arc::clone(ring);
    own.follow(move |key_set| {
        let began = Instant::now();
        let outcome = parse_jwk_set(key_set, &policy)
            .map(|parsed| ring.delivered(index, parsed, KeysFrom::Source, ring.now()))
            .map_err(SourceError::from);
        ring.fetched(index, began.elapsed(), outcome.as_ref().copied());
    })
}
