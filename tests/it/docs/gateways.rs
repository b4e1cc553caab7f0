//! The documented gateways, running: what a reader copies has to let the right ones in.

use std::process::Command;

use jotgate::listen::Address;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::document::{Block, blocks};
use super::programs::{
    beside, bootstrap, nginx_around, put_certificates, put_files_that_examples_name,
};
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
    assert!(blocks.len() >= 4, "README, gRPC, TLS, HTTP");
    for Block { place, text, .. } in blocks {
        let certificates = certificates();
        let mut grpc = json!({});
        if text.contains("transport_socket") {
            grpc["tls"] = tls(&certificates);
        }
        let stage = Stage::start(&json!({ "server": { "grpc": grpc } }));
        let text = beside(&patient(&text), certificates.path());
        let fragment: Map<String, Value> = serde_saphyr::from_str(&text).expect("YAML");
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
    let of_gateways = |block: &Block| !block.place.starts_with(ISSUING);
    let blocks: Vec<Block> = blocks("nginx").into_iter().filter(of_gateways).collect();
    let one = |part: &str| {
        let mut found = blocks.iter().filter(|block| block.text.contains(part));
        let block = found.next().expect(part);
        assert!(found.next().is_none(), "{part}");
        block
    };
    // The others are parts of this one.
    let Block { place, text, .. } = one("server {");
    let over_tls = format!("https://jotgate/auth;\n{}", one("proxy_ssl_verify").text);
    let over_tls = text.replace("http://jotgate/auth;", &over_tls);
    for (text, is_tls) in [(text, false), (&over_tls, true)] {
        let certificates = certificates();
        let text = beside(text, certificates.path());
        let mut http = json!({ "original": "x_original" });
        if is_tls {
            http["tls"] = tls(&certificates);
        }
        let stage = Stage::start(&json!({ "server": { "http": http } }));
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
        stage.check(place, &nginx, [500, 500]);
    }
}

#[test]
fn haproxy_guards_as_documented() {
    let guards = |block: &Block| block.text.contains("lua.jotgate");
    let blocks: Vec<Block> = blocks("haproxy").into_iter().filter(guards).collect();
    assert!(!blocks.is_empty());
    for Block { place, text, .. } in blocks {
        let stage = Stage::start(&json!({ "server": { "http": { "original": "x_original" } } }));
        let haproxy = Gateway::start(
            |directory| {
                put_files_that_examples_name(directory);
                let text = stage.point(&text, "127.0.0.1:9192", "127.0.0.1:3000");
                let bind = format!("bind unix@{}", socket(directory).display());
                beside(&text.replace("bind :8080", &bind), directory)
            },
            |_, config| {
                let mut command = Command::new(find("haproxy", "JOTGATE_TEST_HAPROXY"));
                command.arg("-f").arg(config);
                command
            },
        );
        let mut forged = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
        let twins = ["x_user_id", "x-user_id", "X_User-Id"];
        for twin in twins {
            forged = forged.header(twin, "root");
        }
        wait::until("the gateway has found jotgate", || {
            (forged.send(&haproxy.address()).status == 200).then_some(())
        });
        let seen = through(&haproxy.address(), &forged);
        for twin in twins {
            assert_eq!(seen.all(twin), [""; 0], "{place}: {twin}");
        }
        stage.check(&place, &haproxy, [503, 503]);
    }
}

/// A directory with certificates of a gateway and of jotgate.
fn certificates() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    put_certificates(directory.path());
    directory
}

/// TLS of a listener of jotgate that lets the gateway in.
fn tls(certificates: &TempDir) -> Value {
    let file = |name: &str| certificates.path().join(name);
    json!({
        "cert_file": file("tls.crt"),
        "key_file": file("tls.key"),
        "client_ca_file": file("ca.crt"),
        "client_names": ["gateway.internal"],
    })
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
