//! `server.grpc`: Envoy's `Check`, jotgate's own `Verifier` and `Signer`, health and reflection.
//!
//! `Check` is answered from its bytes before tonic's routes are asked; everything else is theirs.

mod answer;
pub mod check;
mod connection;
mod frame;
mod keep_alive;
mod messages;
mod metadata;
pub mod proto;
mod read_ahead;
mod routed;
mod service;
mod signer;
pub mod verifier;
pub mod wire;

pub use connection::serve_connection;
pub use frame::Framed;
use service::ClientAddress;
pub use service::{GrpcService, HealthReporter, report_health};
