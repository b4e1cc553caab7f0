//! Whole rings against a real HTTP server that does what identity providers should not.

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

fn start(issuer: &str, sources: Vec<SourceSettings>) -> KeyRing {
    let plan = KeyPlan {
        name: "corp".into(),
        issuer: issuer.into(),
        algorithms: AlgorithmSet::asymmetric(),
        sources,
    };
    let environment = Environment {
        clock: Arc::new(SystemClock),
        observer: Arc::new(Unobserved),
        state_dir: None,
    };
    spawn(plan, &environment)
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
async fn every_fault_keeps_the_last_good_set_and_is_told() {
    let elsewhere = Idp::start(|_| ok(&keys(&["evil"]))).await;
    let redirect = format!("location: {}/keys", elsewhere.url);
    let long = vec![b' '; 2 << 20];
    let bomb = include_bytes!("tests/samples/zeros_200000.gz");
    for (fault, told) in [
        (
            response("500 Internal Server Error", &[], b"oops"),
            "answered 500",
        ),
        (response("204 No Content", &[], b""), "answered 204"),
        (response("304 Not Modified", &[], b""), "answered 304"),
        (
            response("302 Found", &[&redirect], b""),
            "redirected to another host",
        ),
        (
            response("302 Found", &["location: file:///etc/passwd"], b""),
            "answered 302",
        ),
        (ok(b""), "not a JSON Web Key Set"),
        (ok(b"<html>maintenance</html>"), "not a JSON Web Key Set"),
        (ok(br#"{"keys":[]}"#), "no usable key"),
        (ok(&long), "longer than"),
        (
            response("200 OK", &["content-encoding: gzip"], bomb),
            "not a JSON Web Key Set",
        ),
        (
            response("200 OK", &["content-encoding: gzip"], b"no gzip"),
            "error",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{".to_vec(),
            "error",
        ),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), "error"),
        (Vec::new(), "error"),
    ] {
        let idp = Idp::start(|_| ok(&keys(&["good"]))).await;
        let ring = start("https://idp/", vec![url_source(&idp.url)]);
        ring.ready().wait_for(|ready| *ready).await.expect("alive");
        let generation = ring.keys().load().generation();
        idp.answers(move |_| fault.clone());
        let error = || ring.status().sources[0].last_error.clone();
        eventually(|| error().is_some()).await;
        let error = error().expect("just seen");
        assert!(error.contains(told), "{told}: {error}");
        assert_eq!(kids(&ring), ["good"]);
        assert_eq!(ring.keys().load().generation(), generation);
    }
    assert_eq!(
        elsewhere.requests(),
        [""; 0],
        "nobody went where a redirect pointed"
    );
}

#[tokio::test]
async fn a_server_that_never_ends_its_answer_is_left_alone_in_time() {
    let settings = HttpSettings::default();
    for answer in [
        HANG.to_vec(),
        [b"HTTP/1.1 200 OK\r\n", HANG].concat(),
        [
            b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"keys\":[",
            HANG,
        ]
        .concat(),
    ] {
        let idp = Idp::start(move |_| answer.clone()).await;
        let fetcher = Fetcher::new(settings.clone(), Duration::from_millis(300));
        let url = idp.url.parse().expect("a URL");
        let error = fetcher.get(&url, Headers::Configured, None).await;
        let error = error.expect_err("it never ends").to_string();
        assert!(
            error.contains("timed out") || error.contains("error"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_size_bound_holds_for_what_comes_out_of_gzip() {
    let gzip = "content-encoding: gzip";
    let idp = Idp::start(move |_| {
        response(
            "200 OK",
            &[gzip],
            include_bytes!("tests/samples/zeros_200000.gz"),
        )
    })
    .await;
    let fetch = async |max_bytes| {
        let settings = HttpSettings {
            max_bytes,
            ..HttpSettings::default()
        };
        let url = idp.url.parse().expect("a URL");
        let fetcher = Fetcher::new(settings, Duration::from_secs(5));
        fetcher.get(&url, Headers::Configured, None).await
    };
    for too_little in [1, 1000, 199_999] {
        let result = fetch(too_little).await;
        assert!(
            matches!(result, Err(SourceError::TooLarge(_))),
            "{too_little}"
        );
    }
    let answer = fetch(200_000).await.expect("within bounds");
    assert!(matches!(answer.body, Body::Json { json, .. } if json.len() == 200_000));
    idp.answers(move |_| {
        response(
            "200 OK",
            &[gzip],
            include_bytes!("tests/samples/set.json.gz"),
        )
    });
    let ring = start("https://idp/", vec![url_source(&idp.url)]);
    eventually(|| kids(&ring) == ["zipped"]).await;
}

#[tokio::test]
async fn an_answer_of_any_length_is_read_no_further_than_the_bound() {
    // No content-length: only counting helps.
    let endless = [
        b"HTTP/1.1 200 OK\r\n\r\n".as_slice(),
        &vec![b' '; 1 << 20],
        HANG,
    ]
    .concat();
    let idp = Idp::start(move |_| endless.clone()).await;
    let settings = HttpSettings {
        max_bytes: 4096,
        ..HttpSettings::default()
    };
    let fetcher = Fetcher::new(settings, Duration::from_secs(10));
    let url = idp.url.parse().expect("a URL");
    let result = fetcher.get(&url, Headers::Configured, None).await;
    assert!(matches!(result, Err(SourceError::TooLarge(4096))));
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

/// A metadata document, and keys at `/keys`.
fn discovery(issuer: &str, jwks_uri: &str) -> impl Fn(&str) -> Vec<u8> + Send + Sync + use<> {
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#);
    move |request| match path(request) {
        "/realm/.well-known/openid-configuration" => ok(metadata.as_bytes()),
        "/keys" => ok(&keys(&["found"])),
        _ => response("404 Not Found", &[], b""),
    }
}

fn discovery_source() -> SourceSettings {
    SourceSettings {
        kind: SourceKind::Discovery(HttpSettings::default()),
        refresh: refresh(),
    }
}

#[tokio::test]
async fn discovery_finds_the_keys_and_finds_them_again_after_they_moved() {
    let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
    let issuer = format!("{}/realm", idp.url);
    let ring = start(&issuer, vec![discovery_source()]);
    eventually(|| ring.status().sources[0].last_error.is_some()).await;
    idp.answers(discovery(&issuer, &format!("{}/keys", idp.url)));
    eventually(|| kids(&ring) == ["found"]).await;
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}/moved"}}"#, idp.url);
    idp.answers(move |request| match path(request) {
        "/realm/.well-known/openid-configuration" => ok(metadata.as_bytes()),
        "/moved" => ok(&keys(&["moved"])),
        _ => response("404 Not Found", &[], b""),
    });
    eventually(|| kids(&ring) == ["moved"]).await;
}

#[tokio::test]
async fn discovery_falls_back_to_rfc_8414_where_there_is_no_openid_document() {
    let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
    let issuer = format!("{}/realm", idp.url);
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}/keys"}}"#, idp.url);
    idp.answers(move |request| match path(request) {
        "/.well-known/oauth-authorization-server/realm" => ok(metadata.as_bytes()),
        "/keys" => ok(&keys(&["oauth"])),
        _ => response("404 Not Found", &[], b""),
    });
    let ring = start(&issuer, vec![discovery_source()]);
    eventually(|| kids(&ring) == ["oauth"]).await;
}

#[tokio::test]
async fn metadata_of_another_issuer_or_with_unsafe_keys_is_refused() {
    for (issuer, jwks_uri, told) in [
        ("https://evil.example.com", "SELF/keys", "of another issuer"),
        ("SELF/realm/", "SELF/keys", "of another issuer"),
        (
            "SELF/realm",
            "http://idp.example.com/keys",
            "plain http is refused",
        ),
        (
            "SELF/realm",
            "file:///etc/passwd",
            "not an http or https address",
        ),
        ("SELF/realm", "keys", "not a metadata document"),
    ] {
        let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
        let own = |text: &str| text.replace("SELF", &idp.url);
        idp.answers(discovery(&own(issuer), &own(jwks_uri)));
        let ring = start(&own("SELF/realm"), vec![discovery_source()]);
        let error = || ring.status().sources[0].last_error.clone();
        eventually(|| error().is_some_and(|error| error.contains(told))).await;
        assert_eq!(kids(&ring), [""; 0]);
        assert!(
            !idp.requests()
                .iter()
                .any(|request| path(request) == "/keys")
        );
    }
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
        ring.keys().raise_miss();
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
    store.raise_miss();
    tokio::task::yield_now().await;
    let before = idp.requests().len();
    store.raise_miss();
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
