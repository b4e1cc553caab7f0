//! A compact JWS (RFC 7515 7.1) becomes header, claims and signature. Nothing here is trusted:
//! whoever reads claims before a signature was checked says `unverified_`.
//!
//! No allocation once the [`Scratch`] buffers have grown to the longest token; no I/O, no clock.

pub mod base64url;
mod claims;
mod header;
pub mod json;
mod parse;
mod path;

pub use claims::{Claims, numeric_date};
pub use header::Header;
pub use parse::{PartsRoom, Scratch, TokenLimits, UnverifiedToken};
pub use path::{ClaimPath, EmptyName};
