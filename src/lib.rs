//! jotgate is a JWT gate: it answers one question very fast and never wrongly, "may this request
//! pass with this token?".
//!
//! The map, from the bottom up; imports go down only (see `ARCHITECTURE.md`):
//!
//! - core, without I/O, clock and async: [`limits`], [`reason`], [`time`], [`token`],
//!   [`signature`], [`keys`], [`issuers`], [`consumers`], [`verify`], [`explain`], [`request`],
//!   [`path`], [`prepared`], [`credentials`], [`forward`], [`deny`], [`requirement`], [`matching`],
//!   [`rules`], [`cache`], [`authorizer`]
//! - control plane, never awaited by a request: [`secret`], [`threads`], [`metrics`], [`telemetry`],
//!   [`issue`], [`refresh`], [`config`]
//! - edge, thin adapters: [`gate`], [`listen`], [`grpc`], [`http`], [`admin`]
//! - [`app`] puts it together; [`cli`] is what people type.

#![forbid(unsafe_code)]

pub mod admin;
pub mod app;
pub mod authorizer;
pub mod cache;
pub mod cli;
pub mod config;
pub mod consumers;
pub mod credentials;
pub mod deny;
pub mod explain;
#[cfg(test)]
mod fixture;
pub mod forward;
pub mod gate;
pub mod grpc;
pub mod http;
pub mod issue;
pub mod issuers;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod matching;
pub mod metrics;
pub mod path;
pub mod prepared;
pub mod reason;
pub mod refresh;
pub mod request;
pub mod requirement;
pub mod rules;
pub mod secret;
pub mod signature;
pub mod telemetry;
pub mod threads;
pub mod time;
pub mod token;
pub mod verify;
