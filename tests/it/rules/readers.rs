//! Every upstream at once: all that anybody may read in a path that reaches it.

use std::collections::BTreeSet;

/// What some upstream reads in the path of `target`: each of these does what some server,
/// framework or file system does, in any order and more than once.
pub fn readings(target: &str) -> BTreeSet<String> {
    let path = target.split('?').next().unwrap_or(target);
    let mut readings = BTreeSet::new();
    let mut unread = vec![path.to_owned()];
    while let Some(path) = unread.pop() {
        if readings.contains(&path) {
            continue;
        }
        unread.extend(READERS.iter().map(|read| read(&path)));
        readings.insert(path);
    }
    readings
}

/// Whether any upstream finds itself under `forbidden`. Everybody resolves dot segments in the end:
/// that a path is meant so is no matter of reading (RFC 3986 6.2.2.3).
pub fn may_read_as(target: &str, forbidden: &str) -> bool {
    readings(target).iter().any(|path| {
        let path = without_dot_segments(path);
        let rest = path.strip_prefix(forbidden);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

const READERS: [fn(&str) -> String; 9] = [
    decoded,
    decoded_like_iis,
    decoded_leniently,
    |path| path.replace('\\', "/"),
    |path| path.replace("//", "/"),
    without_dot_segments,
    without_parameters,
    |path| {
        let end = path.find(['?', '#', '\0', ' ', '\t', '\r', '\n']);
        path[..end.unwrap_or(path.len())].to_owned()
    },
    str::to_ascii_lowercase,
];

/// `%2e`; what is no escape stays as it is.
fn decoded(path: &str) -> String {
    let mut decoded = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded += before;
        let digits = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match digits {
            Some(byte) => {
                decoded.push(char::from(byte));
                &after[2..]
            }
            None => {
                decoded.push('%');
                after
            }
        };
    }
    decoded + rest
}

/// `%u002e`
fn decoded_like_iis(path: &str) -> String {
    path.replace("%u00", "%").replace("%U00", "%")
}

/// Overlong UTF-8. Bytes are characters here.
fn decoded_leniently(path: &str) -> String {
    path.replace("\u{c0}\u{ae}", ".")
        .replace("\u{c0}\u{af}", "/")
        .replace("\u{e0}\u{80}\u{ae}", ".")
        .replace("\u{e0}\u{80}\u{af}", "/")
}

fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut is_directory = false;
    for segment in path.trim_start_matches('/').split('/') {
        is_directory = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let end = if is_directory && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

/// `/a;b/c` is `/a/c`.
fn without_parameters(path: &str) -> String {
    let segments = path.split('/');
    let names = segments.map(|segment| segment.split(';').next().unwrap_or_default());
    names.collect::<Vec<_>>().join("/")
}

#[test]
fn a_reader_is_found_who_is_misled() {
    for target in [
        "/admin",
        "/ADMIN/x",
        "/admin;x/y",
        "/public/../admin",
        "/public/%2E%2e/admin?x",
        "/public/%252e%252e%252fadmin",
        "/public/..;x/admin",
        "/public/;/../admin",
        "/public/..\\admin",
        "/public%u002f..%u002fadmin",
        "/public/%c0%ae%c0%ae/admin",
        "/admin%00/../public/a",
        "/admin%3f/public",
    ] {
        assert!(
            may_read_as(target, "/admin"),
            "{target}: {:?}",
            readings(target)
        );
    }
    for target in [
        "/",
        "/public/admin",
        "/administrator",
        "/admin/../public/a",
        "/public/a?/../../admin",
    ] {
        assert!(
            !may_read_as(target, "/admin"),
            "{target}: {:?}",
            readings(target)
        );
    }
}
