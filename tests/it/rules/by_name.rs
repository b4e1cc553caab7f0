//! Rules that the gateway's own configuration picks by name: what they match does not count, and
//! nothing that a client sends picks another.

use serde_json::{Value, json};

use super::{Stage, Way, per_route, reason};
use crate::support::envoy::ExtAuthz;
use crate::support::http::Request;
use crate::support::nginx;
use crate::support::programs::Gateway;

#[test]
fn a_route_picks_its_rule() {
    let stage = stage();
    let token = stage.idp.token(&json!({}));
    for way in [Way::EnvoyGrpc, Way::EnvoyGrpcRaw, Way::Nginx] {
        let gateway = gateway(&stage, way);
        for (target, has_token, expected) in [
            ("/open", false, (200, "")),
            ("/open/x", false, (200, "")),
            ("/spaced", false, (200, "")),
            ("/shut", true, (403, "rule_denied")),
            ("/members", false, (401, "token_missing")),
            ("/members", true, (200, "")),
            ("/ghost", true, (403, "rule_unknown")),
            ("/nameless", true, (403, "rule_unknown")),
            // Without a name the rules are asked as usual.
            ("/elsewhere", true, (403, "rule_unmatched")),
            ("/by-path", false, (200, "")),
            // A rule by name is not asked what the path is, but it has to be one path.
            ("/open/..%2fx", false, (403, "path_ambiguous")),
        ] {
            let mut request = Request::get(target);
            if has_token {
                request = request.bearer(&token);
            }
            let answer = request.send(&gateway.address());
            let place = format!("{way:?}: {target}");
            assert_eq!((answer.status, reason(&answer)), expected, "{place}");
        }
    }
}

#[test]
fn no_client_picks_a_rule() {
    let stage = stage();
    for way in [
        Way::EnvoyGrpc,
        Way::EnvoyGrpcRaw,
        Way::EnvoyHttp,
        Way::Nginx,
    ] {
        let gateway = if way == Way::EnvoyHttp {
            // There is no way to name one over this service.
            stage.gateway(way)
        } else {
            gateway(&stage, way)
        };
        for name in ["jotgate.rule", "jotgate-rule", "x-jotgate-rule", "rule"] {
            let request = Request::get(&format!("/elsewhere?{name}=open"))
                .header(name, "open")
                .header("x-original-uri", "/auth/open")
                .header("x-original-url", "http://api.example.com/by-path")
                .header("x-envoy-original-path", "/auth/open")
                .header("x-rewrite-url", "/auth/open");
            let answer = request.send(&gateway.address());
            assert_eq!(answer.status, 403, "{way:?}: {name}");
        }
        for target in [
            "/auth/open",
            "/envoy/by-path",
            "/_open",
            "/auth/../by-path/x",
        ] {
            let answer = Request::get(target).send(&gateway.address());
            assert!(
                matches!(answer.status, 403 | 404),
                "{way:?}: {target}: {}",
                answer.status
            );
        }
        assert_eq!(stage.upstream.take_targets(), [""; 0], "{way:?}");
    }
}

fn stage() -> Stage {
    // No request of this test is at the place of these.
    let nowhere = json!({ "hosts": ["nowhere.example.com"] });
    Stage::start(&json!({ "rules": [
        { "name": "open", "match": nowhere, "access": "public" },
        { "name": "open house", "match": nowhere, "access": "public" },
        { "name": "shut", "match": nowhere, "access": "denied" },
        { "name": "members", "match": nowhere },
        { "name": "by-path", "match": { "paths": ["/by-path"] }, "access": "public" },
    ]}))
}

/// Prefix of a path, and the rule there.
const ROUTES: [(&str, &str); 6] = [
    ("/open", "open"),
    ("/spaced", "open house"),
    ("/shut", "shut"),
    ("/members", "members"),
    ("/ghost", "ghost"),
    ("/nameless", ""),
];

fn gateway(stage: &Stage, way: Way) -> Gateway {
    if way == Way::Nginx {
        let locations = ROUTES.map(|(prefix, rule)| {
            let asking = format!("/_{}", &prefix[1..]);
            let endpoint = format!("/auth/{}", rule.replace(' ', "%20"));
            stage.nginx_location(prefix, &asking, "")
                + &nginx::asking(&asking, stage.jotgate.http(), &endpoint)
        });
        return nginx::serving(&(locations.concat() + &stage.nginx_everywhere("")));
    }
    let mut filter = ExtAuthz::grpc(stage.jotgate.grpc());
    filter.encode_raw_headers = way == Way::EnvoyGrpcRaw;
    let route = |(prefix, rule): (&str, &str)| -> Value {
        per_route(
            prefix,
            &json!({ "check_settings": {
                "context_extensions": { "jotgate.rule": rule },
            }}),
        )
    };
    filter.routes = ROUTES.map(route).into();
    filter.in_front_of(&stage.upstream.address())
}
