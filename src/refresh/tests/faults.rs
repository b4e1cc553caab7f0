//! A server that does what identity providers should not.

use super::*;

#[tokio::test]
async fn every_fault_keeps_the_last_good_set_and_is_told() {
    let elsewhere = Idp::start(|_| ok(&keys(&["evil"]))).await;
    let redirect = format!("location: {}/keys", elsewhere.url);
    let long = vec![b' '; 2 << 20];
    let bomb = include_bytes!("samples/zeros_200000.gz");
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
    let idp =
        Idp::start(move |_| response("200 OK", &[gzip], include_bytes!("samples/zeros_200000.gz")))
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
    idp.answers(move |_| response("200 OK", &[gzip], include_bytes!("samples/set.json.gz")));
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
