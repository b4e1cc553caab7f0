use std::collections::HashMap;

use proptest::prelude::*;
use prost::Message;

use super::{CheckView, Malformed};
use crate::grpc::proto::envoy::config::core::v3::{HeaderMap, HeaderValue};
use crate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use crate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use crate::request::RequestView;

fn request(http: HttpRequest, extensions: HashMap<String, String>) -> CheckRequest {
    CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Request { http: Some(http) }),
            context_extensions: extensions,
        }),
    }
}

fn headers(view: &CheckView<'_>) -> Vec<(String, Vec<u8>)> {
    let mut headers = Vec::new();
    view.for_each_header(&mut |name, value| {
        headers.push((String::from_utf8_lossy(name).into_owned(), value.to_vec()));
    });
    headers.sort();
    headers
}

#[test]
fn an_empty_message_is_a_request_of_which_nothing_is_known() {
    let view = CheckView::parse(&[]).expect("readable");
    assert!(view.method().is_empty() && view.target().is_empty() && view.rule().is_none());
}

#[test]
fn raw_headers_are_read_byte_for_byte() {
    let header = |key: &str, value: &str, raw: &[u8]| HeaderValue {
        key: key.into(),
        value: value.into(),
        raw_value: raw.to_vec(),
    };
    let map = HeaderMap {
        headers: vec![header("a", "", b"\xff"), header("a", "text", b"")],
    };
    let http = HttpRequest {
        header_map: Some(map),
        ..HttpRequest::default()
    };
    let bytes = request(http, HashMap::new()).encode_to_vec();
    let view = CheckView::parse(&bytes).expect("readable");
    assert_eq!(
        headers(&view),
        [
            ("a".into(), b"text".to_vec()),
            ("a".into(), b"\xff".to_vec())
        ]
    );
}

#[test]
fn a_message_that_occurs_twice_is_refused() {
    let once = request(HttpRequest::default(), HashMap::new()).encode_to_vec();
    assert!(CheckView::parse(&once).is_ok());
    assert_eq!(
        CheckView::parse(&[once.clone(), once].concat()).err(),
        Some(Malformed)
    );
}

#[test]
fn a_header_with_two_values_is_refused() {
    let header = HeaderValue {
        key: "a".into(),
        value: "text".into(),
        raw_value: b"bytes".to_vec(),
    };
    let map = HeaderMap {
        headers: vec![header],
    };
    let http = HttpRequest {
        header_map: Some(map),
        ..HttpRequest::default()
    };
    let bytes = request(http, HashMap::new()).encode_to_vec();
    assert_eq!(CheckView::parse(&bytes).err(), Some(Malformed));
}

#[test]
fn truncated_lengths_and_unknown_wire_types_are_refused() {
    for bytes in [
        &[0x0a][..],
        &[0x0a, 5, 1],
        &[0x0b],
        &[0x0e],
        &[0xff; 11],
        &[0x00],
        &[0x09, 1],
    ] {
        assert_eq!(CheckView::parse(bytes).err(), Some(Malformed), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn sees_what_the_generated_decoder_sees(
        method in "[A-Z]{0,8}",
        path in "\\PC{0,40}",
        host in "[a-z.:0-9]{0,20}",
        map in proptest::collection::hash_map("[a-z-]{1,12}", "\\PC{0,40}", 0..48),
        rule in proptest::option::of("[a-z]{1,8}"),
    ) {
        let http = HttpRequest {
            id: "id".into(),
            method,
            headers: map,
            path,
            host,
            scheme: "https".into(),
            protocol: "HTTP/2".into(),
            header_map: None,
        };
        let extensions: HashMap<_, _> =
            rule.iter().map(|rule| ("jotgate.rule".to_owned(), rule.clone())).collect();
        let bytes = request(http, extensions).encode_to_vec();
        let decoded = CheckRequest::decode(&bytes[..]).expect("encoded above");
        let http = decoded.attributes.and_then(|a| a.request).and_then(|r| r.http).expect("http");
        let view = CheckView::parse(&bytes).expect("encoded above");
        prop_assert_eq!(view.method(), http.method.as_bytes());
        prop_assert_eq!(view.target(), http.path.as_bytes());
        prop_assert_eq!(view.host(), http.host.as_bytes());
        prop_assert_eq!(view.rule(), rule.as_deref());
        let mut expected: Vec<_> =
            http.headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        expected.sort();
        prop_assert_eq!(headers(&view), expected);
    }

    #[test]
    fn what_it_accepts_the_generated_decoder_accepts_but_for_text(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(view) = CheckView::parse(&bytes) {
            view.for_each_header(&mut |_, _| ());
        }
    }
}
