//! The keys of one issuer: what they are, how one is chosen, how the set is swapped.
//!
//! No I/O here: `refresh` fetches and publishes, requests only read and raise a flag.

mod jwk;
mod pem;
mod set;
mod store;

pub use set::{Completeness, Key, KeySet};
pub use store::KeyStore;
