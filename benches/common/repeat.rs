//! A worker's part in repeat-token `Check`s, with an internal token and without: the bytes of a
//! request as Envoy sends it become those of the answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use jotgate::authorizer::{Authorizer, Parts};
use jotgate::cache::{CacheSettings, TokenCache};
use jotgate::consumers::Consumers;
use jotgate::forward::{Format, ForwardPolicy, HeaderClaim, InternalToken, Minter};
use jotgate::gate::Gate;
use jotgate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use jotgate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use jotgate::grpc::{Framed, check};
use jotgate::issue::{
    ClaimSettings, ClaimValue, Desk, InternalTokens, IssueSettings, KeySettings, Profile, State,
};
use jotgate::issuers::{Audiences, Issuer, IssuerPolicy};
use jotgate::keys::{Key, KeyStore};
use jotgate::metrics::Metrics;
use jotgate::rules::{RuleSettings, Rules};
use jotgate::signature::{Algorithm, FingerprintKey, SigningKey, sign_token};
use jotgate::telemetry::{DecisionLog, Decisions};
use jotgate::time::{Clock, ManualClock, UnixMillis};
use jotgate::token::{ClaimPath, TokenLimits};
use prost::Message;
use serde_json::{Map, json};

const NOW: UnixMillis = UnixMillis::from_seconds(1_900_000_000);

/// A gate that has seen the token of the request before.
pub(crate) struct Repeat {
    gate: Gate,
    request: Vec<u8>,
}

impl Repeat {
    /// With an internal token for every request that passes, or without.
    pub(crate) fn new(has_internal_token: bool) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).expect("generated");
        let repeat = Self {
            gate: gate(&key, has_internal_token),
            request: request(&key),
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

fn gate(key: &SigningKey, has_internal_token: bool) -> Gate {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    let metrics = Arc::new(Metrics::new());
    let public = key.verifying_key().expect("public");
    let keys = KeyStore::fixed(vec![Key::new(None, "thumbprint".to_owned(), public)]);
    let audiences = Audiences::OneOf(Box::new(["orders-api".into()]));
    let issuer = Issuer {
        policy: IssuerPolicy::new("corp", "https://idp.example.com/", audiences),
        keys: Arc::new(keys),
    };
    let headers = [
        ("x-user-id", "sub"),
        ("x-email", "email"),
        ("x-tenant", "tenant"),
    ];
    let headers = headers.map(|(name, claim)| HeaderClaim {
        name: HeaderName::from_static(name),
        claim: ClaimPath::dotted(claim).expect("a path"),
        format: Format::Csv,
    });
    let internal_token = has_internal_token.then(|| InternalToken {
        profile: "internal".into(),
        header: HeaderName::from_static("x-internal-token"),
    });
    let beside = RuleSettings {
        forward: ForwardPolicy {
            headers: headers.into(),
            internal_token,
            ..ForwardPolicy::default()
        },
        ..RuleSettings::default()
    };
    let authorizer = Authorizer::new(Parts {
        issuers: [Arc::new(issuer)].into_iter().collect(),
        consumers: Arc::new(Consumers::default()),
        rules: Rules::new(Vec::new(), beside),
        limits: TokenLimits::default(),
        minter: has_internal_token.then(|| minter(&clock, &metrics)),
        cache: TokenCache::new(CacheSettings::default()),
        bypass_cors_preflight: false,
        generation: 1,
    });
    Gate::new(
        authorizer,
        clock,
        metrics,
        DecisionLog::new(Decisions::Off, FingerprintKey::random()),
        1,
    )
}

fn minter(clock: &Arc<dyn Clock>, metrics: &Arc<Metrics>) -> Arc<dyn Minter> {
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
    let desk = Desk::new(Arc::clone(clock), Arc::clone(metrics), State::Memory);
    let prepared = desk.prepare(Some(&settings)).expect("keys are made");
    desk.install(Some(settings.clone()), prepared);
    Arc::new(InternalTokens::new(Arc::new(desk), Arc::new(settings)))
}

/// About what Envoy sends for a browser: some twenty headers, a token of 900 bytes.
fn request(key: &SigningKey) -> Vec<u8> {
    let claims = json!({
        "iss": "https://idp.example.com/", "aud": ["orders-api", "billing-api"], "sub": "alice",
        "exp": NOW.seconds() + 3600, "iat": NOW.seconds(), "jti": "0f5a2c3e-9f0c-4b7e-8f5d",
        "email": "alice@example.com", "email_verified": true, "tenant": "acme",
        "scope": "openid profile email orders:read orders:write", "name": "Alice Example",
        "realm_access": { "roles": ["user", "admin", "offline_access"] }, "azp": "web-frontend",
        "session": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "locale": "en-GB",
    });
    let token = sign_token(&Map::new(), &claims, key).expect("signed");
    let mut headers = HashMap::from([("authorization".to_owned(), format!("Bearer {token}"))]);
    headers.extend((0..20).map(|place| (format!("x-header-{place}"), "v".repeat(40))));
    let http = HttpRequest {
        method: "GET".to_owned(),
        host: "api.example.com".to_owned(),
        path: "/orders/4711?expand=items".to_owned(),
        headers,
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http) }),
        ..AttributeContext::default()
    };
    let request = CheckRequest {
        attributes: Some(attributes),
    };
    request.encode_to_vec()
}
