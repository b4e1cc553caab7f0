//! The walk-throughs of docs/issuing.md, through the real Envoy and nginx.

use std::process::Command;

use jotgate::listen::Address;
use serde_json::{Map, Value, json};

use super::{basic, body};
use crate::docs::document::{Block, Document};
use crate::docs::gateways::{patient, point};
use crate::docs::programs::{bootstrap, nginx_around};
use crate::support::echo::{Upstream, through};
use crate::support::http::{Request, Response, Server};
use crate::support::jotgate::Jotgate;
use crate::support::programs::{Gateway, find, socket};
use crate::support::wait;

/// What Kestrun's builder and `/token/new` do: name and secret bring a token, and with the token a
/// request passes.
#[test]
fn through_envoy_a_secret_brings_a_token_and_the_token_a_protected_call() {
    let (jotgate, upstream) = (issuing(), Upstream::start());
    let fragment = block("yaml envoy").text;
    let fragment: Map<String, Value> = serde_saphyr::from_str(&patient(&fragment)).expect("YAML");
    let envoy = Gateway::start(
        |directory| {
            let mut config = bootstrap(fragment);
            let resources = &mut config["static_resources"];
            let pipe = json!({ "pipe": { "path": socket(directory) } });
            resources["listeners"][0]["address"] = pipe;
            for cluster in resources["clusters"].as_array_mut().expect("a list") {
                let address = match cluster["name"].as_str().expect("a name") {
                    "jotgate" => jotgate.grpc().clone(),
                    "jotgate-http" => jotgate.http().clone(),
                    "upstream" => upstream.address(),
                    other => panic!("nothing is known of {other}"),
                };
                point(cluster, &address);
            }
            config.to_string()
        },
        |_, config| {
            let mut command = Command::new(find("envoy", "JOTGATE_TEST_ENVOY"));
            let arguments = [
                "--disable-hot-restart",
                "--concurrency",
                "1",
                "--config-path",
            ];
            command.args(arguments).arg(config);
            command
        },
    );
    let envoy = envoy.address();
    let ask = |credentials: &str| {
        let mut request = Request::new("POST", "/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", &basic(credentials));
        request.body = b"grant_type=client_credentials".to_vec();
        request.send(&envoy)
    };
    let token = wait::until("Envoy has found jotgate", || {
        let answer = ask("admin:correct horse");
        (answer.status == 200).then(|| super::token(&answer))
    });
    let good = Request::get("/orders")
        .bearer(&token)
        .header("x-user-id", "root");
    assert_eq!(through(&envoy, &good).all("x-user-id"), ["admin"]);

    let wrong = ask("admin:wrong horse");
    assert_eq!(
        (wrong.status, &body(&wrong)["error"]),
        (401, &json!("invalid_client"))
    );
    assert!(
        wrong
            .header("www-authenticate")
            .is_some_and(|it| it.starts_with("Basic"))
    );
    for refused in [
        Request::get("/orders"),
        Request::get("/orders").bearer("a.b.c"),
    ] {
        assert_eq!(refused.send(&envoy).status, 401);
    }
    // Whoever verifies elsewhere finds the keys at the same place.
    let keys = Request::get("/.well-known/jwks.json").send(&envoy);
    assert_eq!(keys.json()["keys"].as_array().expect("keys").len(), 2);
}

/// What KrakenD's signer and validator do: the answer of a login comes out with tokens in it, and
/// with the token a request passes.
#[test]
fn through_nginx_a_login_is_signed_and_its_token_is_validated() {
    let (jotgate, upstream) = (issuing(), Upstream::start());
    let login = login_service(jotgate.http().clone());
    let text = block("nginx").text;
    let nginx = Gateway::start(
        |directory| {
            let mut text = patient(&text);
            for (documented, actual) in [
                ("127.0.0.1:9192", jotgate.http().to_string()),
                ("127.0.0.1:3000", upstream.address().to_string()),
                ("127.0.0.1:4000", login.address().to_string()),
                (
                    "listen 8080;",
                    format!("listen unix:{};", socket(directory).display()),
                ),
            ] {
                assert!(text.contains(documented), "{documented}");
                text = text.replace(documented, &actual);
            }
            format!("daemon off; master_process off;\n{}", nginx_around(&text))
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
    let nginx = nginx.address();
    let login = |password: &str| {
        let credentials = json!({ "user": "alice", "password": password });
        Request::new("POST", "/login")
            .json(&credentials)
            .send(&nginx)
    };
    let answer = login("opensesame");
    assert_eq!(
        (answer.status, &body(&answer)["expires_in"]),
        (200, &json!(300))
    );
    let token = body(&answer)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let good = Request::get("/orders/1")
        .bearer(&token)
        .header("x-user-id", "root");
    let seen = through(&nginx, &good);
    assert_eq!(
        (seen.all("x-user-id"), seen.target()),
        (vec!["alice"], "/orders/1")
    );
    assert_eq!(login("guessed").status, 403);
    let claims = json!({ "sub": "alice" }).to_string();
    for refused in [
        Request::get("/orders"),
        Request::get("/orders").bearer(&claims),
    ] {
        assert_eq!(refused.send(&nginx).status, 401);
    }
    // To have something signed takes the secret of the login service.
    let mut foreign = Request::new("POST", "/v1/sign/login");
    foreign.body = br#"{"access_token": {"sub": "alice"}}"#.to_vec();
    assert_eq!(foreign.send(&nginx).status, 401);
    assert_eq!(foreign.send(jotgate.http()).status, 401);
}

/// jotgate with the configuration that the document shows for these.
fn issuing() -> Jotgate {
    let blocks = Document::read(DOCUMENT).blocks();
    let mut shown = blocks.iter().filter(|block| block.info == "yaml jotgate");
    let shown = shown.find(|block| block.text.contains("clients:"));
    let shown = shown.expect("a configuration with clients");
    Jotgate::start_ready(serde_saphyr::from_str(&shown.text).expect("YAML"))
}

/// The one block of this kind in the document.
fn block(kind: &str) -> Block {
    let blocks = Document::read(DOCUMENT).blocks();
    let mut found: Vec<Block> = blocks
        .into_iter()
        .filter(|block| block.info == kind)
        .collect();
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

/// Somebody else's service that knows who has which password, and has jotgate sign what it says.
fn login_service(jotgate: Address) -> Server {
    Server::start(move |request| {
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if request.target != "/login" || sent["password"] != "opensesame" {
            return Some(Response::new(403, "text/plain", "no"));
        }
        let user = &sent["user"];
        let claims = json!({
            "access_token": { "sub": user }, "refresh_token": { "sub": user }, "expires_in": 300,
        });
        let signed = Request::new("POST", "/v1/sign/login")
            .header("authorization", &basic("admin:correct horse"))
            .json(&claims)
            .send(&jotgate);
        Some(Response::new(
            signed.status,
            "application/json",
            signed.body,
        ))
    })
}

const DOCUMENT: &str = "docs/issuing.md";
