//! `server`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Original;
use crate::limits;
use crate::listen::{Address, ClientName, TlsVersion};

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
    /// Without it connections are in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) tls: Option<Tls>,
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
    /// Without it connections are in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) tls: Option<Tls>,
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

/// TLS of a listener.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(extend("required" = ["cert_file", "key_file"]))]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct Tls {
    /// The server's certificate and those between it and an authority, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) cert_file: Option<Written<FilePath>>,
    /// The private key of the certificate, in PEM, unencrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) key_file: Option<Written<FilePath>>,
    /// Who signs the certificates of clients. With it no client is let in without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) client_ca_file: Option<Written<FilePath>>,
    /// DNS names and URIs, one of which a client's certificate must have; without it any name does.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) client_names: Option<Vec<Written<ClientName>>>,
    /// The oldest version that clients may speak.
    pub(in crate::config) min_version: Written<TlsVersion>,
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
