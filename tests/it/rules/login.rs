//! Browsers that are not logged in, in front of a real gateway.

use serde_json::json;

use super::{Stage, Way, reason};
use crate::support::http::Request;

/// nginx redirects itself: see `tests/it/docs/login.rs`.
#[test]
fn envoy_sends_browsers_to_log_in_and_refuses_programs() {
    let stage = Stage::start(&json!({
        "deny": { "expose_reason": true, "redirect": { "url": LOGIN } },
        "rules": [
            { "match": { "paths": ["/pages/**"] } },
            {
                "match": { "paths": ["/shop/**"] },
                "deny": { "redirect": { "url": "https://shop.example.com/login" } },
            },
            { "match": { "paths": ["/admin/**"] }, "access": "denied" },
        ],
    }));
    let expired = stage.idp.token(&json!({ "exp": 1_000 }));
    let back = |origin: &str| {
        let back = format!("{origin}%3A%2F%2Fapi.example.com%2Fpages%2F1%3Fa%3Db%26c%3D%252F");
        format!("https://login.example.com/?return_to={back}&app=shop")
    };
    for way in [Way::EnvoyGrpc, Way::EnvoyGrpcRaw, Way::EnvoyHttp] {
        let gateway = stage.gateway(way);
        // Only over gRPC Envoy tells the scheme.
        let scheme = if way == Way::EnvoyHttp {
            "https"
        } else {
            "http"
        };
        let page = browser("/pages/1?a=b&c=%2F");
        for (request, expected) in [
            (page.clone(), Ok(back(scheme))),
            (
                browser("/shop/cart"),
                Ok("https://shop.example.com/login".to_owned()),
            ),
            (page.clone().bearer(&expired), Err((401, "token_expired"))),
            (
                Request {
                    method: "POST".to_owned(),
                    ..page
                },
                Err((401, "token_missing")),
            ),
            (
                Request::get("/pages/1").header("accept", "*/*"),
                Err((401, "token_missing")),
            ),
            (browser("/admin/1"), Err((403, "rule_denied"))),
            (browser("/elsewhere"), Err((403, "rule_unmatched"))),
            (browser("/pages/..%2fadmin"), Err((403, "path_ambiguous"))),
        ] {
            let answer = request.send(&gateway.address());
            let place = format!("{way:?}: {request:?}");
            match expected {
                Ok(location) => {
                    assert_eq!(answer.status, 302, "{place}");
                    assert_eq!(answer.header("location"), Some(&*location), "{place}");
                    assert_eq!(answer.header("cache-control"), Some("no-store"), "{place}");
                    assert_eq!(answer.header("www-authenticate"), None, "{place}");
                }
                Err(refused) => {
                    assert_eq!((answer.status, reason(&answer)), refused, "{place}");
                    assert_eq!(answer.header("location"), None, "{place}");
                }
            }
        }
        assert_eq!(stage.upstream.take_targets(), [""; 0], "{way:?}");
    }
}

fn browser(target: &str) -> Request {
    Request::get(target).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

const LOGIN: &str = "https://login.example.com/?return_to={url}&app=shop";
