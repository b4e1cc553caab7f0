//! The documented gateways, running: what a reader copies has to let the right ones in.

use std::process::Command;

use jotgate::listen::Address;
use serde_json::{Map, Value, json};

use super::document::{Block, blocks};
use super::programs::{bootstrap, nginx_around};
use crate::support::echo::{Upstream, through};
use crate::support::envoy::ExtAuthz;
use crate::support::http::Request;
use crate::support::idp::{Idp, Mood, merged};
use crate::support::jotgate::Jotgate;
use crate::support::programs::{Gateway, find, socket};
use crate::support::wait;

#[test]
fn envoy_guards_as_documented() {
    let whole = |block: &Block| {
        !block.place.starts_with(ISSUING)
            && ["http_filters:", "clusters:"]
                .iter()
                .all(|part| block.text.contains(part))
    };
    let blocks: Vec<Block> = blocks("yaml envoy").into_iter().filter(whole).collect();
    assert!(blocks.len() >= 3, "README, gRPC, HTTP");
    for Block { place, text, .. } in blocks {
        let stage = Stage::start(&json!({}));
        let fragment: Map<String, Value> = serde_saphyr::from_str(&patient(&text)).expect("YAML");
        let is_grpc = text.contains("grpc_service");
        let envoy = Gateway::start(
            |directory| {
                let mut config = bootstrap(fragment);
                let resources = &mut config["static_resources"];
                let pipe = json!({ "pipe": { "path": socket(directory) } });
                resources["listeners"][0]["address"] = pipe;
                let jotgate = if is_grpc {
                    stage.jotgate.grpc()
                } else {
                    stage.jotgate.http()
                };
                for cluster in resources["clusters"].as_array_mut().expect("a list") {
                    let is_jotgate = cluster["name"] == "jotgate";
                    let upstream = &stage.upstream.address();
                    point(cluster, if is_jotgate { jotgate } else { upstream });
                }
                config.to_string()
            },
            |_, config| {
                let mut command = Command::new(find("envoy", "JOTGATE_TEST_ENVOY"));
                command.args([
                    "--disable-hot-restart",
                    "--concurrency",
                    "1",
                    "--config-path",
                ]);
                command.arg(config);
                command
            },
        );
        stage.check(&place, &envoy, [403, 503]);
    }
}

#[test]
fn nginx_guards_as_documented() {
    let mut checked = 0;
    for Block { place, text, .. } in blocks("nginx") {
        // The others are parts of this one.
        if !text.contains("server {") || place.starts_with(ISSUING) {
            continue;
        }
        let stage = Stage::start(&json!({ "server": { "http": { "original": "x_original" } } }));
        let nginx = Gateway::start(
            |directory| {
                let text = stage.point(&text, "127.0.0.1:9192", "127.0.0.1:3000");
                let listen = format!("listen unix:{};", socket(directory).display());
                let config = nginx_around(&text.replace("listen 8080;", &listen));
                format!("daemon off; master_process off;\n{config}")
            },
            |directory, config| {
                let mut command = Command::new(find("nginx", "JOTGATE_TEST_NGINX"));
                command
                    .args(["-e", "stderr", "-p"])
                    .arg(directory)
                    .arg("-c")
                    .arg(config);
                command
            },
        );
        stage.check(&place, &nginx, [500, 500]);
        checked += 1;
    }
    assert_eq!(checked, 1);
}

#[test]
fn caddy_guards_as_documented() {
    for Block { place, text, .. } in blocks("caddyfile") {
        let stage = Stage::start(&json!({ "server": { "http": { "original": "x_forwarded" } } }));
        let caddy = Gateway::start(
            |directory| {
                let text = stage.point(&text, "jotgate:9192", "orders:3000");
                let site = format!(
                    "{{\n\tadmin off\n\tauto_https off\n}}\nhttp:// {{\n\tbind unix/{}\n",
                    socket(directory).display()
                );
                text.replace("api.example.com {\n", &site)
            },
            |directory, config| {
                let mut command = Command::new(find("caddy", "JOTGATE_TEST_CADDY"));
                command
                    .env("HOME", directory)
                    .env("XDG_DATA_HOME", directory);
                command
                    .args(["run", "--adapter", "caddyfile", "--config"])
                    .arg(config);
                command
            },
        );
        stage.check(&place, &caddy, [502, 502]);
    }
}

/// The table under "When jotgate cannot decide" in docs/envoy.md.
#[test]
fn envoy_takes_an_outage_as_documented() {
    for (deny, grpc, grpc_allowing, http, http_allowing) in [
        (json!({}), 503, 503, 403, 200),
        (json!({ "unavailable_status": 403 }), 403, 403, 403, 403),
        (json!({ "unavailable_status": 401 }), 401, 401, 401, 401),
        (json!({ "on_unavailable": "defer" }), 503, 200, 403, 200),
    ] {
        let idp = Idp::start();
        idp.set_mood(Mood::Broken);
        let jotgate = Jotgate::start(json!({ "issuers": idp.issuers(), "deny": deny }));
        let upstream = Upstream::start();
        let (over_grpc, over_http) = (
            ExtAuthz::grpc(jotgate.grpc()),
            ExtAuthz::http(jotgate.http()),
        );
        for (filter, failure_mode_allow, status) in [
            (&over_grpc, false, grpc),
            (&over_grpc, true, grpc_allowing),
            (&over_http, false, http),
            (&over_http, true, http_allowing),
        ] {
            let mut filter = filter.clone();
            filter.failure_mode_allow = failure_mode_allow;
            let envoy = filter.in_front_of(&upstream.address());
            let request = Request::get("/orders").bearer(&idp.token(&json!({})));
            let answer = request.send(&envoy.address());
            assert_eq!(answer.status, status, "{deny} {filter:?}");
            let bad = Request::get("/orders")
                .bearer("no-token")
                .send(&envoy.address());
            assert_eq!(bad.status, 401, "{deny} {filter:?}");
        }
    }
}

/// What stands around a gateway.
pub(super) struct Stage {
    pub(super) idp: Idp,
    jotgate: Jotgate,
    upstream: Upstream,
}

impl Stage {
    pub(super) fn start(more: &Value) -> Self {
        let idp = Idp::start();
        let config = json!({
            "issuers": idp.issuers(),
            "forward": { "headers": { "x-user-id": "sub", "x-email": "email" } },
        });
        let jotgate = Jotgate::start_ready(merged(config, more));
        Self {
            idp,
            jotgate,
            upstream: Upstream::start(),
        }
    }

    /// The configuration with the addresses of this stage.
    pub(super) fn point(&self, text: &str, jotgate: &str, upstream: &str) -> String {
        patient(text)
            .replace(jotgate, &self.jotgate.http().to_string())
            .replace(upstream, &self.upstream.address().to_string())
    }

    /// Lets the right ones in, with their own headers, and nobody once jotgate is gone.
    fn check(mut self, place: &str, gateway: &Gateway, without_jotgate: [u16; 2]) {
        let gateway = gateway.address();
        let forged = Request::get("/orders/1?a=b")
            .header("x-user-id", "root")
            .header("x-email", "root@example.com");
        // Without an email in the token nobody has one.
        let good = forged.clone().bearer(&self.idp.token(&json!({})));
        wait::until("the gateway has found jotgate", || {
            (good.send(&gateway).status == 200).then_some(())
        });
        let seen = through(&gateway, &good);
        assert_eq!(seen.all("x-user-id"), ["u1"], "{place}");
        assert!(
            seen.all("x-email").iter().all(|value| value.is_empty()),
            "{place}"
        );
        assert_eq!(seen.target(), "/orders/1?a=b", "{place}");

        // What the client says about the request changes nothing.
        for family in ["x-forwarded", "x-original"] {
            let method = format!("{family}-method");
            let uri = format!("{family}-uri");
            let told = good.clone().header(&method, "POST").header(&uri, "/public");
            assert_eq!(told.send(&gateway).status, 200, "{place}: {family}");
        }

        let answer = forged.send(&gateway);
        assert_eq!(answer.status, 401, "{place}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"jotgate\""), "{place}");
        let expired = self.idp.token(&json!({ "exp": 1_000 }));
        let answer = Request::get("/orders").bearer(&expired).send(&gateway);
        assert_eq!(answer.status, 401, "{place}");

        self.jotgate.kill();
        let status = good.send(&gateway).status;
        assert!(without_jotgate.contains(&status), "{place}: {status}");
    }
}

/// The same with time for a machine that runs every test at once: the documented timeouts are for
/// production.
pub(crate) fn patient(text: &str) -> String {
    let mut text = text.to_owned();
    for (short, long) in [
        ("0.25s", "20s"),
        ("0.5s", "20s"),
        ("500ms", "20s"),
        ("1s;", "20s;"),
    ] {
        text = text.replace(short, long);
    }
    text
}

/// Gives a cluster one fixed endpoint.
pub(crate) fn point(cluster: &mut Value, address: &Address) {
    let Address::Tcp(address) = address else {
        panic!("listens on a port: {address}");
    };
    let endpoint = json!({ "socket_address": {
        "address": address.ip().to_string(), "port_value": address.port(),
    }});
    cluster["type"] = json!("STATIC");
    cluster["load_assignment"] = json!({
        "cluster_name": cluster["name"],
        "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": endpoint } }] }],
    });
}

/// Its gateways have more to do, and tests of their own.
const ISSUING: &str = "docs/issuing.md";
