//! Rules through the real gateways: what an attacker sends, and what comes out behind.

mod by_name;
mod grpc_client;
mod identity;
mod login;
mod paths;
mod readers;
mod smuggling;

use serde_json::{Value, json};

use crate::support::echo::Upstream;
use crate::support::envoy::ExtAuthz;
use crate::support::http::Response;
use crate::support::idp::{Idp, merged};
use crate::support::jotgate::Jotgate;
use crate::support::nginx;
use crate::support::programs::Gateway;

/// What stands around a gateway.
struct Stage {
    idp: Idp,
    jotgate: Jotgate,
    upstream: Upstream,
}

/// How a gateway asks, and what it does to paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    EnvoyGrpc,
    /// Headers come as bytes in `header_map`.
    EnvoyGrpcRaw,
    EnvoyHttp,
    /// Over gRPC, and the path is normalised before anybody sees it.
    EnvoyNormalising,
    /// The upstream gets the path as it was sent.
    Nginx,
    /// The upstream gets a normalised path, and jotgate the one that was sent.
    NginxNormalising,
}

impl Stage {
    /// `config` stands beside the issuers.
    fn start(config: &Value) -> Self {
        let idp = Idp::start();
        let usual = json!({ "issuers": idp.issuers(), "deny": { "expose_reason": true } });
        let jotgate = Jotgate::start_ready(merged(usual, config));
        Self {
            idp,
            jotgate,
            upstream: Upstream::start(),
        }
    }

    fn gateway(&self, way: Way) -> Gateway {
        let upstream = &self.upstream.address();
        let (grpc, http) = (self.jotgate.grpc(), self.jotgate.http());
        let mut filter = match way {
            Way::EnvoyGrpc | Way::EnvoyGrpcRaw | Way::EnvoyNormalising => ExtAuthz::grpc(grpc),
            Way::EnvoyHttp => ExtAuthz::http(http),
            Way::Nginx => return self.nginx(""),
            Way::NginxNormalising => return self.nginx("/"),
        };
        filter.encode_raw_headers = way == Way::EnvoyGrpcRaw;
        if way == Way::EnvoyNormalising {
            filter.manager = json!({
                "normalize_path": true,
                "merge_slashes": true,
                "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
            });
        }
        filter.in_front_of(upstream)
    }

    /// nginx in front of everything. With a `uri`, even the shortest, it sends the upstream the path
    /// as it reads it itself.
    fn nginx(&self, uri: &str) -> Gateway {
        nginx::serving(&self.nginx_everywhere(uri))
    }

    fn nginx_everywhere(&self, uri: &str) -> String {
        let asking = nginx::asking("/_auth", self.jotgate.http(), "/auth");
        self.nginx_location("/", "/_auth", uri) + &asking
    }

    /// A `location` at `prefix` that asks by the one at `asking`.
    fn nginx_location(&self, prefix: &str, asking: &str, uri: &str) -> String {
        let upstream = self.upstream.address();
        let headers = FORWARDED.map(|name| {
            let variable = name.replace('-', "_");
            format!(
                "auth_request_set ${variable} $upstream_http_{variable};
                proxy_set_header {name} ${variable};\n"
            )
        });
        let headers = headers.concat();
        format!(
            r"
            location {prefix} {{
                auth_request {asking};
                auth_request_set $reason $upstream_http_x_jotgate_reason;
                add_header x-jotgate-reason $reason always;
                {headers}
                proxy_pass http://{upstream}{uri};
            }}"
        )
    }
}

/// An Envoy route at `prefix` with settings of its own for ext_authz.
fn per_route(prefix: &str, settings: &Value) -> Value {
    let kind = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
    });
    json!({
        "match": { "prefix": prefix },
        "route": { "cluster": "upstream" },
        "typed_per_filter_config": { "envoy.filters.http.ext_authz": merged(kind, settings) },
    })
}

/// The headers that rules of these tests make of claims.
const FORWARDED: [&str; 4] = ["x-user-id", "x-email", "x-tenant", "x-jwt-payload"];

/// What jotgate says is wrong; empty if it lets the request pass or was never asked.
fn reason(answer: &Response) -> &str {
    answer.header("x-jotgate-reason").unwrap_or_default()
}
