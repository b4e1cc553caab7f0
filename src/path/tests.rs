use proptest::prelude::*;

use super::{Path, PathScratch};
use crate::limits::PATH_BYTES;
use crate::reason::Reason;

/// A path, and how it reads without parameters if that is something else.
type Readings = (Vec<u8>, Option<Vec<u8>>);

fn read(target: &[u8]) -> Result<Option<Readings>, Reason> {
    let mut scratch = PathScratch::default();
    let path = scratch.read(target)?;
    let owned = |path: Path<'_>| {
        let without = path.without_parameters().map(<[u8]>::to_vec);
        (path.as_bytes().to_vec(), without)
    };
    Ok(path.map(owned))
}

#[test]
fn a_path_has_one_canonical_form() {
    for (target, expected) in [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/a/b.c/D-e_f~g", "/a/b.c/D-e_f~g"),
        ("/a?b=c", "/a"),
        ("/a?", "/a"),
        ("/?/../b", "/"),
        ("/a?x=%2e%2e%2f%00\\;%", "/a"),
        ("/a/?b", "/a/"),
        ("//a", "/a"),
        ("///", "/"),
        ("/a//b///c", "/a/b/c"),
        ("/a//", "/a/"),
        ("/./a", "/a"),
        ("/a/.", "/a/"),
        ("/a/./b", "/a/b"),
        ("/a/./", "/a/"),
        ("/.", "/"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/../", "/a/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/../../b", "/b"),
        ("//../a", "/a"),
        ("/a/..//b", "/b"),
        ("/a//../../b", "/b"),
        ("/%2e/a", "/a"),
        ("/%2E%2e/a", "/a"),
        ("/a/.%2e/b", "/b"),
        ("/a/%2e./b", "/b"),
        ("/a/%2E", "/a/"),
        ("/%61", "/a"),
        ("/a%40b", "/a@b"),
        ("/a%2Db", "/a-b"),
        ("/%7euser", "/~user"),
        ("/%c3%a9", "/é"),
        ("/%C3%A9", "/é"),
        ("/é", "/é"),
        ("/a%20b", "/a b"),
        ("/a+b", "/a+b"),
        ("/a%2bb", "/a+b"),
        ("/a%3Fb", "/a?b"),
        ("/a%23b", "/a#b"),
        ("/100%25", "/100%"),
        ("/a%252Bb", "/a%2Bb"),
        ("/a%25zz", "/a%zz"),
        ("/...", "/..."),
        ("/a/.../b", "/a/.../b"),
        ("/a./b..", "/a./b.."),
        ("/.well-known/x", "/.well-known/x"),
        ("/..a", "/..a"),
        ("/...%20", "/... "),
        ("/a:b@c&d=e,f!$'()*", "/a:b@c&d=e,f!$'()*"),
        ("/*", "/*"),
        ("/{id}", "/{id}"),
    ] {
        let expected = (expected.as_bytes().to_vec(), None);
        assert_eq!(read(target.as_bytes()), Ok(Some(expected)), "{target}");
    }
    assert_eq!(read(b""), Ok(None), "unknown");
}

#[test]
fn a_path_with_parameters_is_read_in_both_ways() {
    for (target, whole, without) in [
        ("/a;b", "/a;b", Some("/a")),
        ("/a;b/c", "/a;b/c", Some("/a/c")),
        ("/a;", "/a;", Some("/a")),
        ("/a;x;y=1/b;z", "/a;x;y=1/b;z", Some("/a/b")),
        ("/a%3Bb", "/a;b", Some("/a")),
        ("/a%3bb/c%3Bd", "/a;b/c;d", Some("/a/c")),
        // The first semicolon is the raw one for everybody.
        ("/a;b%3Bc", "/a;b;c", Some("/a")),
        ("/;a", "/;a", Some("/")),
        ("/a/;x/b", "/a/;x/b", Some("/a/b")),
        ("/a/;x", "/a/;x", Some("/a/")),
        ("/...;a", "/...;a", Some("/...")),
        ("/.a;b", "/.a;b", Some("/.a")),
        ("/a;x/../b", "/b", None),
        ("//a;b", "/a;b", Some("/a")),
    ] {
        let expected = (
            whole.as_bytes().to_vec(),
            without.map(|path| path.as_bytes().to_vec()),
        );
        assert_eq!(read(target.as_bytes()), Ok(Some(expected)), "{target}");
    }
}

#[test]
fn a_path_that_two_readers_may_read_differently_is_refused() {
    for target in ATTACKS {
        assert_eq!(
            read(target),
            Err(Reason::PathAmbiguous),
            "{}",
            shown(target)
        );
    }
}

#[test]
fn a_path_is_not_longer_than_gateways_take() {
    let mut target = vec![b'a'; PATH_BYTES];
    target[0] = b'/';
    assert!(read(&target).is_ok());
    target.extend(b"?and-the-query-is-not-counted");
    assert!(read(&target).is_ok());
    target.insert(1, b'a');
    assert_eq!(read(&target), Err(Reason::PathAmbiguous));
}

#[test]
fn a_canonical_path_is_borrowed() {
    let target = b"/a/b?c";
    let mut scratch = PathScratch::default();
    let path = scratch.read(target).expect("good").expect("known");
    assert!(std::ptr::eq(path.as_bytes().as_ptr(), target.as_ptr()));
}

#[test]
fn nothing_is_left_from_the_path_before() {
    let mut scratch = PathScratch::default();
    for (target, expected) in [
        ("/long//path;with/parameters", "/long/path;with/parameters"),
        ("//b;x", "/b;x"),
        ("//b", "/b"),
    ] {
        let path = scratch.read(target.as_bytes()).expect("good");
        let path = path.expect("known");
        assert_eq!(path.as_bytes(), expected.as_bytes(), "{target}");
        assert_eq!(path.without_parameters().is_some(), target.contains(';'));
    }
}

fn shown(target: &[u8]) -> String {
    target.escape_ascii().to_string()
}

proptest! {
    #[test]
    fn a_canonical_path_has_no_structure_left_to_resolve(
        target in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        holds_for(&target)?;
    }

    #[test]
    fn a_canonical_path_of_pieces_that_matter_has_none_either(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..12),
    ) {
        holds_for(format!("/{}", pieces.concat()).as_bytes())?;
    }

    #[test]
    fn the_short_way_for_canonical_paths_changes_nothing(target in "/[a-c./]{0,12}") {
        // An encoded letter forces the long way.
        let long = target.replace('a', "%61");
        prop_assert_eq!(read(target.as_bytes()), read(long.as_bytes()));
    }
}

/// No reading has anything in it that another reader could resolve.
fn holds_for(target: &[u8]) -> Result<(), TestCaseError> {
    let Ok(Some((whole, without))) = read(target) else {
        return Ok(());
    };
    for path in [Some(&whole), without.as_ref()].into_iter().flatten() {
        prop_assert_eq!(path.first(), Some(&b'/'));
        let mut segments: Vec<&[u8]> = path[1..].split(|byte| *byte == b'/').collect();
        segments.pop_if(|last| last.is_empty());
        for segment in segments {
            let is_odd = matches!(segment, b"" | b"." | b"..");
            prop_assert!(!is_odd, "{}", shown(path));
        }
        let has_odd_byte = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
        prop_assert!(!path.iter().any(has_odd_byte), "{}", shown(path));
    }
    prop_assert!(without.is_none_or(|path| !path.contains(&b';')));
    Ok(())
}

const PIECES: &[&str] = &[
    "/", "/", ".", "..", "a", "b", ";", "%2e", "%3b", "%61", "%25", "%2f", "?", "é", "%",
];

/// The attack list: what must never be matched as if there were one reading.
const ATTACKS: [&[u8]; 101] = [
    // Spaces behind dots, which Windows drops.
    b"/.%20",
    b"/a/..%20/b",
    b"/a/.%2e%20%20",
    // No absolute path.
    b"a",
    b"*",
    b"?",
    b"?/a",
    b"../a",
    b"./a",
    b"%2fa",
    b" /a",
    b"http://example.com/a",
    b"\\a",
    // A fragment, wherever it stands.
    b"/a#b",
    b"/a#",
    b"/public#/../admin",
    b"/a?b#c",
    b"/a#?b",
    // Slashes and backslashes in disguise.
    b"/a%2fb",
    b"/a%2Fb",
    b"/%2f",
    b"/%2F%2e%2e%2Fadmin",
    b"/public/..%2fadmin",
    b"/public%2f../admin",
    b"/public/%2e%2e%2fadmin",
    b"/a\\b",
    b"/public\\..\\admin",
    b"/public/..\\admin",
    b"/a%5cb",
    b"/a%5Cb",
    b"/..%5cadmin",
    b"/\\",
    b"/%5c%5cevil",
    // The same through one decoding too many.
    b"/public/%252e%252e/admin",
    b"/public/%252E%252E/admin",
    b"/public/.%252e/admin",
    b"/a%252fb",
    b"/a%252Fb",
    b"/a%255cb",
    b"/a%2500",
    b"/a%250d%250a",
    b"/a%253bb",
    b"/%25252e%25252e/admin",
    b"/a%25252fb",
    // What comes out of a decoding is an escape again.
    b"/%25%32%65%25%32%65/admin",
    b"/a%25%32%66b",
    b"/a%%32%66b",
    // NUL and other control characters.
    b"/a%00",
    b"/a%00.html",
    b"/%00/../admin",
    b"/a\0b",
    b"/a%0ab",
    b"/a%0d%0ab",
    b"/a%09b",
    b"/a%1fb",
    b"/a%7fb",
    b"/a%7F",
    b"/a\x7fb",
    b"/a\tb",
    b"/a\nb",
    b"/a\rb",
    b"/a\x01b",
    b"/a\x1b[0m",
    // A space, where a request line ends.
    b"/a b",
    b"/public /../admin",
    // Broken escapes.
    b"/a%",
    b"/a%2",
    b"/a%zz",
    b"/a%2g",
    b"/a%g2",
    b"/a%/b",
    b"/a%2/e",
    b"/%u002e%u002e/admin",
    b"/a%u2215b",
    b"/a%%20",
    b"/a%+1",
    b"/a%-1",
    b"/a% 1",
    b"/a%?b",
    // Parameters of a dot segment.
    b"/..;/admin",
    b"/public/..;/admin",
    b"/public/..;x=y/admin",
    b"/public/%2e%2e;/admin",
    b"/public/%2e%2e%3b/admin",
    b"/public/.%2e;x/admin",
    b"/.;/admin",
    b"/.%3b/admin",
    b"/public/..%3B",
    b"/a/.;",
    // Parameters that are none to some who see others.
    b"/a%3bb/c;d",
    b"/a%3bb;c",
    // Dot segments beside empty ones, in an order that matters.
    b"/a//../b",
    b"/a//..",
    b"/a///../../b",
    b"/public//%2e%2e/admin",
    b"/a/;x/../b",
    // Overlong UTF-8.
    b"/%c0%ae%c0%ae/admin",
    b"/a%c0%afb",
    b"/a%C1%9Cb",
    b"/%e0%80%ae%e0%80%ae/admin",
    b"/%f0%80%80%ae/admin",
];
