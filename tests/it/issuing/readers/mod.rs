//! Tokens of every path and every algorithm, read by programs of others from nothing but what is
//! published; and nothing private in what anybody can read.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{basic, body, sign_by_rpc};
use crate::support::http::Request;
use crate::support::idp::Idp;
use crate::support::jotgate::{self, Jotgate};
use crate::support::programs::{find, installed};
use crate::support::rpc::{Rpc, check_request, check_verdict, set_header};
use crate::support::wait;

/// What a key of ours can sign with, as the configuration says it.
const ALGORITHMS: [&str; 10] = [
    "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed25519",
];
/// Members of a JWK that nobody else may have (RFC 7518 6.2.2, 6.3.2, RFC 8037 2).
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];
const ISSUER: &str = "https://jotgate.internal";

#[test]
fn other_libraries_read_every_token_from_what_is_published_and_nothing_private_is() {
    let keys = tempfile::tempdir().expect("a directory for keys");
    let private: Vec<Value> = ALGORITHMS.map(|it| generate(it, keys.path())).to_vec();
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp, &keys, ALGORITHMS[0]));
    let external = idp.token(&json!({ "sub": "alice", "scope": "read" }));
    let mut tokens = Vec::new();
    for algorithm in ALGORITHMS {
        jotgate.reconfigure(config(&idp, &keys, algorithm));
        wait::until("the key signs", || {
            let internal = internal_token(&jotgate, &external);
            (header(&internal)["kid"] == format!("k-{algorithm}")).then_some(())
        });
        for (path, token) in every_path(&jotgate, algorithm, &external) {
            let compact = compact(&token);
            let expected = if algorithm == "Ed25519" {
                "EdDSA"
            } else {
                algorithm
            };
            assert_eq!(header(&compact)["alg"], expected, "{path}");
            let passed = Request::get("/auth").bearer(&compact).send(jotgate.http());
            assert_eq!(passed.status, 200, "{algorithm} {path}: {}", passed.text());
            tokens.push(json!({ "name": format!("{algorithm} {path}"), "token": token }));
        }
    }
    assert_eq!(tokens.len(), ALGORITHMS.len() * 7);
    // Readers that take anything would show nothing.
    let forged = tampered(&compact(&tokens[0]["token"]));
    tokens.push(json!({ "name": "forged", "token": forged }));
    for (reader, command) in [("PyJWT", pyjwt()), ("jose", jose())] {
        let read = read(command, &jotgate, &tokens);
        for token in &tokens {
            let name = token["name"].as_str().expect("a name");
            let claims = &read[name];
            let is_good = claims["iss"] == ISSUER && claims["made"] == "by hand";
            assert_eq!(is_good, name != "forged", "{reader} {name}: {claims}");
        }
    }
    nothing_private(&jotgate, &keys, &private);
}

/// A token from each way to get one: compact, or as an object.
fn every_path(jotgate: &Jotgate, algorithm: &str, external: &str) -> Vec<(&'static str, Value)> {
    let credentials = format!("client-{algorithm}:hunter2");
    let form = |form: &str| {
        let mut request = Request::new("POST", "/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", &basic(&credentials));
        request.body = form.as_bytes().to_vec();
        super::token(&request.send(jotgate.http())).into()
    };
    let sign = |document: &str| {
        let mut request = Request::new("POST", &format!("/v1/sign/{document}"))
            .header("authorization", &basic(&credentials));
        request.body = br#"{"access_token": {"sub": "bob"}}"#.to_vec();
        body(&request.send(jotgate.http()))["access_token"].clone()
    };
    let rpc = Rpc::connect(jotgate.grpc());
    let authorization = format!("Bearer {external}");
    let checked = rpc.check(check_request(&[("authorization", &authorization)]));
    let checked = checked.expect("answered");
    let (_, headers) = check_verdict(&checked);
    let signed = sign_by_rpc(&rpc, &credentials, "", r#"{"sub": "carol"}"#).expect("signed");
    let exchange = format!("{}&subject_token={external}", super::EXCHANGE);
    vec![
        ("/auth", internal_token(jotgate, external).into()),
        (
            "Check",
            set_header(headers, "x-internal-token")
                .expect("a token")
                .into(),
        ),
        ("client_credentials", form("grant_type=client_credentials")),
        ("token exchange", form(&exchange)),
        ("/v1/sign compact", sign("login")),
        ("/v1/sign full", sign("full")),
        ("Signer/Sign", signed.token.into()),
    ]
}

fn internal_token(jotgate: &Jotgate, external: &str) -> String {
    let allowed = Request::get("/auth").bearer(external).send(jotgate.http());
    allowed
        .header("x-internal-token")
        .expect("a token")
        .to_owned()
}

/// What anybody can get to see holds no private half of any key.
fn nothing_private(jotgate: &Jotgate, keys: &TempDir, private: &[Value]) {
    let get = |path: &str| Request::get(path).send(jotgate.http()).text();
    let admin = |path: &str| Request::get(path).send(jotgate.admin()).text();
    let command = |arguments: &[&str]| {
        let output = jotgate::command()
            .args(arguments)
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let config = keys.path().join("config.yaml");
    let seen = [
        ("the key set", get("/.well-known/jwks.json")),
        ("metadata", get("/.well-known/openid-configuration")),
        ("metadata", get("/.well-known/oauth-authorization-server")),
        ("/status", admin("/status")),
        ("/metrics", admin("/metrics")),
        (
            "jotgate status",
            command(&["status", "--admin", &jotgate.admin().to_string()]),
        ),
        (
            "jotgate check",
            command(&["check", "--config", &config.to_string_lossy()]),
        ),
        ("the log", jotgate.log()),
    ];
    for (place, text) in &seen {
        assert!(text.len() > 100, "{place} says something: {text}");
        for key in private {
            for name in PRIVATE {
                let Some(member) = key.get(name) else {
                    continue;
                };
                let member = member.as_str().expect("a text");
                assert!(!text.contains(member), "{place}: {name} of {}", key["kid"]);
            }
        }
    }
    let published: Value = serde_json::from_str(&seen[0].1).expect("JSON");
    let published = published["keys"].as_array().expect("keys");
    assert_eq!(published.len(), ALGORITHMS.len());
    for key in published {
        for name in PRIVATE {
            assert_eq!(key.get(name), None, "{key}");
        }
    }
}

/// Everything that issues, with the key of `first` to sign with and those of all others published.
fn config(idp: &Idp, keys: &TempDir, first: &str) -> Value {
    let hash = bcrypt::hash("hunter2", 4).expect("made");
    let others = ALGORITHMS.iter().filter(|algorithm| **algorithm != first);
    let listed = std::iter::once(&first).chain(others);
    let listed = listed.map(|algorithm| json!({ "file": keys.path().join(algorithm) }));
    // Of a client for each, because nobody may ask too often.
    let clients = ALGORITHMS.map(|algorithm| {
        let client = json!({ "secret_hash": { "value": hash }, "profiles": ["internal"] });
        (format!("client-{algorithm}"), client)
    });
    let document = |full: bool| json!({ "profile": "internal", "keys_to_sign": ["access_token"], "full": full });
    let ours = json!({ "issuer": ISSUER, "audiences": ["orders-api"], "keys": [{ "own": {} }] });
    let mut issuers = idp.issuers();
    issuers["ours"] = ours;
    let config = json!({
        "issue": {
            "issuer": ISSUER,
            "keys": listed.collect::<Vec<_>>(),
            "profiles": { "internal": {
                "audiences": ["orders-api"], "ttl": "10m",
                "claims": { "sub": { "from": "sub" }, "made": { "cel": "'by ' + 'hand'" } },
            }},
            "clients": clients.into_iter().collect::<serde_json::Map<_, _>>(),
            "documents": { "login": document(false), "full": document(true) },
        },
        "forward": { "internal_token": { "profile": "internal", "header": "x-internal-token" } },
        "issuers": issuers,
    });
    fs::write(keys.path().join("config.yaml"), config.to_string()).expect("written");
    config
}

/// A private JWK by `jotgate keygen`, in a file that is called as its algorithm.
fn generate(algorithm: &str, directory: &Path) -> Value {
    let kid = format!("k-{algorithm}");
    let output = jotgate::command()
        .args(["keygen", "--alg", algorithm, "--kid", &kid])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{algorithm}: {output:?}");
    fs::write(directory.join(algorithm), &output.stdout).expect("written");
    serde_json::from_slice(&output.stdout).expect("a JWK")
}

fn pyjwt() -> Command {
    let mut command = Command::new(installed("venv/bin/python", "JOTGATE_TEST_PYTHON"));
    command.arg(program("pyjwt.py"));
    command
}

fn jose() -> Command {
    let library = "npm/node_modules/jose/dist/webapi/index.js";
    let mut command = Command::new(find("node", "JOTGATE_TEST_NODE"));
    command
        .arg(program("jose.mjs"))
        .arg(installed(library, "JOTGATE_TEST_JOSE"));
    command
}

fn program(name: &str) -> std::path::PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/issuing/readers");
    here.join(name)
}

/// The claims of each token, or an error, by its name.
fn read(mut command: Command, jotgate: &Jotgate, tokens: &[Value]) -> Value {
    let question = json!({
        "jwks": format!("http://{}/.well-known/jwks.json", jotgate.http()),
        "issuer": ISSUER, "audience": "orders-api", "tokens": tokens,
    });
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the reader runs");
    let mut input = child.stdin.take().expect("it is piped");
    input
        .write_all(question.to_string().as_bytes())
        .expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The compact form of a token in either (RFC 7515 7.2.2).
fn compact(token: &Value) -> String {
    if let Some(compact) = token.as_str() {
        return compact.to_owned();
    }
    let parts = ["protected", "payload", "signature"];
    parts
        .map(|part| token[part].as_str().expect("a part"))
        .join(".")
}

fn header(compact: &str) -> Value {
    let header = compact.split('.').next().expect("a header");
    let header = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(header);
    serde_json::from_slice(&header.expect("base64url")).expect("JSON")
}

/// The same with another payload.
fn tampered(compact: &str) -> String {
    let parts: Vec<&str> = compact.split('.').collect();
    let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(parts[1]);
    let payload = String::from_utf8(payload.expect("base64url")).expect("text");
    let payload = payload.replace("alice", "mallo");
    let payload = base64_simd::URL_SAFE_NO_PAD.encode_to_string(payload);
    [parts[0], &payload, parts[2]].join(".")
}
