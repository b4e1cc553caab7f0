use http::{HeaderName, HeaderValue, header};
use proptest::prelude::*;

use super::{CredentialSource, Credentials, OnMultiple};
use crate::reason::Reason;
use crate::request::RequestView;

struct Asked<'a> {
    target: &'a [u8],
    headers: &'a [(&'a [u8], &'a [u8])],
}

impl<'a> RequestView<'a> for Asked<'a> {
    fn method(&self) -> &'a [u8] {
        b"GET"
    }

    fn scheme(&self) -> &'a [u8] {
        b""
    }

    fn host(&self) -> &'a [u8] {
        b""
    }

    fn target(&self) -> &'a [u8] {
        self.target
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in self.headers {
            visit(name, value);
        }
    }
}

/// Every kind of place, in this order: bearer, plain header, cookie, query.
fn everywhere(on_multiple: OnMultiple) -> Credentials {
    let bearer = Credentials::default().sources[0].clone();
    let plain = CredentialSource::Header {
        name: HeaderName::from_static("x-token"),
        scheme: None,
    };
    let cookie = CredentialSource::Cookie("access_token".into());
    let query = CredentialSource::Query("access_token".into());
    Credentials {
        sources: Box::new([bearer, plain, cookie, query]),
        on_multiple,
    }
}

fn find(credentials: &Credentials, target: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let asked = Asked {
        target: target.as_bytes(),
        headers: &headers,
    };
    match credentials.find(&asked) {
        Ok(found) => format!("{}@{}", found.token.escape_ascii(), found.source),
        Err(reason) => reason.code().to_owned(),
    }
}

#[test]
fn an_authorization_header_holds_one_scheme_and_one_token() {
    for (value, expected) in [
        ("Bearer a.b.c", "a.b.c@0"),
        ("bearer a.b.c", "a.b.c@0"),
        ("BEARER   a.b.c", "a.b.c@0"),
        ("  Bearer a.b.c  ", "a.b.c@0"),
        ("", "token_missing"),
        ("Basic dXNlcjpwdw==", "token_missing"),
        ("Bearerx a.b.c", "token_missing"),
        ("Bearer-2 a.b.c", "token_missing"),
        ("a.b.c", "token_missing"),
        ("Digest username=\"a\", realm=\"b\"", "token_missing"),
        ("Bearer", "token_malformed"),
        ("Bearer ", "token_malformed"),
        ("Bearer\ta.b.c", "token_malformed"),
        ("Bearer \ta.b.c", "token_malformed"),
        ("Bearer=a.b.c", "token_malformed"),
        ("Bearer \"a.b.c\"", "token_malformed"),
        ("Bearer a.b.c d.e.f", "token_malformed"),
        ("Bearer a.b.c,", "token_ambiguous"),
        ("Bearer,Bearer a.b.c", "token_ambiguous"),
        ("Bearer a.b.c,Bearer d.e.f", "token_ambiguous"),
        ("Bearer a.b.c, Bearer a.b.c", "token_ambiguous"),
        ("Basic dXNlcjpwdw==,Bearer a.b.c", "token_ambiguous"),
        ("Basic dXNlcjpwdw==, bearer", "token_ambiguous"),
        ("\u{a0}Bearer a.b.c", "token_malformed"),
        ("\u{b}Bearer a.b.c", "token_malformed"),
        ("\"Bearer a.b.c", "token_malformed"),
        (",Bearer a.b.c", "token_ambiguous"),
    ] {
        let credentials = Credentials::default();
        assert_eq!(
            find(&credentials, "/", &[("Authorization", value)]),
            expected,
            "{value}"
        );
    }
}

#[test]
fn two_lines_of_a_credential_header_are_ambiguous_whatever_they_say() {
    for (first, second) in [
        ("Bearer a", "Bearer b"),
        ("Bearer a", "Bearer a"),
        ("Basic a", "Bearer a"),
        ("Bearer a", "Basic a"),
        ("Bearer a", ""),
    ] {
        let headers = [("authorization", first), ("AUTHORIZATION", second)];
        let found = find(&Credentials::default(), "/", &headers);
        assert_eq!(found, "token_ambiguous", "{first} {second}");
    }
}

#[test]
fn what_is_the_same_header_to_some_upstreams_is_ambiguous_and_stripped() {
    for (twin, expected) in [
        ("x_token", "token_ambiguous"),
        ("X.Token", "token_ambiguous"),
        ("x-token-", "a@1"),
        ("xatoken", "a@1"),
    ] {
        for on_multiple in [OnMultiple::Reject, OnMultiple::First] {
            let headers = [("x-token", "a"), (twin, "a")];
            for headers in [headers, [headers[1], headers[0]]] {
                let found = find(&everywhere(on_multiple), "/", &headers);
                assert_eq!(found, expected, "{headers:?}");
            }
        }
        let headers: &[(&[u8], &[u8])] = &[(twin.as_bytes(), b"b")];
        let target = b"/";
        let stripped = everywhere(OnMultiple::Reject).strip(&Asked { target, headers });
        let is_stripped = expected == "token_ambiguous";
        assert_eq!(stripped.headers.len(), usize::from(is_stripped), "{twin}");
    }
}

#[test]
fn both_spellings_of_a_header_may_be_looked_at() {
    let header = |name| CredentialSource::Header {
        name: HeaderName::from_static(name),
        scheme: None,
    };
    let both = Credentials {
        sources: Box::new([header("x-token"), header("x_token")]),
        on_multiple: OnMultiple::Reject,
    };
    for (headers, expected) in [
        (&[("x-token", "a")][..], "a@0"),
        (&[("x_token", "a")], "a@1"),
        (&[("x-token", "a"), ("x_token", "a")], "a@0"),
        (&[("x-token", "a"), ("x_token", "b")], "token_ambiguous"),
        (&[("x-token", "a"), ("x.token", "a")], "token_ambiguous"),
    ] {
        assert_eq!(find(&both, "/", headers), expected, "{headers:?}");
    }
}

#[test]
fn a_header_without_scheme_is_the_token() {
    for (value, expected) in [
        ("a.b.c", "a.b.c@1"),
        ("", "token_missing"),
        ("Bearer a.b.c", "token_malformed"),
        ("a,b", "token_ambiguous"),
    ] {
        let found = find(&everywhere(OnMultiple::Reject), "/", &[("x-token", value)]);
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn a_cookie_has_the_exact_name_and_one_value() {
    for (lines, expected) in [
        (&["access_token=a.b.c"][..], "a.b.c@2"),
        (&["x=1; access_token=a.b.c; y=2"], "a.b.c@2"),
        (&["x=1;access_token=a.b.c"], "a.b.c@2"),
        (&["x=1", "access_token=a.b.c"], "a.b.c@2"),
        (&["access_token=a; access_token=a"], "a@2"),
        (&["Access_Token=a"], "token_missing"),
        (
            &["xaccess_token=a; access_token2=b; access_token"],
            "token_missing",
        ),
        (&["access_token="], "token_missing"),
        (&["access_token=\"a\""], "token_malformed"),
        (&["access_token=a b"], "token_malformed"),
        (&["access_token=a; access_token=b"], "token_ambiguous"),
        (&["access_token=a; access_token =b"], "token_ambiguous"),
        (&["access_token=a", "access_token=b"], "token_ambiguous"),
        (&["access_token=a,access_token=b"], "token_ambiguous"),
        (&["x=1,access_token=b"], "token_ambiguous"),
        (&["x=1, access_token = b"], "token_ambiguous"),
        (&["x=1,access_token2=b"], "token_missing"),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| ("Cookie", *line)).collect();
        let found = find(&everywhere(OnMultiple::Reject), "/", &headers);
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn a_query_parameter_is_seen_however_its_name_is_spelled() {
    for (target, expected) in [
        ("/?access_token=a.b.c", "a.b.c@3"),
        ("/?x=1&access_token=a.b.c&y", "a.b.c@3"),
        ("/?access%5Ftoken=a.b.c", "a.b.c@3"),
        ("/?%61ccess_token=a#access_token=b", "a@3"),
        ("/?access_token=a&access_token=a", "a@3"),
        ("/access_token=a", "token_missing"),
        ("/#?access_token=a", "token_missing"),
        ("/?access_token", "token_missing"),
        ("/?access_token=", "token_missing"),
        ("/?access_token=a&access_token=b", "token_ambiguous"),
        ("/?access_token=a&access%5ftoken=b", "token_ambiguous"),
        ("/?x=1;access_token=a", "token_ambiguous"),
        ("/?access_token=a;x=1", "token_ambiguous"),
        ("/?access_token=a,b", "token_ambiguous"),
    ] {
        let found = find(&everywhere(OnMultiple::Reject), target, &[]);
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn different_tokens_in_different_places_are_refused_or_the_first_place_wins() {
    let same = [("cookie", "access_token=a"), ("authorization", "Bearer a")];
    let different = [("cookie", "access_token=b"), ("authorization", "Bearer a")];
    let broken = [("cookie", "access_token=b"), ("authorization", "Bearer")];
    let broken_later = [("cookie", "access_token=b c"), ("x-token", "a")];
    for (headers, rejecting, first) in [
        (same, "a@0", "a@0"),
        (different, "token_ambiguous", "a@0"),
        (broken, "token_ambiguous", "token_malformed"),
        (broken_later, "token_ambiguous", "a@1"),
    ] {
        // The client chooses the order of the lines; it makes no difference.
        for headers in [headers, [headers[1], headers[0]]] {
            let found = find(&everywhere(OnMultiple::Reject), "/", &headers);
            assert_eq!(found, rejecting, "{headers:?}");
            let found = find(&everywhere(OnMultiple::First), "/", &headers);
            assert_eq!(found, first, "{headers:?}");
        }
    }
    let twice = [("cookie", "access_token=a; access_token=b")];
    let found = find(&everywhere(OnMultiple::First), "/?access_token=c", &twice);
    assert_eq!(found, "token_ambiguous");
}

#[test]
fn debug_output_has_no_token() {
    let asked = Asked {
        target: b"/?access_token=secret",
        headers: &[],
    };
    let credentials = everywhere(OnMultiple::Reject);
    let found = credentials.find(&asked).expect("the token is there");
    assert!(!format!("{found:?}").contains("secret"));
    let headers: &[(&[u8], &[u8])] = &[(b"cookie", b"access_token=x; sid=secret")];
    let target = b"/";
    let stripped = credentials.strip(&Asked { target, headers });
    assert!(!format!("{stripped:?}").contains("secret"));
}

#[test]
fn stripping_removes_the_token_from_every_place() {
    let headers: &[(&[u8], &[u8])] = &[
        (b"Authorization", b"Bearer a"),
        (b"X-Token", b"a"),
        (b"Cookie", b"access_token=a"),
    ];
    let target = b"/?x=1&access%5Ftoken=a&access_token=a";
    let stripped = everywhere(OnMultiple::Reject).strip(&Asked { target, headers });
    let names = ["authorization", "x-token", "cookie"].map(HeaderName::from_static);
    assert_eq!(stripped.headers, names);
    assert_eq!(stripped.cookie, None);
    let query: Vec<&str> = stripped.query.iter().map(|name| &**name).collect();
    assert_eq!(query, ["access%5Ftoken", "access_token"]);
}

#[test]
fn stripping_leaves_what_is_no_token() {
    let headers: &[(&[u8], &[u8])] = &[(b"Authorization", b"Basic a"), (b"Cookie", b"b=1")];
    let target = b"/?x=1";
    let stripped = everywhere(OnMultiple::Reject).strip(&Asked { target, headers });
    assert_eq!(stripped, super::Stripped::default());
}

#[test]
fn the_other_cookies_stay_byte_for_byte() {
    for (lines, expected) in [
        (&["access_token=a; b=1; c=\"2\""][..], Some("b=1; c=\"2\"")),
        (&["b=1; access_token=a; c=2"], Some("b=1; c=2")),
        (&["b=1;access_token=a;c=2"], Some("b=1;c=2")),
        (&["b=1; access_token=a", "c=2"], Some("b=1; c=2")),
        (&["b=1", "access_token=a", "c=2;d"], Some("b=1; c=2;d")),
        (&["access_token=a; access_token=a"], None),
        (&["access_token=a;  ;"], None),
        (&["access_token=; b=1"], Some("b=1")),
        (&["b=1; c=2,access_token=a"], Some("b=1")),
        (&["access_token=a", "\r access_token=b"], None),
    ] {
        let headers: Vec<(&[u8], &[u8])> = lines
            .iter()
            .map(|line| (&b"cookie"[..], line.as_bytes()))
            .collect();
        let target = b"/";
        let headers = &headers;
        let stripped = everywhere(OnMultiple::Reject).strip(&Asked { target, headers });
        assert_eq!(
            stripped.cookie,
            expected.map(HeaderValue::from_static),
            "{lines:?}"
        );
        let is_removed = stripped.headers.contains(&header::COOKIE);
        assert_eq!(is_removed, expected.is_none(), "{lines:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        target in proptest::collection::vec(any::<u8>(), 0..80),
        lines in proptest::collection::vec((0_usize..4, proptest::collection::vec(any::<u8>(), 0..60)), 0..5),
    ) {
        let names: [&[u8]; 4] = [b"authorization", b"Cookie", b"x-token", b"accept"];
        let headers: Vec<(&[u8], &[u8])> = lines.iter().map(|(name, value)| (names[*name], value.as_slice())).collect();
        let asked = Asked { target: &target, headers: &headers };
        for on_multiple in [OnMultiple::Reject, OnMultiple::First] {
            let credentials = everywhere(on_multiple);
            if let Err(reason) = credentials.find(&asked) {
                prop_assert!([Reason::TokenMissing, Reason::TokenMalformed, Reason::TokenAmbiguous].contains(&reason));
            }
            let _ = credentials.strip(&asked);
        }
    }

    #[test]
    fn nothing_is_found_after_stripping(
        line in "((access_token|b|c)=[a-c]{0,2}(; ?)){0,5}(access_token|d)=[a-c]",
        bearer in "(Bearer|Basic) [a-c]",
    ) {
        let headers: Vec<(&[u8], &[u8])> = vec![(b"cookie", line.as_bytes()), (b"authorization", bearer.as_bytes())];
        let credentials = everywhere(OnMultiple::First);
        let stripped = credentials.strip(&Asked { target: b"/", headers: &headers });
        let others = |line: &[u8]| -> Vec<Vec<u8>> {
            line.split(|byte| *byte == b';')
                .map(|pair| pair.trim_ascii().to_vec())
                .filter(|pair| !pair.is_empty() && !pair.starts_with(b"access_token="))
                .collect()
        };
        if let Some(cookie) = &stripped.cookie {
            prop_assert_eq!(others(cookie.as_bytes()), others(line.as_bytes()));
        }
        let mut rest: Vec<(&[u8], &[u8])> = Vec::new();
        for (name, value) in &headers {
            let is_removed = stripped.headers.iter().any(|header| header.as_str().as_bytes() == *name);
            match (&stripped.cookie, *name) {
                (Some(cookie), b"cookie") => rest.push((name, cookie.as_bytes())),
                _ if is_removed => {}
                _ => rest.push((name, value)),
            }
        }
        let found = credentials.find(&Asked { target: b"/", headers: &rest });
        prop_assert_eq!(found, Err(Reason::TokenMissing));
    }
}
