//! What the upstream is told about the user: by each rule what it says, and never what the client
//! says, also where nobody asks for a token.

use serde_json::json;

use super::{Stage, Way, reason};
use crate::support::echo::{Seen, through};
use crate::support::http::Request;

const WAYS: [Way; 4] = [
    Way::EnvoyGrpc,
    Way::EnvoyGrpcRaw,
    Way::EnvoyHttp,
    Way::Nginx,
];

#[test]
fn each_access_lets_in_whom_it_should_and_nobody_forges_a_name() {
    let stage = stage();
    let good = stage.idp.token(&json!({ "tenant": "acme" }));
    let expired = stage.idp.token(&json!({ "exp": 1_000 }));
    for way in WAYS {
        let gateway = stage.gateway(way);
        for (path, token, expected) in [
            ("/public", "", Ok("")),
            ("/public", &good, Ok("")),
            ("/public", &expired, Ok("")),
            ("/optional", "", Ok("")),
            ("/optional", &good, Ok("u1")),
            ("/optional", &expired, Err((401, "token_expired"))),
            ("/optional", "x", Err((401, "token_malformed"))),
            ("/permissive", "", Ok("")),
            ("/permissive", &good, Ok("u1")),
            ("/permissive", &expired, Ok("")),
            ("/permissive", "x", Ok("")),
            ("/required", "", Err((401, "token_missing"))),
            ("/required", &good, Ok("u1")),
            ("/required", &expired, Err((401, "token_expired"))),
            ("/denied", &good, Err((403, "rule_denied"))),
        ] {
            let place = format!("{way:?}: {path}: {token}");
            let mut request = forged(path);
            if !token.is_empty() {
                request = request.bearer(token);
            }
            let answer = request.send(&gateway.address());
            match expected {
                Err(refused) => {
                    assert_eq!((answer.status, reason(&answer)), refused, "{place}");
                }
                Ok(user) => {
                    let seen = Seen::from(&answer);
                    assert_eq!(said(&seen, "x-user-id"), user, "{place}");
                    for name in ["x-email", "x-tenant", "x_user_id", "x_tenant"] {
                        assert_eq!(said(&seen, name), "", "{place}: {name}");
                    }
                    let has_payload = !said(&seen, "x-jwt-payload").is_empty();
                    assert_eq!(has_payload, !user.is_empty(), "{place}");
                }
            }
        }
    }
}

#[test]
fn each_rule_forwards_what_it_says() {
    let stage = stage();
    let claims = json!({ "tenant": "acme", "email": "u1@example.com" });
    let token = stage.idp.token(&claims);
    for way in WAYS {
        let gateway = stage.gateway(way);
        // The headers of a rule stand in place of the usual ones; the rest stays as it is.
        let seen = through(&gateway.address(), &forged("/tenants").bearer(&token));
        assert_eq!(said(&seen, "x-tenant"), "acme", "{way:?}");
        assert_eq!(said(&seen, "x-user-id"), "", "{way:?}");
        assert_eq!(said(&seen, "x-email"), "", "{way:?}");
        assert_ne!(said(&seen, "x-jwt-payload"), "", "{way:?}");

        // The credentials of a rule are the only ones that count.
        let cookies = format!("a=1; sid={token}; b=2");
        let request = forged("/pages").header("cookie", &cookies);
        let seen = through(&gateway.address(), &request);
        assert_eq!(said(&seen, "x-user-id"), "u1", "{way:?}");
        assert_eq!(said(&seen, "x-email"), "u1@example.com", "{way:?}");
        let answer = forged("/pages").bearer(&token).send(&gateway.address());
        assert_eq!(reason(&answer), "token_missing", "{way:?}");
        let answer = forged("/required")
            .header("cookie", &cookies)
            .send(&gateway.address());
        assert_eq!(reason(&answer), "token_missing", "{way:?}");
    }
}

/// nginx has no way to take anything out but by its own configuration (docs/nginx.md).
#[test]
fn a_rule_that_strips_leaves_no_token_good_or_bad() {
    let stage = stage();
    let good = stage.idp.token(&json!({}));
    let expired = stage.idp.token(&json!({ "exp": 1_000 }));
    for way in [Way::EnvoyGrpc, Way::EnvoyGrpcRaw, Way::EnvoyHttp] {
        let gateway = stage.gateway(way);
        for token in [&good, &expired] {
            let request = forged("/stripped").bearer(token);
            let seen = through(&gateway.address(), &request);
            assert_eq!(said(&seen, "authorization"), "", "{way:?}");
            let cookies = format!("a=1; sid={token}; b=2");
            let request = forged("/stripped").header("cookie", &cookies);
            let seen = through(&gateway.address(), &request);
            assert_eq!(said(&seen, "cookie"), "a=1; b=2", "{way:?}");
        }
        // Another scheme is no token of ours.
        let request = forged("/stripped").header("authorization", "Basic YTpi");
        let seen = through(&gateway.address(), &request);
        assert_eq!(said(&seen, "authorization"), "Basic YTpi", "{way:?}");
    }
}

fn stage() -> Stage {
    let rule = |path: &str, access: &str| json!({ "match": { "paths": [path] }, "access": access });
    Stage::start(&json!({
        "forward": {
            "headers": { "x-user-id": "sub", "x-email": "email" },
            "payload_header": "x-jwt-payload",
        },
        "rules": [
            rule("/public", "public"),
            rule("/optional", "optional"),
            rule("/permissive", "permissive"),
            rule("/required", "required"),
            rule("/denied", "denied"),
            {
                "match": { "paths": ["/tenants"] },
                "forward": { "headers": { "x-tenant": "tenant" } },
            },
            { "match": { "paths": ["/pages"] }, "credentials": [{ "cookie": "sid" }] },
            {
                "match": { "paths": ["/stripped"] },
                "access": "permissive",
                "credentials": [
                    { "header": "authorization", "scheme": "Bearer" },
                    { "cookie": "sid" },
                ],
                "forward": { "token": "strip" },
            },
        ],
    }))
}

/// A request that says of itself whose it is, under every name that any rule forwards.
fn forged(path: &str) -> Request {
    let names = [
        "x-user-id",
        "X-User-Id",
        "x_user_id",
        "x-email",
        "x-tenant",
        "x_tenant",
        "x-jwt-payload",
    ];
    names.iter().fold(Request::get(path), |request, name| {
        request.header(name, "forged")
    })
}

/// The values of a header, as one that reads them all would see them.
fn said(seen: &Seen, name: &str) -> String {
    seen.all(name).join(",")
}
