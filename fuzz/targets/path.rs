//! The canonical form of a path beside a simple reader that decodes, merges and resolves.

use jotgate::path::PathScratch;

pub fn run(data: &[u8]) {
    let mut scratch = PathScratch::default();
    let read = |scratch: &mut PathScratch, target: &[u8]| {
        let path = scratch.read(target);
        path.map(|path| {
            path.map(|it| {
                (
                    it.as_bytes().to_vec(),
                    it.without_parameters().map(<[u8]>::to_vec),
                )
            })
        })
    };
    let Ok(path) = read(&mut scratch, data) else {
        return;
    };
    let Some((whole, without_parameters)) = path.clone() else {
        assert!(data.is_empty());
        return;
    };
    for reading in [Some(&whole), without_parameters.as_ref()]
        .into_iter()
        .flatten()
    {
        assert_eq!(reading.first(), Some(&b'/'));
        assert!(!reading.windows(2).any(|pair| pair == b"//"));
        assert!(
            !reading
                .split(|byte| *byte == b'/')
                .any(|it| matches!(it, b"." | b".."))
        );
        assert!(!reading.iter().any(u8::is_ascii_control));
    }
    assert_eq!(whole, naive(data, false), "the whole");
    let dropped = naive(data, true);
    assert_eq!(
        *without_parameters.as_ref().unwrap_or(&whole),
        dropped,
        "without parameters"
    );

    // What was read before makes no difference.
    scratch.read(b"/a/%2e%2e;/x//y").ok();
    assert_eq!(read(&mut scratch, data), Ok(path));
}

/// Cuts the query, decodes once, merges slashes, resolves dots: in this order, a step at a time.
fn naive(target: &[u8], drops_parameters: bool) -> Vec<u8> {
    let path = target
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    let decoded: Vec<u8> = percent_encoding::percent_decode(path).collect();
    let segments = decoded.split(|byte| *byte == b'/').map(|segment| {
        let end = segment
            .iter()
            .position(|byte| *byte == b';' && drops_parameters);
        &segment[..end.unwrap_or(segment.len())]
    });
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut ends_with_slash = false;
    for segment in segments.skip(1) {
        ends_with_slash = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let mut path: Vec<u8> = kept
        .iter()
        .flat_map(|name| [b"/", *name].concat())
        .collect();
    if ends_with_slash || path.is_empty() {
        path.push(b'/');
    }
    path
}
