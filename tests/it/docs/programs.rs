//! Configurations, given to the programs that they are for.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::document::{Block, blocks, root};
use crate::support::jotgate;
use crate::support::keys::SigningKey;
use crate::support::programs::find;

#[test]
fn jotgate_accepts_every_configuration() {
    let directory = tempfile::tempdir().expect("a directory");
    put_files_that_examples_name(directory.path());
    for Block { place, text, .. } in blocks("yaml jotgate") {
        let document: Value =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let rest = match document.get("issuers") {
            Some(_) => "",
            None => {
                "issuers: { corp: { issuer: corp, audiences: any, keys: [{ jwks_file: keys.json }] } }"
            }
        };
        let mut command = jotgate::command();
        command
            .arg("check")
            .env("BATCH_SECRET", "c2VjcmV0".repeat(8))
            .env("ALICE_SECRET", "secret".repeat(8));
        accept(&place, command.arg("--config"), &directory, &(text + rest));
    }
}

#[test]
fn envoy_accepts_every_fragment() {
    let directory = tempfile::tempdir().expect("a directory");
    for Block { place, text, .. } in blocks("yaml envoy") {
        let fragment: Map<String, Value> =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let mut command = Command::new(find("envoy", "JOTGATE_TEST_ENVOY"));
        command.args([
            "--mode",
            "validate",
            "--log-level",
            "error",
            "--config-path",
        ]);
        // JSON is YAML.
        accept(
            &place,
            &mut command,
            &directory,
            &bootstrap(fragment).to_string(),
        );
    }
}

#[test]
fn nginx_accepts_every_fragment() {
    let directory = tempfile::tempdir().expect("a directory");
    for Block { place, text, .. } in blocks("nginx") {
        let server = if text.trim_start().starts_with("location") {
            format!(
                "server {{ listen unix:{}/nginx.sock;\n{text} }}",
                directory.path().display()
            )
        } else {
            text
        };
        let mut command = Command::new(find("nginx", "JOTGATE_TEST_NGINX"));
        command
            .args(["-t", "-e", "stderr", "-p"])
            .arg(directory.path())
            .arg("-c");
        accept(&place, &mut command, &directory, &nginx_around(&server));
    }
}

#[test]
fn caddy_accepts_every_caddyfile() {
    let directory = tempfile::tempdir().expect("a directory");
    for Block { place, text, .. } in blocks("caddyfile") {
        let mut command = Command::new(find("caddy", "JOTGATE_TEST_CADDY"));
        command
            .env("HOME", directory.path())
            .env("XDG_DATA_HOME", directory.path());
        command.args(["validate", "--adapter", "caddyfile", "--config"]);
        accept(&place, &mut command, &directory, &text);
    }
}

#[test]
fn haproxy_accepts_every_fragment() {
    let directory = tempfile::tempdir().expect("a directory");
    for Block { place, text, .. } in blocks("haproxy") {
        let mut command = Command::new(find("haproxy", "JOTGATE_TEST_HAPROXY"));
        command.args(["-c", "-f"]);
        let timeouts =
            "defaults\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n";
        accept(
            &place,
            &mut command,
            &directory,
            &format!("{timeouts}\n{text}"),
        );
    }
}

/// There is no Traefik to ask; but what it is told has to be YAML, with the keys of its reference.
#[test]
fn traefik_would_forward_to_auth_and_trust_nobody() {
    for Block { place, text, .. } in blocks("yaml traefik") {
        let document: Value =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let forward_auth = &document["http"]["middlewares"]["jotgate"]["forwardAuth"];
        let address = forward_auth["address"].as_str().unwrap_or_default();
        assert!(address.ends_with(":9192/auth"), "{place}: {address}");
        assert_eq!(forward_auth["trustForwardHeader"], json!(false), "{place}");
        assert!(forward_auth["authResponseHeaders"].is_array(), "{place}");
    }
}

/// Runs a command on a file with this text, which must please it.
fn accept(place: &str, command: &mut Command, directory: &TempDir, text: &str) {
    let file = directory.path().join("config.yaml");
    fs::write(&file, text).expect("writable");
    let output = command.arg(&file).output().expect("the program runs");
    assert!(
        output.status.success(),
        "{place}: {}\n{}{}\n{text}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// The files beside the configuration that examples speak of.
fn put_files_that_examples_name(directory: &Path) {
    let key = SigningKey::generate("ES256", "k1");
    let keys = json!({ "keys": [key.jwk()] }).to_string();
    let sample = |name: &str| {
        fs::read_to_string(root().join("src/keys/pem/samples").join(name)).expect("a sample")
    };
    for (name, content) in [
        ("keys.json", keys),
        ("key.pem", sample("rsa2048_spki.pem")),
        ("ca.pem", sample("rsa2048_certificate.pem")),
        (
            "consumers.yaml",
            "bob: { credentials: [{ key: b1, algorithm: RS256, public_key: { file: key.pem } }] }\n"
                .to_owned(),
        ),
        ("token.txt", "Bearer of-the-key-server\n".to_owned()),
    ] {
        fs::write(directory.join(name), content).expect("writable");
    }
}

/// A whole Envoy configuration around a fragment: `http_filters` before the router, `clusters`
/// beside the upstream's, and anything else into the connection manager.
pub(crate) fn bootstrap(mut fragment: Map<String, Value>) -> Value {
    let mut taken = |key: &str| match fragment.remove(key) {
        Some(Value::Array(entries)) => entries,
        Some(other) => panic!("{key} is a list, not {other}"),
        None => Vec::new(),
    };
    let (mut filters, mut clusters) = (taken("http_filters"), taken("clusters"));
    filters.push(
        json!({ "name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        }}),
    );
    for name in ["jotgate", "upstream"] {
        if !clusters.iter().any(|cluster| cluster["name"] == name) {
            clusters.push(json!({ "name": name, "connect_timeout": "1s" }));
        }
    }
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                  http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "prefix": "/" }, "route": { "cluster": "upstream" } },
        ]}]},
        "http_filters": filters,
    });
    for (key, value) in fragment {
        manager[key] = value;
    }
    json!({ "static_resources": {
        "listeners": [{
            "name": "front",
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } },
            "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }]}],
        }],
        "clusters": clusters,
    }})
}

/// A whole nginx configuration, in which nothing lies where only root may write.
pub(crate) fn nginx_around(servers: &str) -> String {
    format!(
        "pid nginx.pid; error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
{servers}
}}
"
    )
}
