//! A real Envoy asks jotgate about every request, over each of its three transports.

use serde_json::{Value, json};

use crate::support::echo::{Seen, Upstream, through};
use crate::support::envoy::{ExtAuthz, METADATA_HEADER};
use crate::support::http::{Request, Response};
use crate::support::idp::{Idp, Mood, merged};
use crate::support::jotgate::Jotgate;
use crate::support::programs::Gateway;

#[test]
fn a_good_token_passes_with_the_headers_made_of_its_claims() {
    for transport in TRANSPORTS {
        let stage = Stage::start(transport);
        let roles = json!({ "realm_access": { "roles": ["admin", "ops"] } });
        let token = stage.idp.token(&roles);
        let seen = stage.seen(&Request::get("/orders/1?a=b").bearer(&token));
        assert_eq!(seen.all("x-user-id"), ["u1"], "{transport:?}");
        assert_eq!(seen.all("x-roles"), ["admin,ops"], "{transport:?}");
        assert_eq!(seen.target(), "/orders/1?a=b", "{transport:?}");
        assert_eq!(seen.all("authorization"), [format!("Bearer {token}")]);
    }
}

#[test]
fn a_forged_identity_never_reaches_the_upstream() {
    for transport in TRANSPORTS {
        let stage = Stage::start(transport);
        // No email in this token, so the header of that name has to go altogether.
        let request = Request::get("/orders")
            .bearer(&stage.idp.token(&json!({})))
            .header("x-user-id", "admin")
            .header("X-User-Id", "root")
            .header("x_user_id", "admin")
            .header("x-email", "admin@example.com")
            .header("x_email", "admin@example.com");
        let seen = stage.seen(&request);
        assert_eq!(seen.all("x-user-id"), ["u1"], "{transport:?}");
        for forged in ["x_user_id", "x-email", "x_email"] {
            assert!(
                seen.all(forged).iter().all(|value| value.is_empty()),
                "{transport:?}: {forged}"
            );
        }
    }
}

#[test]
fn a_bad_token_is_challenged_with_an_error_and_a_missing_one_without() {
    for transport in TRANSPORTS {
        let stage = Stage::start(transport);
        let expired = stage.idp.token(&json!({ "exp": 1_000 }));
        let answer = stage.ask(&Request::get("/orders").bearer(&expired));
        assert_eq!(answer.status, 401, "{transport:?}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(
            challenge.starts_with(r#"Bearer realm="jotgate", error="invalid_token""#),
            "{transport:?}: {challenge}"
        );
        assert_eq!(answer.header("x-jotgate-reason"), Some("token_expired"));

        let answer = stage.ask(&Request::get("/orders"));
        assert_eq!(answer.status, 401, "{transport:?}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!(challenge, r#"Bearer realm="jotgate""#, "{transport:?}");
        assert_eq!(answer.header("x-jotgate-reason"), Some("token_missing"));
    }
}

#[test]
fn a_repeated_authorization_header_is_refused() {
    for transport in TRANSPORTS {
        let stage = Stage::start(transport);
        let (one, other) = (
            stage.idp.token(&json!({})),
            stage.idp.token(&json!({ "sub": "u2" })),
        );
        let request = Request::get("/orders").bearer(&one).bearer(&other);
        assert_eq!(
            stage.refusal(&request),
            (401, "token_ambiguous".to_owned()),
            "{transport:?}"
        );
        let joined = format!("Bearer {one}, Bearer {other}");
        let request = Request::get("/orders").header("authorization", &joined);
        assert_eq!(
            stage.refusal(&request),
            (401, "token_ambiguous".to_owned()),
            "{transport:?}"
        );
    }
}

#[test]
fn without_keys_nothing_passes() {
    // Envoy's HTTP service turns a 503 into its own 403; gRPC carries it as it is.
    for (transport, status) in [(Transport::Grpc, 503), (Transport::Http, 403)] {
        let idp = Idp::start();
        idp.set_mood(Mood::Broken);
        let jotgate = Jotgate::start(config(&idp));
        assert!(!jotgate.is_ready());
        let stage = Stage::around(transport, idp, jotgate, |_| ());
        let request = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
        assert_eq!(stage.ask(&request).status, status, "{transport:?}");
    }
}

#[test]
fn when_jotgate_is_gone_nothing_passes() {
    for transport in TRANSPORTS {
        let mut stage = Stage::start(transport);
        let request = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
        assert_eq!(stage.ask(&request).status, 200, "{transport:?}");
        stage.jotgate.kill();
        assert_eq!(stage.ask(&request).status, 403, "{transport:?}");
    }
}

#[test]
fn a_refusal_holds_even_where_envoy_lets_failures_pass() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp));
    let stage = Stage::around(Transport::Grpc, idp, jotgate, |filter| {
        filter.failure_mode_allow = true;
    });
    for token in ["", "a", "a.b.c", "....", "\u{fc}"] {
        let answer = stage.ask(&Request::get("/orders").bearer(token));
        assert_eq!(answer.status, 401, "{token:?}");
    }
}

#[test]
fn headers_may_come_as_raw_bytes() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp));
    let stage = Stage::around(Transport::Grpc, idp, jotgate, |filter| {
        filter.encode_raw_headers = true;
    });
    let token = stage.idp.token(&json!({}));
    let request = Request::get("/orders")
        .bearer(&token)
        .header("x-user-id", "admin");
    assert_eq!(stage.seen(&request).all("x-user-id"), ["u1"]);
    let twice = request.bearer(&stage.idp.token(&json!({ "sub": "u2" })));
    assert_eq!(stage.refusal(&twice), (401, "token_ambiguous".to_owned()));
    assert_eq!(
        stage.refusal(&Request::get("/orders")),
        (401, "token_missing".to_owned())
    );
}

#[test]
fn metadata_tells_the_rest_of_envoy_who_it_is() {
    let stage = Stage::start(Transport::Grpc);
    let seen = stage.seen(&Request::get("/orders").bearer(&stage.idp.token(&json!({}))));
    assert_eq!(seen.all(METADATA_HEADER), ["u1"]);
}

#[test]
fn a_token_is_stripped_from_wherever_it_was_found() {
    let idp = Idp::start();
    let stripping = json!({
        "credentials": [
            { "header": "authorization", "scheme": "Bearer" },
            { "cookie": "access_token" },
            { "query": "access_token" },
        ],
        "forward": { "token": "strip", "headers": { "x-user-id": "sub" } },
    });
    let jotgate = Jotgate::start_ready(merged(config(&idp), &stripping));
    let stage = Stage::around(Transport::Grpc, idp, jotgate, |_| ());
    let token = stage.idp.token(&json!({}));

    let seen = stage.seen(&Request::get("/orders").bearer(&token));
    assert_eq!(seen.all("authorization"), [""; 0]);
    assert_eq!(seen.all("x-user-id"), ["u1"]);

    let cookie = format!("a=1; access_token={token}; b=\"x  y\"; c=%20=;d");
    let seen = stage.seen(&Request::get("/orders").header("cookie", &cookie));
    assert_eq!(seen.all("cookie"), ["a=1; b=\"x  y\"; c=%20=;d"]);
    let only = format!("access_token={token}");
    let seen = stage.seen(&Request::get("/orders").header("cookie", &only));
    assert_eq!(seen.all("cookie"), [""; 0]);

    let target = format!("/orders?x=%2F&access_token={token}&y=a+b");
    let seen = stage.seen(&Request::get(&target));
    assert_eq!(seen.target(), "/orders?x=%2F&y=a+b");
}

#[test]
fn a_new_key_is_learned_and_a_broken_provider_forgets_none() {
    let mut stage = Stage::start(Transport::Grpc);
    let old = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
    assert_eq!(stage.ask(&old).status, 200);

    let fresh = crate::support::keys::SigningKey::generate("ES256", "k2");
    stage.idp.publish(&[&stage.idp.key, &fresh]);
    stage.idp.key = fresh;
    let new = Request::get("/orders").bearer(&stage.idp.token(&json!({})));
    crate::support::wait::until("the new key is learned", || {
        (stage.ask(&new).status == 200).then_some(())
    });

    for mood in [Mood::Broken, Mood::Garbage] {
        stage.idp.set_mood(mood);
        let fetches = stage.idp.requests();
        crate::support::wait::until("it is asked again, twice", || {
            (stage.idp.requests() >= fetches + 2).then_some(())
        });
        assert_eq!(stage.ask(&old).status, 200, "{mood:?}");
        assert_eq!(stage.ask(&new).status, 200, "{mood:?}");
    }
}

/// Everything from the client's point of view: a provider, jotgate, Envoy, an application.
struct Stage {
    idp: Idp,
    jotgate: Jotgate,
    envoy: Gateway,
    _upstream: Upstream,
}

/// How Envoy reaches jotgate.
#[derive(Clone, Copy, Debug)]
enum Transport {
    Grpc,
    GrpcUnix,
    Http,
}

const TRANSPORTS: [Transport; 3] = [Transport::Grpc, Transport::GrpcUnix, Transport::Http];

impl Stage {
    fn start(transport: Transport) -> Self {
        let idp = Idp::start();
        let jotgate = match transport {
            Transport::Grpc | Transport::Http => Jotgate::start(config(&idp)),
            Transport::GrpcUnix => Jotgate::start_on_unix_sockets(config(&idp)),
        };
        jotgate.wait_until_ready();
        Self::around(transport, idp, jotgate, |_| ())
    }

    fn around(
        transport: Transport,
        idp: Idp,
        jotgate: Jotgate,
        adjust: impl FnOnce(&mut ExtAuthz),
    ) -> Self {
        let mut filter = match transport {
            Transport::Grpc | Transport::GrpcUnix => ExtAuthz::grpc(jotgate.grpc()),
            Transport::Http => ExtAuthz::http(jotgate.http()),
        };
        adjust(&mut filter);
        let upstream = Upstream::start();
        let envoy = filter.in_front_of(&upstream.address());
        Self {
            idp,
            jotgate,
            envoy,
            _upstream: upstream,
        }
    }

    fn ask(&self, request: &Request) -> Response {
        request.send(&self.envoy.address())
    }

    fn seen(&self, request: &Request) -> Seen {
        through(&self.envoy.address(), request)
    }

    /// Status and reason of a refusal.
    fn refusal(&self, request: &Request) -> (u16, String) {
        let answer = self.ask(request);
        let reason = answer.header("x-jotgate-reason").unwrap_or_default();
        (answer.status, reason.to_owned())
    }
}

fn config(idp: &Idp) -> Value {
    json!({
        "issuers": idp.issuers(),
        "forward": {
            "headers": {
                "x-user-id": "sub",
                "x-email": "email",
                "x-roles": { "claim": "realm_access.roles", "format": "csv" },
            },
            "metadata": true,
        },
        "deny": { "expose_reason": true },
    })
}
