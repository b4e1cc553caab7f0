//! Which host a request is for.

use super::{Asked, hosts};
use crate::matching::{Match, MatchIndex};
use crate::reason::Reason;

#[test]
fn a_host_meets_the_patterns_that_the_contract_says() {
    let long = format!("{}.example.org", "a.".repeat(200) + "b");
    let longest = format!("{}example.org", "a.".repeat(121));
    for (pattern, met, unmet) in [
        (
            "api.example.com",
            &[
                "api.example.com",
                "API.Example.COM",
                "api.example.com:8080",
                "api.example.com.",
            ][..],
            &[
                "",
                "example.com",
                "x.api.example.com",
                "api.example.co",
                "api.example.comx",
            ][..],
        ),
        (
            "API.Example.COM.",
            &["api.example.com", "api.example.com.:443"],
            &["api.example"],
        ),
        (
            "*.example.org",
            &[
                "a.example.org",
                "a.b.Example.ORG:1",
                "a.example.org.",
                &long,
                &longest,
            ],
            &[
                "",
                "example.org",
                "example.org.",
                "aexample.org",
                "a.example.org.evil",
            ],
        ),
        ("[::1]", &["[::1]", "[::1]:80"], &["[::2]", "[::1:80]"]),
        ("[2001:DB8::1]", &["[2001:db8::1]:443"], &["[2001:db8::2]"]),
        ("127.0.0.1", &["127.0.0.1", "127.0.0.1:9"], &["127.0.0.2"]),
        ("*.com", &["a.com", "b.a.com"], &["com"]),
        (&longest, &[&longest], &[&long]),
    ] {
        let index = MatchIndex::new([hosts(&[pattern])]);
        for host in met {
            assert_eq!(
                Asked::host(host).find(&index),
                Ok(Some(0)),
                "{pattern} {host}"
            );
        }
        for host in unmet {
            assert_eq!(Asked::host(host).find(&index), Ok(None), "{pattern} {host}");
        }
    }
}

#[test]
fn a_host_that_can_be_read_in_two_ways_is_refused_where_rules_ask_for_hosts() {
    let with_hosts = MatchIndex::new([hosts(&["a.example"]), Match::default()]);
    let without = MatchIndex::new([Match::default()]);
    for host in [
        "a.example,b.example",
        "user@a.example",
        "a.example/b",
        "a.example?b",
        "a.example#b",
        "a.example\\b",
        "a.example b",
        " a.example",
        "a.example\0",
        "a.example:http",
        "a.example:80:80",
        "a..example",
        ".example",
        "a.example..",
        ".",
        ":80",
        "::1",
        "[::1",
        "[]",
        "[::1]x",
        "a%2eexample",
    ] {
        let asked = Asked::host(host);
        assert_eq!(
            asked.find(&with_hosts),
            Err(Reason::PathAmbiguous),
            "{host}"
        );
        assert_eq!(asked.find(&without), Ok(Some(0)), "{host}");
    }
}
