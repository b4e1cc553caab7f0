//! Rules through the real gateways: what an attacker sends, and what comes out behind.

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

    /// With a URI, even the shortest, nginx sends the path as it reads it itself.
    fn nginx(&self, uri: &str) -> Gateway {
        let upstream = self.upstream.address();
        let asking = nginx::asking("/_auth", self.jotgate.http(), "/auth");
        nginx::serving(&format!(
            r"
            location / {{
                auth_request /_auth;
                auth_request_set $user_id $upstream_http_x_user_id;
                auth_request_set $reason $upstream_http_x_jotgate_reason;
                proxy_set_header x-user-id $user_id;
                add_header x-jotgate-reason $reason always;
                proxy_pass http://{upstream}{uri};
            }}
            {asking}"
        ))
    }
}

/// What jotgate says is wrong; empty if it lets the request pass or was never asked.
fn reason(answer: &Response) -> &str {
    answer.header("x-jotgate-reason").unwrap_or_default()
}
