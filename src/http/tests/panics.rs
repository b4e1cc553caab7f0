//! A fault of ours while a request is judged: nobody passes because of it, and nobody else notices.

use http::HeaderName;
use serde_json::json;

use super::{forwarding, get, post};
use crate::fixture::Fixture;
use crate::forward::{ForwardPolicy, InternalToken, Minted, Minter, TokenHandling};
use crate::reason::Reason;
use crate::rules::Access;
use crate::time::UnixMillis;
use crate::token::json::Json;

/// The one piece of a judgement that a test can bring along, and which panics.
#[derive(Debug)]
struct Faulty;

impl Minter for Faulty {
    fn mint(&self, _: &str, _: Json<'_>, _: UnixMillis) -> Result<Minted, Reason> {
        panic!("a fault of ours")
    }
}

fn faulty(access: Access) -> Fixture {
    Fixture::with(|setup| {
        setup.minter = Some(std::sync::Arc::new(Faulty));
        setup.beside.access = access;
        setup.beside.deny.expose_reason = true;
        setup.beside.forward = ForwardPolicy {
            internal_token: Some(InternalToken {
                profile: "internal".into(),
                header: HeaderName::from_static("x-internal-token"),
            }),
            ..ForwardPolicy::default()
        };
    })
}

#[tokio::test]
async fn a_panic_is_a_refusal_whatever_the_rule_forgives_and_the_next_request_is_judged() {
    for access in [Access::Required, Access::Optional, Access::Permissive] {
        let fixture = faulty(access);
        let token = fixture.token(json!({}));
        let bearer = format!("Bearer {token}");
        for target in ["/auth", "/envoy/orders/1"] {
            let answer = get(&fixture, target, &[("authorization", &bearer)]).await;
            assert_eq!(answer.status(), 503, "{access:?} {target}");
            assert_eq!(answer.header("x-jotgate-reason"), "internal");
        }
        let question = json!({ "token": token }).to_string();
        let verdict = post(&fixture, question).await.json();
        assert_eq!(verdict["verdict"], "UNAVAILABLE", "{access:?}");
        assert_eq!(verdict["reason"], "internal", "{access:?}");

        let counted = fixture.gate.metrics().render();
        assert!(counted.contains("jotgate_panics_total 3"), "{counted}");
        // The same worker, with the same buffers.
        let bad = get(&fixture, "/auth", &[("authorization", "Bearer x.y.z")]).await;
        let expected = if access == Access::Permissive {
            200
        } else {
            401
        };
        assert_eq!(bad.status(), expected, "{access:?}");
        let other = forwarding(TokenHandling::Keep);
        let bearer = format!("Bearer {}", other.token(json!({})));
        let good = get(&other, "/auth", &[("authorization", &bearer)]).await;
        assert_eq!(good.status(), 200, "{access:?}");
    }
}
