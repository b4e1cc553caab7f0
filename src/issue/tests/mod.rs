//! Tokens, verified with another library from nothing but what is published, and in this process.

mod claims;
mod grants;
mod rollover;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::{
    ClaimSettings, ClaimValue, Desk, InForce, IssueSettings, KeySettings, MintError, NamedKey,
    Order, Profile, State, is_publishable,
};
use crate::metrics::Metrics;
use crate::signature::Algorithm;
use crate::time::{Clock as _, ManualClock, UnixMillis};
use crate::token::ClaimPath;
use crate::token::json::scan_object;

const NOW: i64 = 1_700_000_000;
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

fn profile() -> Profile {
    let claim = |name: &str, value| ClaimSettings {
        name: name.into(),
        value,
    };
    let path = |path| ClaimValue::From(ClaimPath::dotted(path).expect("a path"));
    Profile {
        name: "internal".into(),
        audiences: Box::new(["orders-api".into()]),
        ttl: MINUTE,
        kind: "at+jwt".into(),
        claims: vec![
            claim("sub", path("sub")),
            claim("roles", path("realm_access.roles")),
            claim("tenant", ClaimValue::Fixed("\"acme\"".into())),
        ],
    }
}

fn settings(keys: Vec<KeySettings>) -> IssueSettings {
    IssueSettings {
        issuer: "https://jotgate.internal".into(),
        keys,
        profiles: vec![Arc::new(profile())],
        clients: Vec::new(),
        documents: Vec::new(),
    }
}

fn generate(algorithm: Algorithm) -> KeySettings {
    KeySettings::Generate {
        algorithm,
        rotate_every: HOUR,
    }
}

struct Stage {
    desk: Desk,
    clock: Arc<ManualClock>,
    metrics: Arc<Metrics>,
}

impl Stage {
    fn new(state: State) -> Self {
        let clock = Arc::new(ManualClock::new(UnixMillis::from_seconds(NOW)));
        let metrics = Arc::new(Metrics::new());
        let desk = Desk::new(
            Arc::<ManualClock>::clone(&clock),
            Arc::clone(&metrics),
            state,
        );
        Self {
            desk,
            clock,
            metrics,
        }
    }

    fn with(settings: IssueSettings) -> Self {
        let stage = Self::new(State::Memory);
        stage.install(settings);
        stage
    }

    fn install(&self, settings: IssueSettings) {
        let prepared = self.desk.prepare(Some(&settings)).expect("keys");
        self.desk.install(Some(settings), prepared);
    }

    fn in_force(&self) -> Arc<InForce> {
        self.desk.in_force().expect("something is issued")
    }

    fn token(&self, facts: &Value) -> String {
        let in_force = self.in_force();
        let facts = facts.to_string();
        let facts = scan_object(facts.as_bytes(), 16, |_| ()).expect("an object");
        let profile = in_force.profile("internal").expect("a profile");
        let order = Order {
            claims: &[("client", "\"app\""), ("tenant", "\"evil\""), ("iss", "1")],
            ..Order::new(profile, facts)
        };
        let issued = in_force.issue(&order, self.clock.now());
        issued.expect("issued").token
    }

    /// What another library makes of the token with the published keys alone.
    fn verify(&self, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
        let set: JwkSet =
            serde_json::from_slice(&self.in_force().key_set().body).expect("a key set");
        let header = decode_header(token)?;
        let id = header.kid.expect("a kid");
        let key = set.find(&id).expect("the key is published");
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.set_audience(&["orders-api"]);
        validation.set_issuer(&["https://jotgate.internal"]);
        let key = DecodingKey::from_jwk(key)?;
        decode::<Value>(token, &key, &validation).map(|decoded| decoded.claims)
    }
}

#[test]
fn tokens_of_every_algorithm_verify_with_another_library_from_the_published_keys() {
    for algorithm in Algorithm::ALL {
        // The other library has no P-521.
        if !is_publishable(algorithm) || algorithm == Algorithm::Es512 {
            continue;
        }
        let stage = Stage::with(settings(vec![generate(algorithm)]));
        let facts = json!({ "sub": "alice", "realm_access": { "roles": ["admin"] } });
        let claims = stage.verify(&stage.token(&facts)).expect("valid");
        let jti = claims["jti"].clone();
        assert_eq!(jti.as_str().expect("a text").len(), 22);
        let expected = json!({
            "iss": "https://jotgate.internal", "aud": "orders-api", "sub": "alice",
            "roles": ["admin"], "tenant": "acme", "client": "app",
            "iat": NOW, "nbf": NOW, "exp": NOW + 60, "jti": jti,
        });
        assert_eq!(claims, expected, "{algorithm:?}");
    }
}

#[test]
fn numbers_are_handed_on_as_they_are_and_what_is_absent_is_left_out() {
    let stage = Stage::with(settings(vec![generate(Algorithm::Ed25519)]));
    let in_force = stage.in_force();
    let facts = scan_object(br#"{"sub":1234567890123456789012345}"#, 4, |_| ());
    let profile = in_force.profile("internal").expect("a profile");
    let order = Order {
        claims: &[("roles", "[\"forged\"]")],
        ..Order::new(profile, facts.expect("an object"))
    };
    let token = in_force
        .issue(&order, stage.clock.now())
        .expect("issued")
        .token;
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload);
    let payload = String::from_utf8(payload.expect("base64url")).expect("text");
    assert!(
        payload.contains("\"sub\":1234567890123456789012345"),
        "{payload}"
    );
    assert!(!payload.contains("roles"), "{payload}");
}

#[test]
fn a_token_that_nobody_would_accept_is_not_signed_and_counted() {
    let stage = Stage::with(settings(vec![generate(Algorithm::Ed25519)]));
    let in_force = stage.in_force();
    let long = format!("\"{}\"", "x".repeat(20_000));
    let facts = scan_object(b"{}", 1, |_| ()).expect("an object");
    let order = Order {
        claims: &[("long", &long)],
        ..Order::new(in_force.profile("internal").expect("a profile"), facts)
    };
    let error = in_force.issue(&order, stage.clock.now()).err();
    assert_eq!(error, Some(MintError::TooLarge));
    in_force.refused("internal");
    stage.token(&json!({}));
    let text = stage.metrics.render();
    for outcome in ["issued", "refused"] {
        let line = format!(
            "jotgate_tokens_issued_total{{profile=\"internal\",outcome=\"{outcome}\"}} 1\n"
        );
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn a_token_of_the_old_key_is_good_in_this_process_and_outside_until_it_expires() {
    let stage = Stage::with(settings(vec![generate(Algorithm::Ed25519)]));
    let token = {
        stage.clock.advance(HOUR - MINUTE / 2);
        stage.token(&json!({}))
    };
    stage.clock.advance(MINUTE / 2);
    stage.desk.turn();
    stage.verify(&token).expect("valid");
    stage.clock.advance(MINUTE / 2);
    stage.desk.turn();
    stage.verify(&token).expect("valid");
}

#[test]
fn which_key_signs_is_a_matter_of_the_clock_and_not_of_who_looked_when() {
    let stage = Stage::with(settings(vec![generate(Algorithm::Ed25519)]));
    let id = |token: &str| decode_header(token).expect("a header").kid.expect("a kid");
    let first = id(&stage.token(&json!({})));
    // The process was stopped: time has passed, and nobody has looked.
    stage.clock.advance(3 * HOUR);
    let token = stage.token(&json!({}));
    assert_ne!(id(&token), first);
    stage.verify(&token).expect("valid before anybody looks");
    stage.desk.turn();
    stage.verify(&token).expect("valid after that");
}

#[test]
fn a_restart_and_a_reload_keep_the_keys_that_were_made() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let state = || State::Directory(directory.path().to_path_buf());
    let stage = Stage::new(state());
    stage.install(settings(vec![generate(Algorithm::Es256)]));
    let token = stage.token(&json!({}));
    let mut more = settings(vec![
        generate(Algorithm::Ed25519),
        generate(Algorithm::Es256),
    ]);
    more.issuer = "https://jotgate.internal".into();
    stage.install(more);
    assert!(stage.verify(&token).is_ok());
    let again = Stage::new(state());
    again.install(settings(vec![generate(Algorithm::Es256)]));
    assert!(again.verify(&token).is_ok());
    let looking = Stage::new(State::ReadOnly(directory.path().to_path_buf()));
    looking.install(settings(vec![generate(Algorithm::Es256)]));
    assert!(looking.verify(&token).is_ok());
}

#[test]
fn a_damaged_file_is_refused_and_leaves_what_is_in_force() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let stage = Stage::new(State::Directory(directory.path().to_path_buf()));
    stage.install(settings(vec![generate(Algorithm::Es256)]));
    let file = directory.path().join("signing-Ed25519.keys");
    std::fs::write(file, "not what was written").expect("written");
    let both = settings(vec![
        generate(Algorithm::Ed25519),
        generate(Algorithm::Es256),
    ]);
    let error = stage
        .desk
        .prepare(Some(&both))
        .expect_err("damaged")
        .to_string();
    assert!(
        error.contains("signing-Ed25519.keys") && error.contains("damaged"),
        "{error}"
    );
    let token = stage.token(&json!({}));
    assert!(stage.verify(&token).is_ok());
}

#[test]
fn without_a_place_to_keep_them_no_keys_are_made_and_the_error_says_where() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let blocked = directory.path().join("file");
    std::fs::write(&blocked, "").expect("written");
    let stage = Stage::new(State::Directory(blocked.join("state")));
    let settings = settings(vec![generate(Algorithm::Es256)]);
    let error = stage
        .desk
        .prepare(Some(&settings))
        .expect_err("no directory");
    assert!(error.to_string().contains("signing-ES256.keys"), "{error}");
}

#[test]
fn replicas_that_share_a_key_file_verify_each_others_tokens() {
    let jwk = NamedKey::generate(Algorithm::Es256).expect("generated");
    let jwk = jwk.to_private_jwk().expect("exported").to_string();
    let replica = || {
        let key = NamedKey::parse(jwk.as_bytes(), Some("shared"), None).expect("a key");
        Stage::with(settings(vec![KeySettings::Given(Arc::new(key))]))
    };
    let (one, other) = (replica(), replica());
    assert_eq!(
        one.in_force().key_set().etag,
        other.in_force().key_set().etag
    );
    assert!(other.verify(&one.token(&json!({}))).is_ok());
    assert!(one.desk.rotate().is_err(), "nothing is generated");
}

#[test]
fn whoever_follows_hears_of_a_key_before_it_signs_and_of_nothing_once_it_is_gone() {
    let stage = Stage::with(settings(vec![generate(Algorithm::Ed25519)]));
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let follower = stage.desk.own().follow(move |set| {
        listener.lock().expect("no panic").push(set.to_vec());
    });
    assert_eq!(heard.lock().expect("no panic").len(), 1);
    stage.clock.advance(HOUR);
    stage.desk.turn();
    assert_eq!(heard.lock().expect("no panic").len(), 2);
    drop(follower);
    stage.clock.advance(HOUR);
    stage.desk.turn();
    assert_eq!(heard.lock().expect("no panic").len(), 2);
}

#[test]
fn a_key_file_is_pem_or_jwk_and_nothing_that_has_no_public_half() {
    let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config_errors");
    let pem = std::fs::read(pem.join("ec-private.pem")).expect("readable");
    let key = NamedKey::parse(&pem, Some("k1"), None).expect("a key");
    assert_eq!((key.id(), key.key().algorithm()), ("k1", Algorithm::Es256));
    assert!(NamedKey::parse(&pem, None, Some(Algorithm::Rs256)).is_err());
    assert!(NamedKey::parse(b"\xff", None, None).is_err());
    let jwk = NamedKey::generate(Algorithm::Ed25519).expect("generated");
    let jwk = jwk.to_private_jwk().expect("exported").to_string();
    let key = NamedKey::parse(jwk.as_bytes(), None, None).expect("a key");
    assert!(jwk.contains(key.id()));
    assert!(NamedKey::parse(jwk.as_bytes(), None, Some(Algorithm::Es256)).is_err());
    let secret = json!({ "kty": "oct", "alg": "HS256", "k": "A".repeat(43) }).to_string();
    assert!(NamedKey::parse(secret.as_bytes(), None, None).is_err());
}
