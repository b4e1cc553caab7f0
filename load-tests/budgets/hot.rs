//! A worker's part in one kind of request, over and over; `run` beside it counts instructions.
//! Takes the name of a scenario; prints how often the request was answered.

#[path = "../../benches/common/mod.rs"]
#[allow(dead_code, reason = "shared with the benchmarks, which use more of it")]
mod common;

use std::env;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use common::{NOW, World};
use jotgate::authorizer::{Authorizer, Parts};
use jotgate::cache::{CacheSettings, TokenCache};
use jotgate::consumers::Consumers;
use jotgate::forward::{Format, ForwardPolicy, HeaderClaim};
use jotgate::gate::Gate;
use jotgate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use jotgate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use jotgate::grpc::proto::jotgate::v1::VerifyRequest;
use jotgate::grpc::{check, verifier};
use jotgate::issuers::Issuers;
use jotgate::metrics::Metrics;
use jotgate::rules::{RuleSettings, Rules};
use jotgate::signature::Algorithm;
use jotgate::telemetry::{DecisionLog, Decisions};
use jotgate::time::ManualClock;
use jotgate::token::{ClaimPath, Scratch, TokenLimits};
use jotgate::verify::{Accepts, Context, Unobserved, verify};
use prost::Message as _;

const TURNS: usize = 400;

fn main() {
    let scenario = env::args().nth(1).unwrap_or_default();
    let mut turn = turn(&scenario);
    // The cache and the buffers get to know the token.
    for _ in 0..4 {
        turn();
    }
    count(&mut turn);
    println!("{TURNS} turns");
}

/// What is counted.
#[inline(never)]
fn count(turn: &mut dyn FnMut()) {
    for _ in 0..TURNS {
        turn();
    }
}

/// One request of the scenario and its answer.
fn turn(scenario: &str) -> Box<dyn FnMut()> {
    let world = World::new(match scenario {
        "verify_hs256" => Algorithm::Hs256,
        _ => Algorithm::Es256,
    });
    let refused = common::refused(&world);
    let refused = |reason: &str| {
        let found = refused.iter().find(|(name, _)| *name == reason);
        found.expect("there is such a token").1.clone()
    };
    let (kind, reason) = scenario.split_once('_').expect("a kind and a reason");
    let token = match reason {
        "repeat" | "expired" | "hs256" => world.token.clone(),
        "missing" => String::new(),
        reason => refused(reason),
    };
    match kind {
        "check" => {
            let (gate, clock) = gate(world.issuers);
            let request = check_request(&token);
            if reason == "expired" {
                // It gets into the cache while it is good.
                black_box(check::answer(&gate, &request));
                clock.set(NOW.saturating_add(Duration::from_secs(86_400)));
            }
            Box::new(move || drop(black_box(check::answer(&gate, &request))))
        }
        "rpc" => {
            let (gate, _) = gate(world.issuers);
            let request = VerifyRequest {
                token,
                ..VerifyRequest::default()
            };
            Box::new(move || drop(black_box(verifier::answer(&gate, &request))))
        }
        "verify" => {
            let mut scratch = Scratch::default();
            Box::new(move || {
                let context = Context {
                    issuers: &world.issuers,
                    consumers: &world.consumers,
                    accepts: Accepts::default(),
                    limits: &world.limits,
                    now: NOW,
                };
                let verified = verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved);
                black_box(verified.is_ok());
            })
        }
        _ => panic!("no scenario is called {scenario}"),
    }
}

fn gate(issuers: Issuers) -> (Gate, Arc<ManualClock>) {
    let header = |name, claim| HeaderClaim {
        name: http::HeaderName::from_static(name),
        claim: ClaimPath::dotted(claim).expect("a path"),
        format: Format::Csv,
    };
    let beside = RuleSettings {
        forward: ForwardPolicy {
            headers: vec![
                header("x-user-id", "sub"),
                header("x-email", "email"),
                header("x-tenant", "tenant"),
            ],
            ..ForwardPolicy::default()
        },
        ..RuleSettings::default()
    };
    let authorizer = Authorizer::new(Parts {
        issuers,
        consumers: Arc::new(Consumers::default()),
        rules: Rules::new(Vec::new(), beside),
        limits: TokenLimits::default(),
        minter: None,
        cache: TokenCache::new(CacheSettings::default()),
        bypass_cors_preflight: false,
        generation: 1,
    });
    let clock = Arc::new(ManualClock::new(NOW));
    let log = DecisionLog::new(Decisions::Off);
    let metrics = Arc::new(Metrics::new());
    let gate = Gate::new(
        authorizer,
        Arc::<ManualClock>::clone(&clock),
        metrics,
        log,
        1,
    );
    (gate, clock)
}

/// What Envoy sends for a browser behind a proxy: some twenty headers.
fn check_request(token: &str) -> Vec<u8> {
    const PATH: &str = "/orders/4711?expand=lines";
    let headers = [
        (":authority", "api.example.com"),
        (":method", "GET"),
        (":path", PATH),
        (":scheme", "https"),
        ("accept", "application/json, text/plain, */*"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
        ("cache-control", "no-cache"),
        (
            "cookie",
            "session=0b1f6a546e1a4a5e9d0f6f2f3c1d2e7a; theme=dark",
        ),
        ("origin", "https://app.example.com"),
        ("referer", "https://app.example.com/orders"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
        ),
        ("x-envoy-internal", "true"),
        ("x-forwarded-for", "10.0.0.7"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "6f2f3c1d-2e7a-4a5e-9d0f-0b1f6a546e1a"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let bearer =
        (!token.is_empty()).then(|| ("authorization".to_owned(), format!("Bearer {token}")));
    let http = HttpRequest {
        method: "GET".to_owned(),
        host: "api.example.com".to_owned(),
        path: PATH.to_owned(),
        scheme: "https".to_owned(),
        headers: headers.into_iter().chain(bearer).collect(),
        ..HttpRequest::default()
    };
    let request = CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Request { http: Some(http) }),
            ..AttributeContext::default()
        }),
    };
    request.encode_to_vec()
}
