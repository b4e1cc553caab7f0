//! Paths that are made to be read in two ways: no upstream ever gets one that it could read as a
//! path that a rule denies.

use serde_json::json;

use super::readers::may_read_as;
use super::{Stage, Way, reason};
use crate::support::http::{Connection, Response};
use crate::support::programs::Gateway;

#[test]
fn what_passes_is_what_the_rules_let_pass() {
    let stage = stage();
    for way in WAYS {
        let front = Front::new(&stage, way);
        for target in PASSING {
            let answer = front.send(target);
            if is_own_refusal(&answer) {
                continue;
            }
            assert_eq!(answer.status, 200, "{way:?}: {}", target.escape_ascii());
            assert_eq!(stage.upstream.take_targets().len(), 1);
        }
    }
}

#[test]
fn what_is_refused_never_reaches_the_upstream() {
    let stage = stage();
    let long = format!("/public/{}../admin", "a/../".repeat(1_000));
    let longer = format!("/public/{}../admin", "a/../".repeat(20_000));
    let long = [
        (long.as_bytes(), "rule_denied"),
        (longer.as_bytes(), "path_ambiguous"),
    ];
    for way in [
        Way::EnvoyGrpc,
        Way::EnvoyHttp,
        Way::Nginx,
        Way::NginxNormalising,
    ] {
        let front = Front::new(&stage, way);
        let mut judged = 0;
        let rows = REFUSED
            .iter()
            .flat_map(|(expected, targets)| targets.iter().map(|target| (*target, *expected)));
        for (target, expected) in rows.chain(long) {
            let place = format!("{way:?}: {}", target.escape_ascii());
            let answer = front.send(target);
            assert_eq!(stage.upstream.take_targets(), [""; 0], "{place}");
            if !is_own_refusal(&answer) {
                assert_eq!((answer.status, reason(&answer)), (403, expected), "{place}");
                judged += 1;
            }
        }
        // Each gateway refuses some itself, but not the most.
        assert!(judged > 75, "{way:?}: {judged}");
    }
}

/// What this Envoy makes of a path may be harmless, so it is looked at what reaches the upstream.
#[test]
fn a_gateway_that_normalises_opens_no_way() {
    let stage = stage();
    let front = Front::new(&stage, Way::EnvoyNormalising);
    for target in REFUSED.iter().flat_map(|(_, targets)| *targets) {
        front.send_harmlessly(target);
    }
}

#[test]
fn no_two_tricks_together_open_a_way() {
    let stage = stage();
    for way in WAYS {
        let front = Front::new(&stage, way);
        let mut passed = 0;
        for one in TRICKS {
            for other in TRICKS {
                let target = format!("/public/{one}{other}admin");
                passed += front.send_harmlessly(target.as_bytes());
            }
        }
        assert!(passed > 0, "{way:?}: something has to be harmless");
    }
}

/// A gateway, and a client with a good token, which entitles it to orders alone.
struct Front<'s> {
    stage: &'s Stage,
    way: Way,
    gateway: Gateway,
    token: String,
}

impl<'s> Front<'s> {
    fn new(stage: &'s Stage, way: Way) -> Self {
        Self {
            stage,
            way,
            gateway: stage.gateway(way),
            token: stage.idp.token(&json!({})),
        }
    }

    fn send(&self, target: &[u8]) -> Response {
        let head = format!(
            " HTTP/1.1\r\nhost: api.example.com\r\nauthorization: Bearer {}\r\n\
             connection: close\r\n\r\n",
            self.token
        );
        let request = [b"GET ", target, head.as_bytes()].concat();
        Connection::open(&self.gateway.address())
            .and_then(|mut connection| connection.exchange_bytes(&request))
            .unwrap_or_else(|error| panic!("{:?}: {}: {error}", self.way, target.escape_ascii()))
    }

    /// How many requests came through, none of them where it must not.
    fn send_harmlessly(&self, target: &[u8]) -> usize {
        self.send(target);
        let seen = self.stage.upstream.take_targets();
        for path in &seen {
            let place = format!("{:?}: {}: {path}", self.way, target.escape_ascii());
            assert!(!may_read_as(path, "/admin"), "{place}");
        }
        seen.len()
    }
}

fn stage() -> Stage {
    Stage::start(&json!({ "rules": [
        { "name": "public", "match": { "paths": ["/public/**"] }, "access": "public" },
        { "name": "admin", "match": { "paths": ["/admin/**"] }, "access": "denied" },
        { "name": "orders", "match": { "paths": ["/orders/{id}"] } },
    ]}))
}

/// Whether the gateway took it for no request, or had no route for it, and asked nobody.
fn is_own_refusal(answer: &Response) -> bool {
    reason(answer).is_empty() && matches!(answer.status, 400 | 404 | 414 | 431)
}

const WAYS: [Way; 5] = [
    Way::EnvoyGrpc,
    Way::EnvoyHttp,
    Way::EnvoyNormalising,
    Way::Nginx,
    Way::NginxNormalising,
];

const PASSING: &[&[u8]] = &[
    b"/public",
    b"/public/",
    b"/public/a",
    b"/public/%61",
    b"/public/admin",
    b"/public/a?/../../admin",
    b"/public/a;v=1",
    b"/public/a;v=1/b",
    b"/public/..a",
    b"/public/...",
    b"/public/a%20b",
    b"/public/a%3fb",
    b"/public/%c3%a9",
    b"/public/\xc3\xa9",
    b"/public/100%25",
    b"/public/./b",
    b"/public/a/../b",
    b"/public//b",
    b"//public/b",
    b"/admin/../public/a",
    b"http://api.example.com/public/a",
    b"/orders/1",
    b"/orders/%31?x=/admin",
    b"http://evil.example.com/orders/1",
];

/// What jotgate says, and to which targets.
const REFUSED: &[(&str, &[&[u8]])] = &[
    ("rule_denied", DENIED),
    ("rule_unmatched", UNMATCHED),
    ("path_ambiguous", AMBIGUOUS),
    // Gateways do not take these for requests. If one did, nobody could be told what was judged.
    ("path_ambiguous", NO_PATHS),
];

const DENIED: &[&[u8]] = &[
    b"/admin",
    b"/admin/",
    b"/admin/x",
    b"/admin?x=/public/a",
    b"/%61dmin",
    b"/%61%64%6d%69%6E/x",
    b"//admin",
    b"///admin/x",
    b"/./admin",
    b"/admin/.",
    b"/admin/x/..",
    b"/public/../admin",
    b"/public/%2e%2e/admin",
    b"/public/%2E./admin",
    b"/public/.%2e/admin",
    b"/public/a/../../admin",
    b"/public/../../admin",
    b"///public/../admin",
    b"/public//../../admin",
    b"/orders/../admin",
    b"/public;x/../admin",
    b"/public/a;/../../admin",
    b"/public/a%3f/../../admin",
    b"/public/a%23/../../admin",
    b"http://api.example.com/admin",
    b"HTTP://api.example.com/admin",
    b"http://api.example.com//admin",
    b"http://api.example.com/public/../admin",
    b"http://evil.example.com/admin",
];

const UNMATCHED: &[&[u8]] = &[
    b"/",
    b"/..",
    b"/public/..",
    b"/Public/a",
    b"/Admin",
    b"/ADMIN/x",
    b"/admin.",
    b"/admin./x",
    b"/admin%20",
    b"/administrator",
    b"/orders",
    b"/orders/",
    b"/orders/1/",
    b"/orders/1/2",
    b"//api.example.com/admin",
    b"http://api.example.com",
];

const AMBIGUOUS: &[&[u8]] = &[
    // An encoded slash or backslash, a raw backslash.
    b"/admin%2fx",
    b"/%2fadmin",
    b"/%5cadmin",
    b"/public%2f..%2fadmin",
    b"/public/..%2fadmin",
    b"/public/%2e%2e%2Fadmin",
    b"/public%5c..%5cadmin",
    b"/public\\..\\admin",
    b"/public/..\\admin",
    b"/orders/..%2fadmin",
    b"/orders/1%2f..%2f..%2fadmin",
    // Parameters.
    b"/admin;x",
    b"/admin;/x",
    b"/admin%3bx/y",
    b"/public/.;/admin",
    b"/public/..;/admin",
    b"/public/..;x=1/admin",
    b"/public/..%3b/admin",
    b"/public/;/../admin",
    b"/public/a/;/../../admin",
    // Empty segments beside dots.
    b"/public//../admin",
    b"/public/a//../../admin",
    // Encoded twice.
    b"/public/%252e%252e/admin",
    b"/public/%252e%252e%252fadmin",
    b"/public/%25252e%25252e/admin",
    b"/public/%25%32%65%25%32%65/admin",
    b"/public/..%252fadmin",
    // Overlong UTF-8.
    b"/public/%c0%ae%c0%ae/admin",
    b"/public/%e0%80%ae%e0%80%ae/admin",
    b"/public/..%c0%afadmin",
    b"/public/\xc0\xae\xc0\xae/admin",
    b"/public/..\xc0\xafadmin",
    // Control characters.
    b"/admin%00",
    b"/admin%00/../public/a",
    b"/public/%00/../../admin",
    b"/public/a%0d%0ax:%20y",
    b"/public/a%0a",
    b"/public/a%09",
    b"/public/a%1f",
    b"/public/a%7f",
    // What Windows takes for dots.
    b"/public/..%20/admin",
    b"/public/.%2e%20%20/admin",
    // Broken escapes.
    b"/public/%",
    b"/public/%2",
    b"/public/%zz",
    b"/public/%u002e%u002e/admin",
    b"/public/%2%65%2%65/admin",
    b"/%u0061dmin",
    // Fragments.
    b"/admin#/../public/a",
    b"/public#/../admin",
    b"/public/a#/../../admin",
    b"/public/a?b#/../admin",
];

const NO_PATHS: &[&[u8]] = &[
    b"/admin\0/../public/a",
    b"/public/a /../../admin",
    b"/public/a\t/../../admin",
    b"/public/\x01",
    b"/public/\x7f",
    b"admin",
    b"./admin",
    b"..",
    b"%2fadmin",
    b";/admin",
    b"\\admin",
    b"?/admin",
    b"public/../admin",
    b"*",
    b"http:/admin",
    b"http:admin",
    b"http://",
    b"http://api.example.com?/public/a",
    b"http:///admin",
    b"api.example.com:80",
];

/// Pieces that stand between `/public/` and `admin`, any two of them.
const TRICKS: [&str; 20] = [
    "", "/", "../", "..", ".", "%2e%2e", "%2f", "%5c", "\\", ";", ";/", "%3b", "%00", "%25",
    "2e%252e/", "%c0%ae./", "%c0%af", "#", "?", "%u002f",
];
