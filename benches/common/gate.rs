//! A gate as a service has it, and what Envoy asks it.

use std::sync::Arc;

use jotgate::authorizer::{Authorizer, Parts};
use jotgate::cache::{CacheSettings, TokenCache};
use jotgate::consumers::Consumers;
use jotgate::forward::{Format, ForwardPolicy, HeaderClaim};
use jotgate::gate::Gate;
use jotgate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use jotgate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use jotgate::issuers::Issuers;
use jotgate::metrics::Metrics;
use jotgate::rules::{RuleSettings, Rules};
use jotgate::signature::FingerprintKey;
use jotgate::telemetry::{DecisionLog, Decisions};
use jotgate::time::{ManualClock, UnixMillis};
use jotgate::token::{ClaimPath, TokenLimits};
use prost::Message as _;

/// A gate that forwards three claims, and its clock.
pub(crate) fn gate(issuers: Issuers, now: UnixMillis) -> (Gate, Arc<ManualClock>) {
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
    let clock = Arc::new(ManualClock::new(now));
    let log = DecisionLog::new(Decisions::Off, FingerprintKey::random());
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
pub(crate) fn check_request(token: &str) -> Vec<u8> {
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
