//! A worker's part in repeat-token `Check`s, with an internal token and without: the bytes of a
//! request as Envoy sends it become those of the answer.

use std::sync::Arc;
use std::time::Duration;

use jotgate::forward::{InternalToken, Minter};
use jotgate::gate::Gate;
use jotgate::grpc::{Framed, check};
use jotgate::issue::{
    ClaimSettings, ClaimValue, Desk, InternalTokens, IssueSettings, KeySettings, Profile, State,
};
use jotgate::metrics::Metrics;
use jotgate::signature::Algorithm;
use jotgate::time::{Clock, ManualClock};
use jotgate::token::ClaimPath;

use crate::common::{NOW, World};
use crate::gate::{Setup, check_request};

/// A gate that has seen the token of the request before.
pub(crate) struct Repeat {
    gate: Gate,
    request: Vec<u8>,
}

impl Repeat {
    /// With an internal token for every request that passes, or without.
    pub(crate) fn new(has_internal_token: bool) -> Self {
        let world = World::new(Algorithm::Es256);
        let request = check_request(&world.token);
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
        let mut setup = Setup::new(world.issuers);
        if has_internal_token {
            setup.minter = Some(minter(&clock));
            setup.beside.forward.internal_token = Some(InternalToken {
                profile: "internal".into(),
                header: http::HeaderName::from_static("x-internal-token"),
            });
        }
        let repeat = Self {
            gate: setup.gate(clock),
            request,
        };
        let first = repeat.check();
        assert_eq!(
            first.message(),
            repeat.check().message(),
            "answered out of the cache"
        );
        let text = String::from_utf8_lossy(first.message());
        assert!(text.contains("alice@example.com"), "it passes");
        assert_eq!(text.contains("x-internal-token\x12"), has_internal_token);
        repeat
    }

    /// Answers one request.
    pub(crate) fn check(&self) -> Framed {
        check::answer(&self.gate, &self.request)
    }
}

fn minter(clock: &Arc<dyn Clock>) -> Arc<dyn Minter> {
    let claim = |name: &str| ClaimSettings {
        name: name.into(),
        value: ClaimValue::From(ClaimPath::dotted(name).expect("a path")),
    };
    let settings = IssueSettings {
        issuer: "https://jotgate.internal".into(),
        keys: vec![KeySettings::Generate {
            algorithm: Algorithm::Es256,
            rotate_every: Duration::from_secs(86_400),
        }],
        profiles: vec![Arc::new(Profile {
            name: "internal".into(),
            audiences: Box::new(["orders-api".into()]),
            ttl: Duration::from_secs(60),
            kind: "at+jwt".into(),
            claims: ["sub", "email", "tenant", "scope"].map(claim).into(),
        })],
        clients: Vec::new(),
        documents: Vec::new(),
    };
    let desk = Desk::new(Arc::clone(clock), Arc::new(Metrics::new()), State::Memory);
    let prepared = desk.prepare(Some(&settings)).expect("keys are made");
    desk.install(Some(settings.clone()), prepared);
    Arc::new(InternalTokens::new(Arc::new(desk), Arc::new(settings)))
}
