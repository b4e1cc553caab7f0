use http::Request;
use http::request::Parts;

use super::{Original, OriginalRequest};
use crate::request::RequestView as _;

/// The asking request, with these headers.
fn asking(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a valid request").into_parts().0
}

/// Method, host and target with spaces between them, or the reason.
fn read(original: Original, headers: &[(&str, &str)]) -> String {
    let mut all = vec![("host", "gate:9192")];
    all.extend_from_slice(headers);
    let asking = asking("/auth?x=1", &all);
    match original.read(&asking) {
        Ok(request) => [request.method(), request.host(), request.target()]
            .map(|part| part.escape_ascii().to_string())
            .join(" "),
        Err(reason) => reason.code().to_owned(),
    }
}

const METHOD: (&str, &str) = ("x-original-method", "GET");
const URI: (&str, &str) = ("x-original-uri", "/a?b");
const URL: (&str, &str) = ("x-original-url", "https://api.example.com:8443/a?b");
const FORWARDED_METHOD: (&str, &str) = ("x-forwarded-method", "GET");
const FORWARDED_URI: (&str, &str) = ("x-forwarded-uri", "/a?b");
const FORWARDED_HOST: (&str, &str) = ("x-forwarded-host", "api.example.com");
const FORWARDED_PROTO: (&str, &str) = ("x-forwarded-proto", "https");

#[test]
fn each_family_describes_the_request() {
    for (headers, expected) in [
        (&[][..], "  "),
        (&[METHOD, URI], "GET gate:9192 /a?b"),
        (&[METHOD, URL], "GET api.example.com:8443 /a?b"),
        (&[METHOD], "GET gate:9192 "),
        (&[URL], " api.example.com:8443 /a?b"),
        (&[METHOD, ("x-original-url", "/a")], "GET gate:9192 /a"),
        (&[METHOD, ("x-original-url", "HTTP://h")], "GET h /"),
        (
            &[
                FORWARDED_METHOD,
                FORWARDED_PROTO,
                FORWARDED_HOST,
                FORWARDED_URI,
            ],
            "GET api.example.com /a?b",
        ),
        (&[FORWARDED_METHOD, FORWARDED_URI], "GET gate:9192 /a?b"),
        (&[FORWARDED_HOST, FORWARDED_PROTO], "  "),
        (&[METHOD, URI, FORWARDED_HOST], "GET gate:9192 /a?b"),
    ] {
        assert_eq!(read(Original::Auto, headers), expected, "{headers:?}");
    }
}

#[test]
fn what_both_families_say_must_agree() {
    let ambiguous = "path_ambiguous";
    for (headers, expected) in [
        (
            &[METHOD, URL, FORWARDED_METHOD, FORWARDED_URI, FORWARDED_HOST][..],
            "GET api.example.com:8443 /a?b",
        ),
        (
            &[METHOD, URI, FORWARDED_METHOD, FORWARDED_URI],
            "GET gate:9192 /a?b",
        ),
        (
            &[METHOD, URI, FORWARDED_METHOD, FORWARDED_URI, FORWARDED_HOST],
            ambiguous,
        ),
        (&[METHOD, URL, FORWARDED_METHOD, FORWARDED_URI], ambiguous),
        (
            &[METHOD, URI, ("x-forwarded-method", "PUT"), FORWARDED_URI],
            ambiguous,
        ),
        (
            &[
                METHOD,
                URI,
                FORWARDED_METHOD,
                ("x-forwarded-uri", "/public"),
            ],
            ambiguous,
        ),
        // Only one family has a method: it may be the client's.
        (&[URI, FORWARDED_METHOD, FORWARDED_URI], ambiguous),
        (&[METHOD, URI, FORWARDED_URI], ambiguous),
        (&[URI, FORWARDED_METHOD], ambiguous),
        // A proxy sends one of the two.
        (&[METHOD, URI, URL], ambiguous),
        (
            &[METHOD, URI, ("x-original-url", "http://GATE./a?b")],
            "GET gate:9192 /a?b",
        ),
        (
            &[METHOD, URI, ("x-original-url", "/a?b")],
            "GET gate:9192 /a?b",
        ),
        (&[METHOD, URI, ("x-original-url", "/c")], ambiguous),
    ] {
        assert_eq!(read(Original::Auto, headers), expected, "{headers:?}");
    }
}

#[test]
fn a_pinned_family_is_the_only_one_that_counts() {
    let forwarded = [
        ("x-forwarded-method", "PUT"),
        ("x-forwarded-uri", "/c"),
        FORWARDED_HOST,
    ];
    let both = [&[METHOD, URI][..], &forwarded].concat();
    assert_eq!(read(Original::XOriginal, &both), "GET gate:9192 /a?b");
    assert_eq!(read(Original::XForwarded, &both), "PUT api.example.com /c");
    for (pinned, other) in [
        (Original::XOriginal, &forwarded[..]),
        (Original::XOriginal, &[]),
        (Original::XForwarded, &[METHOD, URI]),
        (Original::XForwarded, &[FORWARDED_HOST, FORWARDED_PROTO]),
    ] {
        assert_eq!(read(pinned, other), "path_ambiguous", "{other:?}");
    }
}

#[test]
fn a_header_that_repeats_or_reads_in_two_ways_is_ambiguous() {
    for name in ["x-original-method", "x-original-uri", "x-original-url"] {
        let headers = [METHOD, URI, (name, "/a?b"), (name, "/a?b")];
        assert_eq!(read(Original::Auto, &headers), "path_ambiguous", "{name}");
    }
    for repeated in [
        FORWARDED_METHOD,
        FORWARDED_URI,
        FORWARDED_HOST,
        FORWARDED_PROTO,
    ] {
        let headers = [FORWARDED_METHOD, FORWARDED_URI, repeated, repeated];
        assert_eq!(
            read(Original::Auto, &headers),
            "path_ambiguous",
            "{repeated:?}"
        );
    }
    for headers in [
        [METHOD, ("x-original-uri", "a")],
        [METHOD, ("x-original-uri", "https://h/a")],
        [METHOD, ("x-original-url", "ftp://h/a")],
        [METHOD, ("x-original-url", "https://u@h/a")],
        [METHOD, ("x-original-url", "https://h?a")],
        [METHOD, ("x-original-url", "https://h\\g/a")],
        [METHOD, ("x-original-url", "https:///a")],
        [URI, ("x-original-method", "GET,PUT")],
        [FORWARDED_URI, ("x-forwarded-host", "a, b")],
        [URI, ("host", "other")],
    ] {
        assert_eq!(
            read(Original::Auto, &headers),
            "path_ambiguous",
            "{headers:?}"
        );
    }
}

#[test]
fn behind_the_prefix_stands_the_request_itself() {
    let headers = [("host", "api.example.com"), METHOD, URI, FORWARDED_HOST];
    for (uri, expected) in [
        ("/envoy/", Some("/")),
        ("/envoy/a//b?c=%2F", Some("/a//b?c=%2F")),
        ("/envoy//envoy/a", Some("//envoy/a")),
        ("/envoy", None),
        ("/envoy?x", None),
        ("/envoyer/a", None),
        ("/a", None),
    ] {
        let asking = asking(uri, &headers);
        let itself = OriginalRequest::itself(&asking, "/envoy");
        let target = itself.map(|request| {
            let request = request.expect("one host");
            assert_eq!(request.method(), b"POST");
            assert_eq!(request.host(), b"api.example.com");
            String::from_utf8_lossy(request.target()).into_owned()
        });
        assert_eq!(target.as_deref(), expected, "{uri}");
    }
    let asking = asking("http://other/envoy/a", &headers);
    let itself = OriginalRequest::itself(&asking, "/envoy").expect("behind the prefix");
    assert!(itself.is_err(), "two hosts");
}
