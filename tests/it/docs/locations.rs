//! The documented parts of an nginx configuration, running: rules by name, and logins.

use serde_json::json;

use super::document::{Block, Document};
use super::gateways::Stage;
use crate::support::echo::through;
use crate::support::http::Request;
use crate::support::nginx;
use crate::support::programs::Gateway;

#[test]
fn nginx_names_rules_as_documented() {
    let stage = Stage::start(&json!({ "rules": [
        { "name": "partners", "match": { "hosts": ["nowhere.example.com"] } },
        { "name": "all-else", "access": "denied" },
    ]}));
    let nginx = nginx_with(&stage, "/auth/partners");
    let request = Request::get("/partners/1").header("x-user-id", "root");
    let answer = request.send(&nginx.address());
    assert_eq!(answer.status, 401);
    let request = request.bearer(&stage.idp.token(&json!({})));
    let seen = through(&nginx.address(), &request);
    assert_eq!(seen.all("x-user-id"), ["u1"]);
}

#[test]
fn nginx_sends_browsers_to_log_in_as_documented() {
    let url = "https://login.example.com/?return_to={url}";
    let stage = Stage::start(&json!({ "deny": { "redirect": { "url": url } } }));
    let nginx = nginx_with(&stage, "@login");
    let browser = Request::get("/pages/1?a=b").header("accept", "text/html,*/*;q=0.8");
    let answer = browser.send(&nginx.address());
    let location = "https://login.example.com/?return_to=\
                    https%3A%2F%2Fapi.example.com%2Fpages%2F1%3Fa%3Db";
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(location))
    );

    let expired = stage.idp.token(&json!({ "exp": 1_000 }));
    for (request, challenge) in [
        (Request::get("/pages/1"), r#"Bearer realm="jotgate""#),
        (
            Request::new("POST", "/pages/1").header("accept", "text/html"),
            r#"Bearer realm="jotgate""#,
        ),
        (
            browser.clone().bearer(&expired),
            r#"Bearer realm="jotgate", error="invalid_token""#,
        ),
    ] {
        let answer = request.send(&nginx.address());
        assert_eq!(
            (answer.status, answer.header("location")),
            (401, None),
            "{request:?}"
        );
        let sent = answer.header("www-authenticate").unwrap_or_default();
        assert!(sent.starts_with(challenge), "{request:?}: {sent}");
    }

    let request = browser.bearer(&stage.idp.token(&json!({})));
    assert_eq!(through(&nginx.address(), &request).all("x-user-id"), ["u1"]);
}

/// nginx with the one documented block that has `what` in it.
fn nginx_with(stage: &Stage, what: &str) -> Gateway {
    let blocks = Document::read("docs/nginx.md").blocks();
    let found: Vec<&Block> = blocks
        .iter()
        .filter(|block| block.info == "nginx" && block.text.contains(what))
        .collect();
    let [Block { text, .. }] = found[..] else {
        panic!("one block is about {what}");
    };
    nginx::serving(&stage.point(text, "127.0.0.1:9192", "127.0.0.1:3000"))
}
