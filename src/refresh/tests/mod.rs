//! Whole rings against a real HTTP server.

mod discovery;
mod faults;

use std::sync::Arc;
use std::time::Duration;

use super::fetch::{Fetcher, Headers};
use super::source::Body;
use super::testing::{HANG, Idp, eventually, jwk, jwk_set, ok, response};
use super::*;
use crate::secret::SecretSource;
use crate::signature::Algorithm;
use crate::time::SystemClock;

fn refresh() -> RefreshSettings {
    RefreshSettings {
        every: Duration::from_millis(40),
        min_interval: Duration::from_millis(20),
        timeout: Duration::from_secs(5),
        max_stale: None,
    }
}

fn url_source(url: &str) -> SourceSettings {
    SourceSettings {
        kind: SourceKind::Url(url.parse().expect("a URL"), HttpSettings::default()),
        refresh: refresh(),
    }
}

fn plan(issuer: &str, sources: Vec<SourceSettings>) -> KeyPlan {
    KeyPlan {
        name: "corp".into(),
        issuer: issuer.into(),
        algorithms: AlgorithmSet::asymmetric(),
        sources,
    }
}

fn environment() -> Environment {
    Environment {
        clock: Arc::new(SystemClock),
        observer: Arc::new(Unobserved),
        own: OwnKeys::default(),
        state_dir: None,
    }
}

fn start(issuer: &str, sources: Vec<SourceSettings>) -> KeyRing {
    spawn(plan(issuer, sources), &environment())
}

fn kids(ring: &KeyRing) -> Vec<String> {
    let set = ring.keys().load();
    set.keys()
        .iter()
        .map(|key| key.id().unwrap_or("").to_owned())
        .collect()
}

fn keys(kids: &[&str]) -> Vec<u8> {
    jwk_set(&kids.iter().map(|kid| jwk(kid)).collect::<Vec<_>>())
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).expect("a request line")
}

#[tokio::test]
async fn keys_follow_a_rotation() {
    let idp = Idp::start(|_| ok(&keys(&["old"]))).await;
    let ring = start("https://idp/", vec![url_source(&idp.url)]);
    assert!(!*ring.ready().borrow());
    ring.ready().wait_for(|ready| *ready).await.expect("alive");
    assert_eq!(kids(&ring), ["old"]);
    idp.answers(|_| ok(&keys(&["old", "new"])));
    eventually(|| kids(&ring) == ["old", "new"]).await;
    idp.answers(|_| ok(&keys(&["new"])));
    eventually(|| kids(&ring) == ["new"]).await;
    assert_eq!(ring.status().sources[0].last_outcome, Some("updated"));
}

#[tokio::test]
async fn an_etag_saves_the_transfer() {
    let idp = Idp::start(|request| {
        if request.contains("if-none-match: \"v1\"") {
            response("304 Not Modified", &["etag: \"v1\""], b"")
        } else {
            response("200 OK", &["etag: \"v1\""], &keys(&["a"]))
        }
    })
    .await;
    let ring = start("https://idp/", vec![url_source(&idp.url)]);
    eventually(|| idp.requests().len() >= 4).await;
    let requests = idp.requests();
    assert!(!requests[0].contains("if-none-match"));
    assert!(
        requests[1..]
            .iter()
            .all(|request| request.contains("if-none-match: \"v1\""))
    );
    assert_eq!(ring.status().sources[0].last_outcome, Some("unchanged"));
    assert_eq!(ring.status().sources[0].last_error, None);
    assert_eq!(kids(&ring), ["a"]);
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed_but_not_for_ever() {
    let idp = Idp::start(|request| match path(request) {
        "/keys" => response("301 Moved Permanently", &["location: /real"], b""),
        "/real" => ok(&keys(&["a"])),
        _ => response("302 Found", &["location: /loop"], b""),
    })
    .await;
    let ring = start(
        "https://idp/",
        vec![url_source(&format!("{}/keys", idp.url))],
    );
    eventually(|| kids(&ring) == ["a"]).await;
    let ring = start(
        "https://idp/",
        vec![url_source(&format!("{}/loop", idp.url))],
    );
    let error = || ring.status().sources[0].last_error.clone();
    eventually(|| error().is_some_and(|error| error.contains("redirected too often"))).await;
}

#[tokio::test]
async fn headers_of_the_configuration_are_sent_and_never_shown() {
    let idp = Idp::start(|_| response("500 Oops", &[], b"")).await;
    let secret = SecretSource::Value("hunter2".to_owned().into());
    let http = HttpSettings {
        headers: vec![(http::HeaderName::from_static("x-api-key"), secret)],
        ..HttpSettings::default()
    };
    let url = format!("{}/keys?token=hunter2", idp.url);
    let mut source = url_source(&url);
    source.kind = SourceKind::Url(url.parse().expect("a URL"), http);
    let ring = start("https://idp/", vec![source]);
    eventually(|| ring.status().sources[0].last_error.is_some()).await;
    assert!(idp.requests()[0].contains("x-api-key: hunter2"));
    let status = serde_json::to_string(&ring.status()).expect("JSON");
    assert!(!status.contains("hunter2"), "{status}");
}

#[tokio::test]
async fn ten_thousand_misses_cause_at_most_two_fetches() {
    let idp = Idp::start(|_| ok(&keys(&["a"]))).await;
    let mut source = url_source(&idp.url);
    source.refresh = RefreshSettings {
        every: Duration::from_secs(600),
        min_interval: Duration::from_millis(300),
        ..refresh()
    };
    let ring = start("https://idp/", vec![source]);
    ring.ready().wait_for(|ready| *ready).await.expect("alive");
    for index in 0..10_000 {
        ring.keys().raise_miss(Some("unknown"), Algorithm::Ed25519);
        if index % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    idp.answers(|_| ok(&keys(&["a", "b"])));
    eventually(|| kids(&ring) == ["a", "b"]).await;
    assert!(idp.requests().len() <= 3, "the first, and two more");
}

#[tokio::test]
async fn sources_are_merged_and_fail_apart() {
    let up = Idp::start(|_| ok(&keys(&["a", "both"]))).await;
    let down = Idp::start(|_| response("500 Oops", &[], b"")).await;
    let inline = String::from_utf8(keys(&["both", "inline"])).expect("text");
    let inline = SourceSettings {
        kind: SourceKind::Inline(inline.into()),
        refresh: refresh(),
    };
    let ring = start(
        "https://idp/",
        vec![inline, url_source(&down.url), url_source(&up.url)],
    );
    assert_eq!(
        kids(&ring),
        ["both", "inline"],
        "what is here is in force at once"
    );
    assert!(*ring.ready().borrow());
    eventually(|| kids(&ring) == ["both", "inline", "a"]).await;
    assert_eq!(ring.keys().load().completeness(), Completeness::Loading);
    down.answers(|_| ok(&keys(&["late"])));
    eventually(|| kids(&ring) == ["both", "inline", "late", "a"]).await;
    assert_eq!(ring.keys().load().completeness(), Completeness::Complete);
}

#[tokio::test]
async fn a_dropped_ring_asks_no_more() {
    let idp = Idp::start(|_| ok(&keys(&["a"]))).await;
    let ring = start("https://idp/", vec![url_source(&idp.url)]);
    ring.ready().wait_for(|ready| *ready).await.expect("alive");
    let store = Arc::clone(ring.keys());
    drop(ring);
    // Whoever still answers a request may raise the flag; nobody listens.
    store.raise_miss(Some("unknown"), Algorithm::Ed25519);
    tokio::task::yield_now().await;
    let before = idp.requests().len();
    store.raise_miss(Some("unknown"), Algorithm::Ed25519);
    tokio::time::sleep(refresh().every * 3).await;
    assert!(
        idp.requests().len() <= before + 1,
        "at most one was under way"
    );
}

#[test]
fn without_a_network_the_local_sources_count() {
    let inline = String::from_utf8(keys(&["a"])).expect("text");
    let local = |kind| SourceSettings {
        kind,
        refresh: refresh(),
    };
    let inline = local(SourceKind::Inline(inline.into()));
    let secret = |text: &str, encoding| {
        local(SourceKind::Secret {
            source: SecretSource::Value(text.to_owned().into()),
            id: Some("s".into()),
            algorithm: Algorithm::Hs256,
            encoding,
        })
    };
    let good = secret(
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        Encoding::Base64Url,
    );
    let allowed = AlgorithmSet::asymmetric();
    let all = load_static(&[inline.clone(), good], allowed);
    assert!(all.errors.is_empty(), "{:?}", all.errors);
    let store = all.into_store();
    assert_eq!(store.load().completeness(), Completeness::Complete);
    assert_eq!(store.load().keys().len(), 2);
    let broken = [
        secret("too short", Encoding::Raw),
        secret("!", Encoding::Base64),
        local(SourceKind::File("/nowhere/keys.json".into())),
        inline,
        url_source("https://idp.example.com/keys"),
    ];
    let some = load_static(&broken, allowed);
    assert_eq!(
        some.errors
            .iter()
            .map(|(index, _)| *index)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(some.remote, 1);
    let store = some.into_store();
    assert_eq!(store.load().completeness(), Completeness::Loading);
}

#[tokio::test]
async fn a_proxy_is_used_where_one_is_named_and_a_host_without_address_is_a_failure() {
    let proxy = Idp::start(|_| ok(&keys(&["a"]))).await;
    let url = "http://idp.invalid/keys".parse().expect("a URL");
    let fetch = async |proxy| {
        let settings = HttpSettings {
            allow_http: true,
            proxy,
            ..HttpSettings::default()
        };
        let fetcher = Fetcher::new(settings, Duration::from_secs(3));
        fetcher.get(&url, Headers::Configured, None).await
    };
    let answer = fetch(Some(proxy.url.parse().expect("a URL"))).await;
    assert!(answer.is_ok(), "{:?}", answer.err());
    assert!(proxy.requests()[0].starts_with("GET http://idp.invalid/keys "));
    assert!(fetch(None).await.is_err());
}

#[tokio::test]
async fn a_ring_starts_with_the_keys_of_the_one_whose_place_it_takes() {
    let idp = Idp::start(|_| ok(&keys(&["a"]))).await;
    let before = start("https://idp/", vec![url_source(&idp.url)]);
    before
        .ready()
        .wait_for(|ready| *ready)
        .await
        .expect("alive");
    idp.answers(|_| response("500 Oops", &[], b""));
    let mut changed = url_source(&idp.url);
    changed.refresh.every = Duration::from_secs(60);
    let elsewhere = url_source(&format!("{}/elsewhere", idp.url));
    // Whoever gave the keys did not have to show this one.
    let mut pinned = changed.clone();
    if let SourceKind::Url(_, http) = &mut pinned.kind {
        http.spki_sha256 = vec![[0; 32]];
    }
    for (issuer, source, inherited) in [
        ("https://idp/", changed.clone(), true),
        ("https://idp/", pinned, false),
        ("https://other/", changed, false),
        ("https://idp/", elsewhere, false),
    ] {
        let after = before.succeeded_by(plan(issuer, vec![source]), &environment());
        assert_eq!(!kids(&after).is_empty(), inherited, "{issuer}");
        assert_eq!(*after.ready().borrow(), inherited);
    }
}
