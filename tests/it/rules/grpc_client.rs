//! gRPC clients behind Envoy: a refusal is a status of their own protocol, and a sentence.

use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use jotgate::grpc::proto::jotgate::v1::{VerifyBatchRequest, VerifyRequest};
use serde_json::json;
use tonic::{Code, Request, Status};

use crate::support::envoy::ExtAuthz;
use crate::support::idp::{Idp, Mood, merged};
use crate::support::jotgate::Jotgate;
use crate::support::rpc::Rpc;

#[test]
fn a_refusal_is_a_grpc_status_with_a_sentence() {
    let (idp, away) = (Idp::start(), Idp::start());
    away.set_mood(Mood::Broken);
    let jotgate = Jotgate::start(config(&idp, &away));
    jotgate.wait_until_ready();
    let good = idp.token(&json!({ "scope": "orders:read" }));
    let narrow = idp.token(&json!({}));
    let expired = idp.token(&json!({ "exp": 1_000 }));
    let undecided = away.token(&json!({}));
    let over_grpc = ExtAuthz::grpc(jotgate.grpc());
    let over_http = ExtAuthz::http(jotgate.http());
    // Envoy's HTTP service has no answer for a 503 but its own 403, which says nothing.
    let outages = [(Code::Unavailable, true), (Code::PermissionDenied, false)];
    for (mut filter, (outage, has_sentence)) in [over_grpc, over_http].into_iter().zip(outages) {
        filter.upstream_is_http2 = true;
        // Any gRPC service would do as the upstream.
        let envoy = filter.in_front_of(jotgate.grpc());
        let client = Client(Rpc::connect(&envoy.address()));
        for (token, expected) in [
            (None, Code::Unauthenticated),
            (Some(&expired), Code::Unauthenticated),
            (Some(&narrow), Code::PermissionDenied),
        ] {
            let status = client.verify(token).expect_err("refused");
            assert_eq!(status.code(), expected, "{filter:?}: {status:?}");
            assert_is_a_sentence(&status);
        }
        let status = client.verify(Some(&undecided)).expect_err("refused");
        assert_eq!(status.code(), outage, "{filter:?}: {status:?}");
        if has_sentence {
            assert_is_a_sentence(&status);
        }
        let status = client.verify_batch(&good).expect_err("refused");
        assert_eq!(status.code(), Code::PermissionDenied, "{filter:?}");
        assert_eq!(
            status.message(),
            "One at a time: 100 % of them",
            "{filter:?}"
        );
        client.verify(Some(&good)).expect("it may");
    }
}

/// Not the body that other clients get.
fn assert_is_a_sentence(status: &Status) {
    let message = status.message();
    assert!(
        message.contains(' ') && !message.contains('{'),
        "{status:?}"
    );
}

fn config(idp: &Idp, away: &Idp) -> serde_json::Value {
    let away = away.trusted(&away.source(&json!({})));
    json!({
        "issuers": merged(idp.issuers(), &json!({
            "away": merged(away, &json!({ "optional": true })),
        })),
        "rules": [
            {
                "match": { "paths": ["/jotgate.v1.Verifier/Verify"] },
                "require": [{ "scope": { "all": ["orders:read"] } }],
            },
            {
                "match": { "paths": ["/jotgate.v1.Verifier/VerifyBatch"] },
                "access": "denied",
                "deny": { "message": "One at a time: 100 % of them" },
            },
        ],
    })
}

/// A client of whatever is behind Envoy.
struct Client(Rpc);

impl Client {
    fn verify(&self, token: Option<&String>) -> Result<(), Status> {
        let request = with_token(VerifyRequest::default(), token);
        self.0
            .run(|channel| async { VerifierClient::new(channel).verify(request).await.map(drop) })
    }

    fn verify_batch(&self, token: &String) -> Result<(), Status> {
        let request = with_token(VerifyBatchRequest::default(), Some(token));
        self.0.run(|channel| async {
            VerifierClient::new(channel)
                .verify_batch(request)
                .await
                .map(drop)
        })
    }
}

fn with_token<T>(message: T, token: Option<&String>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        let bearer = format!("Bearer {token}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", bearer);
    }
    request
}
