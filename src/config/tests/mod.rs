//! What good configurations come to. Bad ones: `tests/golden/config_errors`.

mod consumers;
mod samples;
mod slips;

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

pub(super) use samples::{EVERYTHING, LEAST, files};

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
    assert!(config.server.http_tls.is_some() && config.server.grpc_tls.is_none());
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
    let files = [
        "secret.key",
        "keys.json",
        "key.pem",
        "tls.crt",
        "tls.key",
        "ca.crt",
        "secret.b64",
        "consumers.yaml",
    ];
    assert_eq!(config.files, files.map(|name| directory.path().join(name)));
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
    assert_service(config);
}

fn assert_service(config: &Config) {
    assert!(config.bypass_cors_preflight);
    assert_eq!(config.cache.max_bytes, 0);
    assert_eq!(config.cache.ttl, Duration::from_secs(60));
    assert_eq!(config.token_limits.token_bytes, 8192);
    assert_eq!(config.token_limits.claims_depth, 8);
    assert_eq!(config.concurrent_requests, 100);
    assert_eq!(config.header_bytes, 32_768);
    assert_eq!(config.connections, 200);
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
