//! What the tests stand on: other people's servers, and fakes of those that cannot be had.

pub mod echo;
pub mod envoy;
pub mod http;
pub mod idp;
pub mod jotgate;
pub mod keys;
pub mod nginx;
pub mod programs;
#[allow(clippy::all, missing_docs, unused_qualifications, reason = "generated")]
pub mod proto;
pub mod rpc;
pub mod wait;
