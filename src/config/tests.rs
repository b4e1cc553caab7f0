//! What good configurations come to. Bad ones: `tests/golden/config_errors`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::{Config, Original, parse};
use crate::credentials::{CredentialSource, Credentials, OnMultiple};
use crate::deny::{BodyFormat, DenyPolicy, OnUnavailable};
use crate::forward::{Format, ForwardPolicy, TokenHandling};
use crate::issuers::{Audiences, TokenTypes};
use crate::limits;
use crate::refresh::{Encoding, RefreshSettings, SourceKind, SourceSettings};
use crate::secret::SecretSource;
use crate::signature::{Algorithm, AlgorithmSet};
use crate::telemetry::{Decisions, Level, LogFormat, LogSettings};
use crate::token::ClaimPath;

#[test]
fn everything_that_can_be_said_comes_out_as_it_was_said() {
    let directory = files();
    let config = parse(EVERYTHING, directory.path()).expect("good");

    assert_eq!(
        config.server.grpc.to_string(),
        "unix:///run/jotgate/grpc.sock"
    );
    assert_eq!(config.server.original, Original::XOriginal);
    assert_eq!(config.server.threads, Some(4));
    assert_eq!(config.server.drain, Duration::from_secs(30));
    assert_eq!(config.server.state_dir, Some("/var/lib/jotgate".into()));

    let corp = &config.issuers[0];
    assert_eq!(&*corp.policy.name, "corp");
    assert_eq!(&*corp.policy.issuer, "https://idp.example.com/");
    let audiences = Box::new(["orders-api".into()]);
    assert_eq!(corp.policy.audiences, Audiences::OneOf(audiences));
    let algorithms = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Hs256];
    assert_eq!(corp.policy.algorithms, AlgorithmSet::from_iter(algorithms));
    assert_eq!(corp.policy.times.leeway, Duration::ZERO);
    assert!(!corp.policy.times.require_exp && corp.policy.require_kid && corp.optional);
    assert_eq!(corp.policy.times.max_age, Some(Duration::from_secs(86_400)));
    assert_eq!(
        corp.policy.times.max_lifetime,
        Some(Duration::from_secs(5400))
    );
    assert_eq!(corp.policy.types, TokenTypes::new(["at+jwt", "absent"]));
    let role = ClaimPath::list(["https://example.com/roles"]).expect("a path");
    let required = [ClaimPath::dotted("a.b").expect("a path"), role];
    assert_eq!(*corp.policy.required_claims, required);

    assert_eq!(&*config.issuers[1].policy.name, "any one");
    assert_eq!(config.issuers[1].policy.audiences, Audiences::Any);
    let files = ["secret.key", "keys.json", "key.pem"].map(|name| directory.path().join(name));
    assert_eq!(config.files, files);
    assert_sources(&corp.sources, directory.path());
    assert_requests(&config);
}

fn assert_sources(sources: &[SourceSettings], directory: &Path) {
    let path = |name: &str| directory.join(name);
    let [discovery, url, file, inline, pem, secret] = sources else {
        panic!("six sources: {:?}", sources);
    };
    assert!(matches!(&discovery.kind, SourceKind::Discovery(http) if http.proxy.is_some()));
    assert_eq!(discovery.refresh, RefreshSettings::default());
    let SourceKind::Url(address, http) = &url.kind else {
        panic!("a URL: {:?}", url.kind);
    };
    assert_eq!(address.as_str(), "http://idp.internal/keys");
    assert!(http.allow_http);
    assert_eq!(http.max_bytes, 2 << 20);
    assert_eq!(http.spki_sha256, [[0; 32]]);
    let headers = [
        ("authorization", SecretSource::File(path("secret.key"))),
        ("x-text", SecretSource::Value("text".to_owned().into())),
    ];
    let headers = headers.map(|(name, value)| (http::HeaderName::from_static(name), value));
    assert_eq!(http.headers, headers);
    let expected = RefreshSettings {
        every: Duration::from_secs(300),
        min_interval: Duration::from_secs(1),
        timeout: Duration::from_millis(500),
        max_stale: Some(Duration::from_secs(86_400)),
    };
    assert_eq!(url.refresh, expected);
    assert_eq!(file.kind, SourceKind::File(path("keys.json")));
    assert!(matches!(&inline.kind, SourceKind::Inline(text) if text.contains("Ed25519")));
    let expected = SourceKind::Pem {
        source: SecretSource::File(path("key.pem")),
        id: Some("k1".into()),
        algorithm: Some(Algorithm::Es256),
    };
    assert_eq!(pem.kind, expected);
    let expected = SourceKind::Secret {
        source: SecretSource::File(path("secret.key")),
        id: Some("k2".into()),
        algorithm: Algorithm::Hs256,
        encoding: Encoding::Raw,
    };
    assert_eq!(secret.kind, expected);
}

fn assert_requests(config: &Config) {
    let header = |name: &'static str, scheme: Option<&str>| CredentialSource::Header {
        name: http::HeaderName::from_static(name),
        scheme: scheme.map(Box::from),
    };
    let sources = [
        header("authorization", Some("Bearer")),
        header("x-token", None),
        CredentialSource::Cookie("access_token".into()),
        CredentialSource::Query("access_token".into()),
    ];
    assert_eq!(*config.beside.credentials.sources, sources);
    assert_eq!(config.beside.credentials.on_multiple, OnMultiple::First);

    let forward = &config.beside.forward;
    assert_eq!(forward.token, TokenHandling::Strip);
    let written: Vec<_> = forward
        .headers
        .iter()
        .map(|header| {
            (
                header.name.as_str(),
                header.claim.to_string(),
                header.format,
            )
        })
        .collect();
    let expected = [
        ("x-user-id", "sub".to_owned(), Format::Csv),
        ("x-roles", "realm_access.roles".to_owned(), Format::Json),
        (
            "x-groups",
            "https://example.com/groups".to_owned(),
            Format::First,
        ),
        (
            "x-tenant",
            "https://example.com/tenant".to_owned(),
            Format::Csv,
        ),
    ];
    assert_eq!(written, expected);
    assert_eq!(
        forward.payload_header,
        Some(http::HeaderName::from_static("x-jwt-payload"))
    );
    assert!(forward.metadata);

    let expected = DenyPolicy {
        realm: "api".into(),
        format: BodyFormat::Text,
        message: Some("Token is not valid or has expired".into()),
        expose_reason: true,
        on_unavailable: OnUnavailable::Defer,
        unavailable_status: 403,
        redirect: None,
    };
    assert_eq!(config.beside.deny, expected);
    assert!(config.bypass_cors_preflight);
    assert_eq!(config.cache.max_bytes, 0);
    assert_eq!(config.cache.ttl, Duration::from_secs(60));
    assert_eq!(config.token_limits.token_bytes, 8192);
    assert_eq!(config.token_limits.claims_depth, 8);
    assert_eq!(config.concurrent_requests, 100);
    assert_eq!(config.header_bytes, 32_768);
    let expected = LogSettings {
        level: Level::Debug,
        format: LogFormat::Text,
        decisions: Decisions::All,
    };
    assert_eq!(config.log, expected);
}

#[test]
fn what_is_not_said_has_the_defaults_of_the_documentation() {
    let config = parse(LEAST, Path::new(".")).expect("good");
    assert_eq!(config.server.grpc.to_string(), "0.0.0.0:9191");
    assert_eq!(config.server.http.to_string(), "0.0.0.0:9192");
    assert_eq!(config.server.admin.to_string(), "127.0.0.1:9193");
    assert_eq!(config.server.original, Original::Auto);
    assert_eq!(config.server.threads, None);
    assert_eq!(config.server.drain, limits::DRAIN);
    assert_eq!(config.beside.credentials, Credentials::default());
    assert_eq!(config.beside.forward, ForwardPolicy::default());
    assert_eq!(config.beside.deny, DenyPolicy::default());
    assert_eq!(config.cache, crate::cache::CacheSettings::default());
    assert_eq!(config.token_limits.token_bytes, limits::TOKEN_BYTES);
    assert_eq!(config.log, LogSettings::default());
    let [corp] = &config.issuers[..] else {
        panic!("one issuer");
    };
    let audiences = Audiences::OneOf(Box::new(["orders-api".into()]));
    let policy = crate::issuers::IssuerPolicy::new("corp", "https://idp.example.com/", audiences);
    assert_eq!(corp.policy, policy);
    assert!(!corp.optional);
    assert_eq!(config.files, [] as [PathBuf; 0]);
}

#[test]
fn the_effective_configuration_shows_defaults_and_no_secret_and_reads_back() {
    let directory = files();
    let config = parse(EVERYTHING, directory.path()).expect("good");
    let text = config.effective.to_string() + &config.effective_yaml;
    assert!(
        text.contains("[redacted]") && !text.contains("x-text: text"),
        "{text}"
    );
    assert_eq!(config.effective["issuers"]["any one"]["leeway"], "10s");
    let again = parse(&config.effective_yaml, directory.path()).expect("reads back");
    assert_eq!(again.effective, config.effective);
    assert_eq!(again.effective_yaml, config.effective_yaml);
}

#[test]
fn the_hash_follows_the_text_and_every_file() {
    let directory = files();
    let hash = |text: &str| parse(text, directory.path()).expect("good").hash;
    let before = hash(EVERYTHING);
    assert_eq!(before.len(), 16);
    assert_eq!(hash(EVERYTHING), before);
    assert_ne!(hash(&format!("{EVERYTHING}# a comment\n")), before);
    let secret = "another secret of at least 32 bytes";
    std::fs::write(directory.path().join("secret.key"), secret).expect("written");
    assert_ne!(hash(EVERYTHING), before);
}

#[test]
fn debug_shows_no_secret() {
    let text = LEAST.replace(
        "keys:",
        "algorithms: [HS256]\n    keys:\n      - { secret: { value: hunter2hunter2hunter2hunter2hunter2 }, alg: HS256 }",
    );
    let text = text.replace("- { discovery: {} }", "");
    let config = parse(&text, Path::new(".")).expect("good");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn aliases_and_merge_keys_work() {
    let text = "x: &x\n  audiences: any\n";
    assert!(parse(text, Path::new(".")).is_err(), "unknown key");
    let text = "issuers:
  a: &a { issuer: a, audiences: [x], keys: [{ jwks_url: https://a.example.com/keys }] }
  b: { <<: *a, issuer: b }
";
    let config = parse(text, Path::new(".")).expect("good");
    assert_eq!(&*config.issuers[1].policy.issuer, "b");
    assert_eq!(config.issuers[1].sources, config.issuers[0].sources);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = parse(&text, Path::new("."));
    }

    #[test]
    fn no_yaml_makes_it_panic(text in "(([ ]{0,6}|- )(issuers|corp|keys|[a-z_]{1,9}|\"|'|&a|\\*a|<<)?[:,{}\\[\\] ]{0,3}(any|5s|-1|null|~|[a-z0-9.]{0,6})\n){0,12}") {
        let _ = parse(&text, Path::new("."));
    }

    /// A good file with one line gone, doubled or moved is good or an error, never a panic.
    #[test]
    fn no_damage_to_a_good_file_makes_it_panic(from in 0usize..70, to in 0usize..70, keep in any::<bool>()) {
        let mut lines: Vec<&str> = EVERYTHING.lines().collect();
        let line = lines[from % lines.len()];
        if !keep {
            lines.remove(from % lines.len());
        }
        lines.insert(to % lines.len(), line);
        let _ = parse(&lines.join("\n"), Path::new("."));
    }
}

/// A directory with the files that [`EVERYTHING`] names.
pub(super) fn files() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    for (name, content) in [
        ("secret.key", "a secret of at least thirty-two bytes\n"),
        (
            "key.pem",
            include_str!("../../tests/golden/config_errors/ec-public.pem"),
        ),
        ("keys.json", KEY_SET),
    ] {
        std::fs::write(directory.path().join(name), content).expect("written");
    }
    directory
}

pub(super) const LEAST: &str = "issuers:
  corp:
    issuer: https://idp.example.com/
    audiences: [orders-api]
    keys:
      - { discovery: {} }
";

/// The key of RFC 7517 A.1.
const KEY_SET: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// The example of the documentation, and whatever else can be said.
pub(super) const EVERYTHING: &str = r#"rules:
  - name: every requirement
    require:
      - scope: { all: ["orders:read"] }
      - role: { any: [admin, ops], claim: realm_access.roles }
      - { claim: ["https://example.com/roles"], contains: admin }
      - { claim: a, equals: { b: [1, 1.5, null] } }
      - { claim: a, one_of: [1, a] }
      - any:
          - { claim: a, prefix: "/" }
          - { claim: a, matches: "v[0-9]" }
          - all: [{ claim: a, at_least: 3 }, { claim: a, at_most: 4.5 }]
          - not: { claim: a, exists: true }
      - cel: claims.level >= 3 && request.method != "DELETE"
server:
  grpc: { listen: "unix:///run/jotgate/grpc.sock" }
  http: { listen: "0.0.0.0:0", original: x_original }
  admin: { listen: "localhost:0" }
  threads: 4
  drain: 30s
  state_dir: /var/lib/jotgate
issuers:
  corp:
    issuer: https://idp.example.com/
    audiences: [orders-api]
    algorithms: [RS256, ES256, HS256]
    keys:
      - discovery: {}
        proxy: http://proxy.example.com:3128/
      - jwks_url: http://idp.internal/keys
        refresh: { every: 5m, min_interval: 1s, timeout: 500ms, max_stale: 24h }
        spki_sha256: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
        headers: { Authorization: { file: secret.key }, x-text: text }
        max_bytes: 2MiB
        allow_http: true
      - jwks_file: keys.json
      - jwks:
          keys:
            - { kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }
            - { kty: EC, crv: P-256, x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, y: 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM }
      - { pem: { file: key.pem }, kid: k1, alg: ES256 }
      - { secret: { file: secret.key }, kid: k2, alg: HS256, encoding: raw }
    leeway: 0
    require_exp: false
    max_age: 24h
    max_lifetime: 1h30m
    types: [application/at+jwt, absent]
    require_kid: true
    required_claims: [a.b, ["https://example.com/roles"]]
    optional: true
  any one:
    issuer: second
    audiences: any
    keys: [{ jwks_url: "http://127.0.0.1:8080/keys" }]
credentials:
  - header: authorization
    scheme: Bearer
  - header: X-Token
  - cookie: access_token
  - query: access_token
on_multiple_tokens: first
forward:
  token: strip
  headers:
    x-user-id: sub
    X-Roles: { claim: realm_access.roles, format: json }
    x-groups: { claim: ["https://example.com/groups"], format: first }
    x-tenant: ["https://example.com/tenant"]
  payload_header: x-jwt-payload
  metadata: true
deny:
  realm: api
  format: text
  message: "Token is not valid or has expired"
  expose_reason: true
  on_unavailable: defer
  unavailable_status: 403
bypass_cors_preflight: true
cache: { max_bytes: 0, ttl: 1m }
limits: { token_bytes: 8KiB, claims_depth: 8, concurrent_requests: 100, header_bytes: 32KiB }
log: { level: debug, format: text, decisions: all }
"#;
