//! What is fuzzed, and what must hold for any input. Each module has one `run`, which panics where
//! it does not hold.

pub mod cel;
pub mod check_request;
pub mod claims;
pub mod config;
pub mod credentials;
pub mod keys;
pub mod path;
pub mod token;
