//! What the tests stand on: other people's servers, and fakes of those that cannot be had.

pub mod collector;
pub mod echo;
pub mod envoy;
pub mod h2;
pub mod http;
pub mod idp;
pub mod jotgate;
pub mod keys;
pub mod leaks;
pub mod nginx;
pub mod programs;
pub mod rpc;
pub mod tls;
pub mod wait;
