//! The keys of one issuer: what they are, how one is chosen, how the set is swapped.
//!
//! No I/O here: `refresh` fetches and publishes, requests only read and raise a flag.

mod infineon;
mod jwk;
mod misses;
mod notes;
mod pem;
mod public;
mod set;
mod store;

pub use jwk::{
    JwkPolicy, JwkSetError, ParsedKeys, PrivateMembers, SkippedKeys, default_rsa_algorithm,
    parse_jwk_set,
};
pub use misses::Wanted;
pub use pem::{PemError, parse_pem, read_pem};
pub use public::{Curve, PublicKey, secret_key};
pub use set::{Completeness, Key, KeySet};
pub use store::KeyStore;

/// The atomics of `notes`, which `tests/model.rs` has others for.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}
