//! A real nginx asks jotgate's `/auth` about every request.

use serde_json::{Value, json};

use crate::support::echo::{Upstream, through};
use crate::support::http::{Request, Response};
use crate::support::idp::{Idp, Mood};
use crate::support::jotgate::Jotgate;
use crate::support::nginx;
use crate::support::programs::Gateway;

#[test]
fn a_good_token_passes_with_the_headers_made_of_its_claims() {
    let stage = Stage::start();
    let roles = json!({ "realm_access": { "roles": ["admin", "ops"] } });
    let request = Request::get("/orders/1?a=b").bearer(&stage.idp.token(&roles));
    let seen = through(&stage.nginx.address(), &request);
    assert_eq!(seen.all("x-user-id"), ["u1"]);
    assert_eq!(seen.all("x-roles"), ["admin,ops"]);
    assert_eq!(seen.target(), "/orders/1?a=b");
}

#[test]
fn a_forged_identity_never_reaches_the_upstream() {
    let stage = Stage::start();
    let request = Request::get("/orders")
        .bearer(&stage.idp.token(&json!({})))
        .header("x-user-id", "admin")
        .header("x_user_id", "admin")
        .header("x-email", "admin@example.com");
    let seen = through(&stage.nginx.address(), &request);
    assert_eq!(seen.all("x-user-id"), ["u1"]);
    assert_eq!(seen.all("x_user_id"), [""; 0]);
    assert_eq!(seen.all("x-email"), [""; 0]);
}

#[test]
fn a_bad_token_is_challenged_with_an_error_and_a_missing_one_without() {
    let stage = Stage::start();
    let answer = stage.ask(&Request::get("/orders").bearer("a.b.c"));
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(
        challenge.starts_with(r#"Bearer realm="jotgate", error="invalid_token""#),
        "{challenge}"
    );
    let answer = stage.ask(&Request::get("/orders"));
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="jotgate""#)
    );
}

#[test]
fn a_client_cannot_choose_what_is_judged() {
    let stage = Stage::start();
    let request = Request::get("/orders")
        .bearer(&stage.idp.token(&json!({})))
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-uri", "/public");
    // nginx hands the client's own X-Forwarded-Uri on; what it says is not what nginx says.
    assert_eq!(stage.ask(&request).status, 403);
}

/// nginx knows 2xx, 401 and 403 as answers; anything else is an error of its own.
#[test]
fn without_keys_and_without_jotgate_nothing_passes() {
    let idp = Idp::start();
    idp.set_mood(Mood::Broken);
    let jotgate = Jotgate::start(config(&idp));
    let mut stage = Stage::around(idp, jotgate);
    let request = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
    assert_eq!(stage.ask(&request).status, 500);
    stage.jotgate.kill();
    assert_eq!(stage.ask(&request).status, 500);
}

#[test]
fn unavailability_can_be_given_a_status_that_nginx_knows() {
    let idp = Idp::start();
    idp.set_mood(Mood::Broken);
    let mut config = config(&idp);
    config["deny"]["unavailable_status"] = json!(403);
    let jotgate = Jotgate::start(config);
    let stage = Stage::around(idp, jotgate);
    let request = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
    assert_eq!(stage.ask(&request).status, 403);
}

struct Stage {
    idp: Idp,
    jotgate: Jotgate,
    nginx: Gateway,
    _upstream: Upstream,
}

impl Stage {
    fn start() -> Self {
        let idp = Idp::start();
        let jotgate = Jotgate::start_ready(config(&idp));
        Self::around(idp, jotgate)
    }

    fn around(idp: Idp, jotgate: Jotgate) -> Self {
        let upstream = Upstream::start();
        let nginx = nginx::in_front_of(&upstream.address(), jotgate.http());
        Self {
            idp,
            jotgate,
            nginx,
            _upstream: upstream,
        }
    }

    fn ask(&self, request: &Request) -> Response {
        request.send(&self.nginx.address())
    }
}

fn config(idp: &Idp) -> Value {
    json!({
        "issuers": idp.issuers(),
        "forward": { "headers": {
            "x-user-id": "sub",
            "x-email": "email",
            "x-roles": { "claim": "realm_access.roles", "format": "csv" },
        }},
        "deny": { "realm": "jotgate" },
    })
}
