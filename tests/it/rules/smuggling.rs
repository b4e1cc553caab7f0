//! Requests with more than one token, or with one that two readers would find in different places:
//! what the upstream gets is what was judged, or nothing.

use serde_json::json;

use super::{Stage, Way, reason};
use crate::support::echo::Seen;
use crate::support::http::Connection;

#[test]
fn whoever_sends_two_tokens_gets_nowhere() {
    let stage = Stage::start(&json!({
        "credentials": [
            { "header": "authorization", "scheme": "Bearer" },
            { "cookie": "access_token" },
            { "query": "access_token" },
        ],
        "forward": { "headers": { "x-user-id": "sub" } },
    }));
    let alice = stage.idp.token(&json!({ "sub": "alice" }));
    let bob = stage.idp.token(&json!({ "sub": "bob" }));
    let fill = |text: &str| text.replace("{A}", &alice).replace("{B}", &bob);
    for way in [
        Way::EnvoyGrpc,
        Way::EnvoyGrpcRaw,
        Way::EnvoyHttp,
        Way::Nginx,
    ] {
        let gateway = stage.gateway(way);
        let mut judged = 0;
        for (expected, target, lines) in TABLES.into_iter().flatten() {
            let place = format!("{way:?}: {target} {lines:?}");
            let lines: String = lines.iter().map(|line| fill(line) + "\r\n").collect();
            let head = format!(
                "GET {} HTTP/1.1\r\nhost: api.example.com\r\n{lines}connection: close\r\n\r\n",
                fill(target)
            );
            let answer = Connection::open(&gateway.address())
                .and_then(|mut connection| connection.exchange_bytes(head.as_bytes()))
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            let passed = stage.upstream.take_targets().len();
            // nginx refuses repeated fields itself, and both refuse lines that are no fields.
            if reason(&answer).is_empty() && matches!(answer.status, 400 | 500) {
                assert_eq!(passed, 0, "{place}");
                continue;
            }
            judged += 1;
            if *expected == ALICE {
                let seen = Seen::from(&answer);
                assert_eq!(seen.all("x-user-id"), ["alice"], "{place}");
            } else {
                let refused = (answer.status, reason(&answer));
                assert_eq!((refused, passed), ((401, *expected), 0), "{place}");
            }
        }
        assert!(judged > 70, "{way:?}: {judged}");
    }
}

/// What jotgate says, or whose the request is; the target; the lines of the head. `{A}` is Alice's
/// token and `{B}` Bob's.
type Row = (&'static str, &'static str, &'static [&'static str]);

const ALICE: &str = "alice";
const AMBIGUOUS: &str = "token_ambiguous";
const MALFORMED: &str = "token_malformed";
const MISSING: &str = "token_missing";

const TABLES: [&[Row]; 3] = [ONE_TOKEN, TWO_TOKENS, NO_TOKEN];

const ONE_TOKEN: &[Row] = &[
    // One token, in every spelling that means one.
    (ALICE, "/", &["Authorization: Bearer {A}"]),
    (ALICE, "/", &["authorization: bearer {A}"]),
    (ALICE, "/", &["AUTHORIZATION: BEARER {A}"]),
    (ALICE, "/", &["Authorization:   Bearer   {A}  "]),
    (ALICE, "/", &["Authorization:\tBearer {A}\t"]),
    (ALICE, "/", &["Cookie: access_token={A}"]),
    (ALICE, "/", &["Cookie: a=1; access_token={A}; b=\"2\""]),
    (ALICE, "/?access_token={A}", &[]),
    (ALICE, "/?a=b&access_token={A}&c", &[]),
    (ALICE, "/?access%5Ftoken={A}", &[]),
    (ALICE, "/?%61ccess_token={A}", &[]),
    // The same one in several places.
    (
        ALICE,
        "/?access_token={A}",
        &["Authorization: Bearer {A}", "Cookie: access_token={A}"],
    ),
    (ALICE, "/", &["Cookie: access_token={A}; access_token={A}"]),
    (ALICE, "/?access_token={A}&access_token={A}", &[]),
    // Beside what is no token.
    (
        ALICE,
        "/",
        &["Authorization: Bearer {A}", "X-Authorization: Bearer {B}"],
    ),
    (
        ALICE,
        "/",
        &[
            "Authorization: Bearer {A}",
            "Proxy-Authorization: Bearer {B}",
        ],
    ),
    (
        ALICE,
        "/",
        &["Authorization: Bearer {A}", "Authorization_: Bearer {B}"],
    ),
    (
        ALICE,
        "/",
        &["Authorization: Bearer {A}", "Cookie: Access_Token={B}"],
    ),
    (
        ALICE,
        "/?ACCESS_TOKEN={B}&access_token%20={B}&token={B}",
        &["Authorization: Bearer {A}"],
    ),
    (
        ALICE,
        "/",
        &["Authorization: Basic YTpi", "Cookie: access_token={A}"],
    ),
    (
        ALICE,
        "/?access_token=",
        &["Authorization: Bearer {A}", "Cookie: access_token="],
    ),
    (ALICE, "/", &["Authorization:", "Authorization: Bearer {A}"]),
    (ALICE, "/", &["Authorization: Bearer {A}", "Authorization:"]),
    // A folded line (RFC 9112 5.2).
    (ALICE, "/", &["Authorization: Bearer", " {A}"]),
];

const TWO_TOKENS: &[Row] = &[
    // Two lines.
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Bearer {A}", "Authorization: Bearer {B}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Bearer {A}", "Authorization: Bearer {A}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Bearer {A}", "authorization: Basic YTpi"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Basic YTpi", "Authorization: Bearer {A}"],
    ),
    // One line that some split.
    (AMBIGUOUS, "/", &["Authorization: Bearer {A}, Bearer {B}"]),
    (AMBIGUOUS, "/", &["Authorization: Bearer {A},Bearer {A}"]),
    (AMBIGUOUS, "/", &["Authorization: Bearer {A},{B}"]),
    (AMBIGUOUS, "/", &["Authorization: Bearer {A},"]),
    (AMBIGUOUS, "/", &["Authorization: Bearer ,{A}"]),
    (AMBIGUOUS, "/", &["Authorization: Basic YTpi, Bearer {A}"]),
    (AMBIGUOUS, "/", &["Authorization: Basic YTpi,bearer {A}"]),
    (AMBIGUOUS, "/", &["Cookie: access_token={A},{B}"]),
    (
        AMBIGUOUS,
        "/",
        &["Cookie: access_token={A}, access_token={B}"],
    ),
    (AMBIGUOUS, "/?access_token={A},{B}", &[]),
    (AMBIGUOUS, "/?access_token={A};access_token={B}", &[]),
    (
        AMBIGUOUS,
        "/?a=b;access_token={B}",
        &["Authorization: Bearer {A}"],
    ),
    // Different ones in different places.
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Bearer {A}", "Cookie: access_token={B}"],
    ),
    (
        AMBIGUOUS,
        "/?access_token={B}",
        &["Authorization: Bearer {A}"],
    ),
    (
        AMBIGUOUS,
        "/?access_token={B}",
        &["Cookie: access_token={A}"],
    ),
    (
        AMBIGUOUS,
        "/?access_token={B}",
        &["Authorization: Bearer {A}", "Cookie: access_token={A}"],
    ),
    (
        AMBIGUOUS,
        "/?access%5ftoken={B}",
        &["Authorization: Bearer {A}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Authorization: Bearer {A}", "Cookie: access_token=x"],
    ),
    (
        AMBIGUOUS,
        "/?access_token=x",
        &["Authorization: Bearer {A}"],
    ),
    // Different ones in the same place.
    (
        AMBIGUOUS,
        "/",
        &["Cookie: access_token={A}; access_token={B}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Cookie: access_token={A};access_token ={B}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Cookie: access_token={A}", "Cookie: access_token={B}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &["Cookie: access_token={A}", "cookie: b=1; access_token={B}"],
    ),
    (
        AMBIGUOUS,
        "/",
        &[
            "Authorization: Bearer {A}",
            "Cookie: b=1",
            "Cookie: access_token={B}",
        ],
    ),
    (
        AMBIGUOUS,
        "/",
        &[
            "Authorization: Bearer {A}",
            "Cookie: b=1",
            "Cookie: c=2; access_token={B}",
        ],
    ),
    (AMBIGUOUS, "/?access_token={A}&access_token={B}", &[]),
    (AMBIGUOUS, "/?access_token={A}&access%5Ftoken={B}", &[]),
    (AMBIGUOUS, "/?access%5ftoken={A}&%61ccess_token={B}", &[]),
];

const NO_TOKEN: &[Row] = &[
    // No token, but the place is taken.
    (MALFORMED, "/", &["Authorization: Bearer"]),
    (MALFORMED, "/", &["Authorization: Bearer\t{A}"]),
    (MALFORMED, "/", &["Authorization: Bearer \t{A}"]),
    (MALFORMED, "/", &["Authorization: Bearer\u{a0}{A}"]),
    (MALFORMED, "/", &["Authorization: Bearer {A} {B}"]),
    (MALFORMED, "/", &["Authorization: Bearer Bearer {A}"]),
    (MALFORMED, "/", &["Authorization: Bearer \"{A}\""]),
    (MALFORMED, "/", &["Authorization: Bearer={A}"]),
    (MALFORMED, "/", &["Authorization: Bearer: {A}"]),
    (MALFORMED, "/", &["Authorization: Bearer {A}\u{e9}"]),
    (MALFORMED, "/", &["Authorization: Bearer {A}="]),
    (MALFORMED, "/", &["Authorization: Bearer {A}#"]),
    (MALFORMED, "/", &["Cookie: access_token=\"{A}\""]),
    (MALFORMED, "/?access_token={A}%20", &[]),
    (MALFORMED, "/?access_token={A}%2e", &[]),
    (MALFORMED, "/?access_token=Bearer+{A}", &[]),
    // No place of ours.
    (MISSING, "/", &["Authorization: {A}"]),
    (MISSING, "/", &["Authorization: Bearer{A}"]),
    (MISSING, "/", &["Authorization: Bearers {A}"]),
    (MISSING, "/", &["Authorization: Basic {A}"]),
    (
        MISSING,
        "/",
        &["Cookie: Access_Token={A}; xaccess_token={A}; a=access_token={A}"],
    ),
    (
        MISSING,
        "/?a=access_token={A}&xaccess_token={A}&access_token[]={A}",
        &[],
    ),
    (MISSING, "/?access_token%00={A}", &[]),
    (MISSING, "/access_token={A}", &[]),
    (MISSING, "/", &["Authorization-: Bearer {A}"]),
    // Lines that no gateway should take for a field.
    (MISSING, "/", &["Authorization : Bearer {A}"]),
    (MISSING, "/", &["X: y", " Authorization: Bearer {A}"]),
    (MISSING, "/", &["Authorization: Bearer {A}\0"]),
    (MISSING, "/", &["Authorization: Bearer {A}\u{b}"]),
];
