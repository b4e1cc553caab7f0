//! What is no pattern, and what is said about it.

use std::fmt::Display;
use std::str::FromStr;

use crate::limits::{HOST_BYTES, PATTERN_SEGMENTS};
use crate::matching::{HostError, HostPattern, MethodError, MethodPattern, PathError, PathPattern};

fn refused<T: FromStr>(text: &str) -> T::Err
where
    T::Err: Display,
{
    let Err(error) = text.parse::<T>() else {
        panic!("{text} is taken");
    };
    let sentence = error.to_string();
    let has_remedy = [": write", ": remove", ": end it", "as in", "("];
    assert!(
        has_remedy.iter().any(|words| sentence.contains(words)),
        "{sentence}"
    );
    error
}

#[test]
fn a_path_pattern_that_matches_no_request_is_refused() {
    let deep = "/a".repeat(PATTERN_SEGMENTS + 1);
    for (text, error) in [
        ("", PathError::NoLeadingSlash),
        ("a", PathError::NoLeadingSlash),
        ("**", PathError::NoLeadingSlash),
        ("*", PathError::NoLeadingSlash),
        ("https://a/b", PathError::NoLeadingSlash),
        ("/**/a", PathError::StarsNotLast),
        ("/a/**/", PathError::StarsNotLast),
        ("/a/**/**", PathError::StarsNotLast),
        ("/{}", PathError::NoName),
        ("//", PathError::EmptySegment),
        ("//a", PathError::EmptySegment),
        ("/a//b", PathError::EmptySegment),
        ("/a//", PathError::EmptySegment),
        ("//**", PathError::EmptySegment),
        ("/a//**", PathError::EmptySegment),
        ("/.", PathError::DotSegment),
        ("/a/../b", PathError::DotSegment),
        ("/a/%2E%2e", PathError::DotSegment),
        ("/a?b", PathError::Query),
        ("/a#b", PathError::Query),
        ("/a;b", PathError::Parameters),
        ("/a%3Bb", PathError::Parameters),
        ("/..;/a", PathError::Ambiguous),
        ("/a%2Fb", PathError::Ambiguous),
        ("/a%5cb", PathError::Ambiguous),
        ("/a\\b", PathError::Ambiguous),
        ("/a b", PathError::Ambiguous),
        ("/a%00", PathError::Ambiguous),
        ("/a%", PathError::Ambiguous),
        ("/100%", PathError::Ambiguous),
        ("/a%252e", PathError::Ambiguous),
        (&deep, PathError::TooLong),
    ] {
        assert_eq!(refused::<PathPattern>(text), error, "{text}");
    }
    assert!(deep[2..].parse::<PathPattern>().is_ok());
}

#[test]
fn a_host_pattern_that_matches_no_request_is_refused() {
    let long = "a".repeat(HOST_BYTES + 1);
    for (text, error) in [
        ("", HostError::Malformed),
        (".", HostError::Malformed),
        ("*.", HostError::Malformed),
        ("*..", HostError::Malformed),
        ("a..b", HostError::Malformed),
        (".example.org", HostError::Malformed),
        ("a b", HostError::Malformed),
        ("a,b", HostError::Malformed),
        ("user@a", HostError::Malformed),
        ("a:x", HostError::Malformed),
        ("[::1", HostError::Malformed),
        ("*", HostError::Everything),
        ("*.*", HostError::Star),
        ("a.*.org", HostError::Star),
        ("*a.org", HostError::Star),
        ("**.org", HostError::Star),
        ("*.[::1]", HostError::Star),
        ("https://a.example", HostError::Url),
        ("a.example/b", HostError::Url),
        ("a.example:80", HostError::Port),
        ("*.a.example:80", HostError::Port),
        ("[::1]:80", HostError::Port),
        ("::1", HostError::Brackets),
        ("bücher.example", HostError::NotAscii),
        (&long, HostError::TooLong),
    ] {
        assert_eq!(refused::<HostPattern>(text), error, "{text}");
    }
}

#[test]
fn a_method_that_no_client_sends_is_refused() {
    let upper = |text: &str| MethodError::LowerCase(text.to_owned());
    for (text, error) in [
        ("get", upper("GET")),
        ("Post", upper("POST")),
        ("", MethodError::NoToken),
        ("GET POST", MethodError::NoToken),
        ("GET,POST", MethodError::NoToken),
        ("*", MethodError::Everything),
    ] {
        assert_eq!(refused::<MethodPattern>(text), error, "{text}");
    }
}

#[test]
fn a_pattern_is_shown_as_it_is_meant() {
    for text in ["/", "/a/%C3%A9/{id}/**", "/a/"] {
        let pattern: PathPattern = text.parse().expect("a pattern");
        assert_eq!(pattern.to_string(), text);
    }
    for (text, shown) in [
        ("API.example.com.", "api.example.com"),
        ("*.Example.org", "*.example.org"),
        ("[::1]", "[::1]"),
    ] {
        let pattern: HostPattern = text.parse().expect("a pattern");
        assert_eq!(pattern.to_string(), shown);
    }
    let method: MethodPattern = "PURGE".parse().expect("a method");
    assert_eq!(method.to_string(), "PURGE");
}
