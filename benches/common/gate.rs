//! A gate as a service has it, and what Envoy asks it.

use std::sync::Arc;

use jotgate::authorizer::{Authorizer, Parts};
use jotgate::cache::{CacheSettings, TokenCache};
use jotgate::consumers::Consumers;
use jotgate::forward::{Format, ForwardPolicy, HeaderClaim, Minter};
use jotgate::gate::Gate;
use jotgate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use jotgate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use jotgate::issuers::Issuers;
use jotgate::metrics::Metrics;
use jotgate::rules::{RuleSettings, Rules};
use jotgate::signature::FingerprintKey;
use jotgate::telemetry::{DecisionLog, Decisions};
use jotgate::time::{Clock, ManualClock, UnixMillis};
use jotgate::token::{ClaimPath, TokenLimits};
use prost::Message as _;

/// What a gate is made of.
pub(crate) struct Setup {
    pub(crate) issuers: Issuers,
    pub(crate) consumers: Consumers,
    pub(crate) rules: Vec<RuleSettings>,
    /// What holds where no rule does.
    pub(crate) beside: RuleSettings,
    pub(crate) minter: Option<Arc<dyn Minter>>,
    pub(crate) cache: CacheSettings,
}

impl Setup {
    /// Tokens of these issuers pass, and three of their claims go upstream.
    pub(crate) fn new(issuers: Issuers) -> Self {
        let claims = [
            ("x-user-id", "sub"),
            ("x-email", "email"),
            ("x-tenant", "tenant"),
        ];
        Self {
            issuers,
            consumers: Consumers::default(),
            rules: Vec::new(),
            beside: RuleSettings {
                forward: forward(&claims),
                ..RuleSettings::default()
            },
            minter: None,
            cache: CacheSettings::default(),
        }
    }

    pub(crate) fn authorizer(self) -> Authorizer {
        Authorizer::new(Parts {
            issuers: self.issuers,
            consumers: Arc::new(self.consumers),
            rules: Rules::new(self.rules, self.beside),
            limits: TokenLimits::default(),
            minter: self.minter,
            cache: TokenCache::new(self.cache),
            bypass_cors_preflight: false,
            generation: GENERATION,
        })
    }

    pub(crate) fn gate(self, clock: Arc<dyn Clock>) -> Gate {
        let log = DecisionLog::new(Decisions::Off, FingerprintKey::random());
        Gate::new(self.authorizer(), clock, Arc::new(Metrics::new()), log, 1)
    }
}

/// Claims as headers.
pub(crate) fn forward(claims: &[(&'static str, &str)]) -> ForwardPolicy {
    let header = |(name, claim): &(&'static str, &str)| HeaderClaim {
        name: http::HeaderName::from_static(name),
        claim: ClaimPath::dotted(claim).expect("a path"),
        format: Format::Csv,
    };
    ForwardPolicy {
        headers: claims.iter().map(header).collect(),
        ..ForwardPolicy::default()
    }
}

/// A gate that forwards three claims, and its clock.
pub(crate) fn gate(issuers: Issuers, now: UnixMillis) -> (Gate, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(now));
    let gate = Setup::new(issuers).gate(Arc::<ManualClock>::clone(&clock));
    (gate, clock)
}

/// What Envoy sends for a browser behind a proxy: some twenty headers.
pub(crate) fn check_request(token: &str) -> Vec<u8> {
    check_request_for("/orders/4711?expand=lines", token)
}

/// The same for another path.
pub(crate) fn check_request_for(path: &str, token: &str) -> Vec<u8> {
    let headers = [
        (":authority", "api.example.com"),
        (":method", "GET"),
        (":path", path),
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
        path: path.to_owned(),
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

/// Of the configuration.
pub(crate) const GENERATION: u64 = 1;
