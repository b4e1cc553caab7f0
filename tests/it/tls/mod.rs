//! TLS on the listeners, with real clients. Gateways with TLS: `docs`.

mod handshakes;
mod rotation;

use std::fs;
use std::process::{Command, Output};

use jotgate::listen::Address;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::idp::{Idp, merged};
use crate::support::jotgate::Jotgate;
use crate::support::programs::find;
use crate::support::tls::Authority;

/// jotgate with TLS on both listeners, and who certifies servers and clients.
struct Stage {
    idp: Idp,
    jotgate: Jotgate,
    servers: Authority,
    clients: Authority,
    directory: TempDir,
}

impl Stage {
    /// Lets in those whom `clients` certifies under one of `names`; anybody, if there are none.
    fn start(names: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory for certificates");
        let (servers, clients) = (Authority::new(), Authority::new());
        servers
            .certify("localhost")
            .write(directory.path(), "server");
        fs::write(directory.path().join("servers.pem"), servers.pem()).expect("written");
        fs::write(directory.path().join("clients.pem"), clients.pem()).expect("written");
        let idp = Idp::start();
        let file = |name: &str| json!(directory.path().join(name));
        let mut tls = json!({ "cert_file": file("server.crt"), "key_file": file("server.key") });
        if !names.is_null() {
            let clients = json!({ "client_ca_file": file("clients.pem"), "client_names": names });
            tls = merged(tls, &clients);
        }
        let config = json!({
            "server": { "grpc": { "tls": tls }, "http": { "tls": tls } },
            "issuers": idp.issuers(),
        });
        let jotgate = Jotgate::start_ready(config);
        Self {
            idp,
            jotgate,
            servers,
            clients,
            directory,
        }
    }

    /// What curl gets from `https://localhost/PATH` on that listener.
    fn curl(&self, to: &Address, path: &str, flags: &[&str]) -> Output {
        let Address::Tcp(address) = to else {
            panic!("listens on a port: {to}");
        };
        let port = address.port();
        let token = self.idp.token(&json!({}));
        Command::new(find("curl", "JOTGATE_TEST_CURL"))
            .current_dir(self.directory.path())
            .args(["--silent", "--show-error", "--noproxy", "*"])
            .args(["--cacert", "servers.pem"])
            .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
            .args(["--header", &format!("authorization: Bearer {token}")])
            .args(["--write-out", "%{http_code} %{http_version}"])
            .args(["--output", "/dev/null"])
            .args(flags)
            .arg(format!("https://localhost:{port}{path}"))
            .output()
            .expect("curl runs")
    }
}

/// Status and version of HTTP, if there was an answer; else what curl complained about.
fn outcome(output: &Output) -> Result<String, String> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_client_chooses_its_version_of_http_and_of_tls() {
    let stage = Stage::start(&Value::Null);
    for (flags, expected) in [
        (&["--http1.1"][..], "200 1.1"),
        (&["--http2"], "200 2"),
        (&["--no-alpn", "--http1.1"], "200 1.1"),
        (&["--tls-max", "1.2", "--http2"], "200 2"),
        (&["--tlsv1.3", "--http2"], "200 2"),
    ] {
        let output = stage.curl(stage.jotgate.http(), "/auth", flags);
        assert_eq!(outcome(&output), Ok(expected.to_owned()), "{flags:?}");
    }
    let old = ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    let output = stage.curl(stage.jotgate.http(), "/auth", &old);
    assert!(!output.status.success(), "TLS 1.1");

    // gRPC is HTTP/2 alone. This is no gRPC, and tonic says so.
    let grpc = stage.jotgate.grpc();
    let output = stage.curl(grpc, "/nothing", &["--http2"]);
    assert_eq!(outcome(&output), Ok("200 2".to_owned()));
    let output = stage.curl(grpc, "/nothing", &["--http1.1"]);
    assert!(!output.status.success());
}

#[test]
fn only_clients_that_are_certified_under_a_known_name_are_let_in() {
    let stage = Stage::start(&json!(["gateway.internal", "spiffe://example.org/gateway"]));
    let stranger = Authority::new();
    for (pair, is_let_in) in [
        (stage.clients.certify("gateway.internal"), true),
        (stage.clients.certify("GATEWAY.internal"), true),
        (stage.clients.certify("spiffe://example.org/gateway"), true),
        (stage.clients.certify("spiffe://example.org/other"), false),
        (stage.clients.certify("other.internal"), false),
        (stage.clients.certify("a.gateway.internal"), false),
        (stage.clients.certify_expired("gateway.internal"), false),
        (stranger.certify("gateway.internal"), false),
        (stage.servers.certify("gateway.internal"), false),
    ] {
        pair.write(stage.directory.path(), "client");
        let flags = ["--cert", "client.crt", "--key", "client.key", "--http2"];
        for (listener, path) in [
            (stage.jotgate.http(), "/auth"),
            (stage.jotgate.grpc(), "/nothing"),
        ] {
            for version in ["1.2", "1.3"] {
                let flags = [&flags[..], &["--tls-max", version]].concat();
                let output = stage.curl(listener, path, &flags);
                let outcome = outcome(&output);
                assert_eq!(outcome.is_ok(), is_let_in, "{}: {outcome:?}", pair.name());
            }
        }
    }
    for listener in [stage.jotgate.http(), stage.jotgate.grpc()] {
        let output = stage.curl(listener, "/auth", &[]);
        assert!(!output.status.success(), "no certificate");
    }
}
