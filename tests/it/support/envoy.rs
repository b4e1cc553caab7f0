//! The real Envoy, with ext_authz in front of an upstream.

use std::path::Path;
use std::process::Command;

use jotgate::listen::Address;
use serde_json::{Value, json};

use super::idp::merged;
use super::programs::{self, Gateway};

/// How Envoy asks.
#[derive(Clone, Debug)]
pub struct ExtAuthz {
    service: Service,
    /// Whether headers come as bytes in `header_map`, not as text in `headers`.
    pub encode_raw_headers: bool,
    /// What an answer that is no decision means.
    pub failure_mode_allow: bool,
    /// Routes before the one for everything.
    pub routes: Vec<Value>,
    /// Members of the connection manager beside the usual ones.
    pub manager: Value,
    /// Clusters beside those of jotgate and the upstream, which speak HTTP/1.1.
    pub clusters: Vec<(String, Address)>,
    /// Whether the upstream speaks HTTP/2, as gRPC services do.
    pub upstream_is_http2: bool,
}

#[derive(Clone, Debug)]
enum Service {
    Grpc(Address),
    Http(Address),
}

impl ExtAuthz {
    pub fn grpc(jotgate: &Address) -> Self {
        Self::new(Service::Grpc(jotgate.clone()))
    }

    pub fn http(jotgate: &Address) -> Self {
        Self::new(Service::Http(jotgate.clone()))
    }

    fn new(service: Service) -> Self {
        Self {
            service,
            encode_raw_headers: false,
            failure_mode_allow: false,
            routes: Vec::new(),
            manager: json!({}),
            clusters: Vec::new(),
            upstream_is_http2: false,
        }
    }

    /// Starts Envoy with this filter.
    pub fn in_front_of(&self, upstream: &Address) -> Gateway {
        Gateway::start(
            |directory| self.bootstrap(directory, upstream).to_string(),
            |_, config| {
                let mut command = Command::new(programs::find("envoy", "JOTGATE_TEST_ENVOY"));
                command
                    .args(["--disable-hot-restart", "--concurrency", "1"])
                    .args(["--log-level", "warning", "--config-path"])
                    .arg(config);
                command
            },
        )
    }

    fn bootstrap(&self, directory: &Path, upstream: &Address) -> Value {
        let (jotgate, http2) = match &self.service {
            Service::Grpc(address) => (address, true),
            Service::Http(address) => (address, false),
        };
        let mut clusters = vec![
            cluster("jotgate", jotgate, http2),
            cluster("upstream", upstream, self.upstream_is_http2),
        ];
        let others = self.clusters.iter();
        clusters.extend(others.map(|(name, address)| cluster(name, address, false)));
        json!({ "static_resources": {
            "listeners": [{
                "name": "front",
                "address": { "pipe": { "path": programs::socket(directory) } },
                "filter_chains": [{ "filters": [{
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": self.connection_manager(),
                }]}],
            }],
            "clusters": clusters,
        }})
    }

    fn connection_manager(&self) -> Value {
        let mut routes = self.routes.clone();
        routes.push(json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream" } }));
        let usual = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                      http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "front",
            "route_config": { "virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "routes": routes,
                // What reaches the upstream shows what the filter was told.
                "request_headers_to_add": [{
                    "header": { "key": METADATA_HEADER, "value": METADATA_FORMAT },
                }],
            }]},
            "http_filters": [
                { "name": "envoy.filters.http.ext_authz", "typed_config": self.filter() },
                { "name": "envoy.filters.http.router", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                }},
            ],
        });
        merged(usual, &self.manager)
    }

    fn filter(&self) -> Value {
        let mut filter = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            "transport_api_version": "V3",
            "failure_mode_allow": self.failure_mode_allow,
        });
        match &self.service {
            Service::Grpc(_) => {
                filter["grpc_service"] =
                    json!({ "envoy_grpc": { "cluster_name": "jotgate" }, "timeout": TIMEOUT });
                filter["encode_raw_headers"] = json!(self.encode_raw_headers);
            }
            Service::Http(_) => {
                let every = json!({ "patterns": [{ "safe_regex": { "regex": ".*" } }] });
                // What a stripped cookie leaves comes back, too.
                let identity = json!({ "patterns": [{ "prefix": "x-" }, { "exact": "cookie" }] });
                filter["allowed_headers"] = every;
                filter["http_service"] = json!({
                    "server_uri": {
                        "uri": "http://jotgate", "cluster": "jotgate", "timeout": TIMEOUT,
                    },
                    "path_prefix": "/envoy",
                    "authorization_response": { "allowed_upstream_headers": identity },
                });
            }
        }
        filter
    }
}

/// The header in which the upstream finds `subject` of the dynamic metadata.
pub const METADATA_HEADER: &str = "from-metadata";
const METADATA_FORMAT: &str = "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:subject)%";
const TIMEOUT: &str = "10s";

fn cluster(name: &str, address: &Address, http2: bool) -> Value {
    let address = match address {
        Address::Tcp(address) => json!({ "socket_address": {
            "address": address.ip().to_string(), "port_value": address.port(),
        }}),
        Address::Unix(path) => json!({ "pipe": { "path": path } }),
    };
    let protocol = if http2 {
        json!({ "http2_protocol_options": {} })
    } else {
        json!({ "http_protocol_options": {} })
    };
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [
            { "endpoint": { "address": address } },
        ]}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.\
                          HttpProtocolOptions",
                "explicit_http_config": protocol,
            },
        },
    })
}
