//! The borrowed view of a `CheckRequest` beside the generated decoder.

use std::collections::HashMap;

use jotgate::grpc::proto::envoy::service::auth::v3::CheckRequest;
use jotgate::grpc::wire::CheckView;
use jotgate::request::RequestView;
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

pub fn run(data: &[u8]) {
    let Ok(view) = CheckView::parse(data) else {
        return;
    };
    let mut headers = Vec::new();
    view.for_each_header(&mut |name, value| headers.push((name.to_vec(), value.to_vec())));
    let _ = (view.rule(), view.is_grpc());
    // prost reads such a field as an entry of the map all the same; for the view it is an unknown
    // field, as it is for Envoy.
    if has_map_of_another_type(data, &LEVELS) {
        return;
    }
    // The view does not ask for UTF-8, nor for the right type of a field that it skips.
    let Ok(decoded) = CheckRequest::decode(data) else {
        return;
    };
    let attributes = decoded.attributes.unwrap_or_default();
    let http = attributes
        .request
        .and_then(|request| request.http)
        .unwrap_or_default();
    assert_eq!(view.method(), http.method.as_bytes());
    assert_eq!(view.target(), http.path.as_bytes());
    assert_eq!(view.host(), http.host.as_bytes());
    assert_eq!(view.scheme(), http.scheme.as_bytes());
    let rule = attributes.context_extensions.get("jotgate.rule");
    if rule.is_none_or(|rule| !rule.is_empty()) {
        assert_eq!(view.rule(), rule.map(String::as_str));
    }

    let mut seen: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
    for (name, value) in &headers {
        seen.entry(name).or_default().push(value);
    }
    let raw = http.header_map.unwrap_or_default().headers;
    let raw = raw.iter().map(|header| {
        let is_text = header.raw_value.is_empty();
        let value = if is_text {
            header.value.as_bytes()
        } else {
            &header.raw_value
        };
        (header.key.as_bytes(), value)
    });
    let texts = http.headers.iter();
    let wanted: Vec<_> = texts
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .chain(raw)
        .collect();
    // The view also sees what a later entry of a map replaces: never less.
    for (name, value) in &wanted {
        // Nor does it know that an entry of a map has no third field: what stands there counts
        // where there is no value.
        let is_seen = |values: &Vec<&[u8]>| value.is_empty() || values.contains(value);
        assert!(seen.get(name).is_some_and(is_seen), "a header is not seen");
    }
    assert!(headers.len() >= wanted.len());
}

/// From the message to its request: where the next level is, and where a map.
const LEVELS: [(u32, Option<u32>); 4] = [(1, None), (4, Some(10)), (2, None), (0, Some(3))];

fn has_map_of_another_type(mut message: &[u8], levels: &[(u32, Option<u32>)]) -> bool {
    let Some(((next, map), deeper)) = levels.split_first() else {
        return false;
    };
    while let Ok((field, kind)) = decode_key(&mut message) {
        let is_delimited = kind == WireType::LengthDelimited;
        if Some(field) == *map && !is_delimited {
            return true;
        }
        if field == *next && is_delimited {
            let length = decode_varint(&mut message).unwrap_or(u64::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some((inner, rest)) = message.split_at_checked(length) else {
                return false;
            };
            if has_map_of_another_type(inner, deeper) {
                return true;
            }
            message = rest;
        } else if skip_field(kind, field, &mut message, DecodeContext::default()).is_err() {
            return false;
        }
    }
    false
}
