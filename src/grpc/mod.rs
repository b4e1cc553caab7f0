//! `server.grpc`: Envoy's `Check`, jotgate's own `Verifier` and `Signer`, health and reflection.
//!
//! `Check` is answered from its bytes before tonic's routes are asked; everything else is theirs.

pub mod check;
mod metadata;
pub mod proto;
mod service;
mod signer;
pub mod verifier;
pub mod wire;

pub use service::{GrpcBody, GrpcService, HealthReporter, report_health};
