//! Clients that send as much as they can of what costs them nothing.

use super::{CHECK, Stage};
use crate::support::h2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, Raw, SETTINGS,
    frame, head,
};

#[test]
fn a_flood_of_frames_takes_no_memory_and_hinders_nobody() {
    let stage = Stage::start();
    let before = stage.jotgate.memory_peak_kib();
    let request = head(CHECK, &[]);
    let open = frame(HEADERS, 0, 1, &request);
    let junk = frame(CONTINUATION, 0, 1, &[0; 16_000]);
    let settings = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    let ping = frame(PING, 0, 0, &[0; 8]);
    let started = frame(HEADERS, END_HEADERS, 1, &request);
    let empty = frame(DATA, 0, 1, b"");
    for (name, first, flood) in [
        ("continuations", open.clone(), junk),
        (
            "continuations of nothing",
            open,
            frame(CONTINUATION, 0, 1, b""),
        ),
        ("settings", Vec::new(), settings),
        ("pings", Vec::new(), ping),
        ("empty data", started, empty),
    ] {
        for mut raw in stage.each(|to| Raw::greeted(to, b"")) {
            let many = flood.repeat(FRAMES / 100);
            // Until it is cut off, or nothing is read any more, or all was taken.
            let _ = raw.send(&first);
            let _ = (0..100).try_for_each(|_| raw.send(&many));
        }
        stage.assert_good(name);
    }
    for mut raw in stage.each(|to| Raw::greeted(to, b"")) {
        let _ = (0..FRAMES).try_for_each(|number| rapid_reset(&mut raw, number));
    }
    stage.assert_good("rapid reset");
    let grown = stage.jotgate.memory_peak_kib() - before;
    assert!(grown < MEMORY_KIB, "{grown} KiB");
}

/// A request that is taken back before it is answered (CVE-2023-44487).
fn rapid_reset(raw: &mut Raw, number: usize) -> std::io::Result<()> {
    let stream = u32::try_from(2 * number + 1).expect("few");
    let request = frame(HEADERS, END_HEADERS, stream, &head(CHECK, &[]));
    let reset = frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
    raw.send(&[request, reset].concat())
}

/// A gateway's clients may take back many requests at once: it hears of the others all the same.
#[test]
fn calls_that_are_taken_back_at_once_end_no_other_on_their_connection() {
    let stage = Stage::start();
    for mut raw in stage.each(|to| Raw::greeted(to, b"")) {
        let stream = |number: u32| 2 * number + 1;
        let mut burst = Vec::new();
        for number in 0..400 {
            burst.extend(frame(
                HEADERS,
                END_HEADERS,
                stream(number),
                &head(CHECK, &[]),
            ));
            burst.extend(frame(RST_STREAM, 0, stream(number), &[0, 0, 0, 8]));
        }
        let last = stream(400);
        let flags = END_HEADERS | END_STREAM;
        burst.extend(frame(HEADERS, flags, last, &head(CHECK, &[])));
        raw.send(&burst).expect("it reads");
        let answer = raw.read_until(|it| it.kind == GOAWAY || it.stream == last);
        let answer = answer.expect("an answer");
        assert_eq!((answer.kind, answer.stream), (HEADERS, last));
    }
}

/// Who asks and reads no answer gets no more of them than fit into the buffers of one connection.
#[test]
fn who_reads_nothing_is_not_answered_without_end() {
    let stage = Stage::start();
    let before = stage.jotgate.memory_peak_kib();
    let ask = |stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(CHECK, &[]));
    for window in [&[][..], &[0, 4, 0, 0, 0, 0]] {
        for mut raw in stage.each(|to| Raw::greeted(to, window)) {
            let _ = (0..20_000).try_for_each(|number| raw.send(&ask(2 * number + 1)));
        }
    }
    let mut raw = Raw::open(stage.jotgate.http());
    let many = b"GET /auth HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1000);
    let _ = (0..500).try_for_each(|_| raw.send(&many));
    stage.assert_good("they still hang on");
    let grown = stage.jotgate.memory_peak_kib() - before;
    assert!(grown < MEMORY_KIB, "{grown} KiB");
}

/// Long messages, hundreds at a time, of which the end never comes.
#[test]
fn messages_that_do_not_end_take_no_more_memory_than_they_are_given_together() {
    let stage = Stage::start();
    let before = stage.jotgate.memory_peak_kib();
    let mut hanging = Vec::new();
    for path in [CHECK, "/jotgate.v1.Verifier/VerifyBatch"] {
        for _ in 0..12 {
            let mut raw = Raw::greeted(stage.jotgate.grpc(), b"");
            // What the windows of its streams and of the connection let through.
            let _ = (0..15).try_for_each(|number| unended(&mut raw, path, 2 * number + 1));
            hanging.push(raw);
        }
        stage.assert_good(path);
    }
    let head = b"POST /v1/verify HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000000\r\n\r\n";
    for _ in 0..80 {
        let mut raw = Raw::open(stage.jotgate.http());
        let _ = raw.send(head).and_then(|()| raw.send(&[b' '; 2_000_000]));
        hanging.push(raw);
    }
    stage.assert_good("/v1/verify");
    let grown = stage.jotgate.memory_peak_kib() - before;
    // 500 MiB were sent, and buffers that grow are larger than what is in them.
    assert!(grown < 2 * MEMORY_KIB, "{grown} KiB");
}

/// Heads that are a few kilobytes on the wire and a hundred in memory, of calls whose message never
/// comes.
#[test]
fn heads_that_wait_for_a_message_take_no_memory_without_end() {
    let stage = Stage::start();
    let before = stage.jotgate.memory_peak_kib();
    // `age`, empty: one byte (RFC 7541, appendix A).
    let padding = [0x95; 1_700];
    let mut hanging = Vec::new();
    for path in ["/grpc.health.v1.Health/Check", "/v1/verify"] {
        for _ in 0..6 {
            for mut raw in stage.each(|to| Raw::greeted(to, b"")) {
                let large = [head(path, &[]), padding.to_vec()].concat();
                let _ = (0..1_000).try_for_each(|number| {
                    raw.send(&frame(HEADERS, END_HEADERS, 2 * number + 1, &large))
                });
                hanging.push(raw);
            }
        }
        stage.assert_good(path);
    }
    let grown = stage.jotgate.memory_peak_kib() - before;
    // All that one connection sends at once is read at once; unbounded it would be 1.8 GiB.
    assert!(grown < 6 * MEMORY_KIB, "{grown} KiB");
}

/// All but a few bytes of the first MiB of a message of three.
fn unended(raw: &mut Raw, path: &str, stream: u32) -> std::io::Result<()> {
    raw.send(&frame(HEADERS, END_HEADERS, stream, &head(path, &[])))?;
    raw.send(&frame(DATA, 0, stream, &[0, 0, 0x30, 0, 0]))?;
    let part = frame(DATA, 0, stream, &[b' '; 16_000]);
    (0..65).try_for_each(|_| raw.send(&part))
}

/// Of each kind.
const FRAMES: usize = 50_000;
const MEMORY_KIB: u64 = 100 * 1024;
