//! `server`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Original;
use crate::limits;
use crate::listen::Address;

use super::Unsupported;
use super::number::Threads;
use super::scalar::{FilePath, Written};

/// Where the service listens and how it runs.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Server {
    /// gRPC: Envoy's Check, Verify, health, reflection.
    pub(in crate::config) grpc: GrpcListener,
    /// HTTP: nginx, Traefik, Caddy, Envoy's HTTP service, JSON.
    pub(in crate::config) http: HttpListener,
    /// Metrics, health, status.
    pub(in crate::config) admin: AdminListener,
    /// Workers on the data plane; `auto` is one for each core.
    pub(in crate::config) threads: Written<Threads>,
    /// How long requests in flight may take to end when the service stops.
    pub(in crate::config) drain: Written<Duration>,
    /// Where the last good key sets are kept, so that a restart survives an issuer that is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) state_dir: Option<Written<FilePath>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            grpc: GrpcListener::default(),
            http: HttpListener::default(),
            admin: AdminListener::default(),
            threads: Written::default(),
            drain: Written(limits::DRAIN),
            state_dir: None,
        }
    }
}

/// The gRPC listener.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct GrpcListener {
    /// An address, or unix:///PATH.
    pub(in crate::config) listen: Written<Address>,
    #[schemars(skip)]
    #[serde(skip_serializing)]
    tls: Option<Unsupported>,
}

impl Default for GrpcListener {
    fn default() -> Self {
        Self {
            listen: port(Ipv4Addr::UNSPECIFIED, 9191),
            tls: None,
        }
    }
}

/// The HTTP listener.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct HttpListener {
    /// An address, or unix:///PATH.
    pub(in crate::config) listen: Written<Address>,
    /// Which family of headers describes the original request on /auth.
    pub(in crate::config) original: Written<Original>,
    #[schemars(skip)]
    #[serde(skip_serializing)]
    tls: Option<Unsupported>,
}

impl Default for HttpListener {
    fn default() -> Self {
        Self {
            listen: port(Ipv4Addr::UNSPECIFIED, 9192),
            original: Written::default(),
            tls: None,
        }
    }
}

/// The admin listener.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct AdminListener {
    /// An address, or unix:///PATH.
    pub(in crate::config) listen: Written<Address>,
    #[schemars(skip)]
    #[serde(skip_serializing)]
    tls: Option<Unsupported>,
}

impl Default for AdminListener {
    fn default() -> Self {
        Self {
            listen: port(Ipv4Addr::LOCALHOST, 9193),
            tls: None,
        }
    }
}

fn port(host: Ipv4Addr, port: u16) -> Written<Address> {
    Written(Address::Tcp(SocketAddr::new(IpAddr::V4(host), port)))
}
