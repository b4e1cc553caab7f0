//! The frames of HTTP/2 that a gRPC client writes and reads (RFC 9113 6).

/// Frame types.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;

/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Settings.
pub(crate) const HEADER_TABLE_SIZE: u16 = 1;
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;

/// Windows before anybody says otherwise, and the largest there can be.
pub(crate) const WINDOW_DEFAULT: i64 = 65_535;
pub(crate) const WINDOW_MAX: u32 = (1 << 31) - 1;
/// What both sides remember of header fields before anybody says otherwise.
pub(crate) const HEADER_TABLE_DEFAULT: u32 = 4096;

/// A frame as it lies in what was read.
pub(crate) struct Frame<'b> {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: &'b [u8],
}

impl<'b> Frame<'b> {
    /// The first frame, if it is there as a whole, and what comes after it.
    pub(crate) fn split(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let (head, rest) = bytes.split_at_checked(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let (payload, rest) = rest.split_at_checked(length as usize)?;
        let frame = Self {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & WINDOW_MAX,
            payload,
        };
        Some((frame, rest))
    }

    /// The number in a WINDOW_UPDATE or RST_STREAM.
    pub(crate) fn number(&self) -> u32 {
        let bytes = self
            .payload
            .get(..4)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    }

    /// The settings in a SETTINGS.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (u16, u32)> {
        self.payload.chunks_exact(6).map(|entry| {
            let id = u16::from_be_bytes([entry[0], entry[1]]);
            (
                id,
                u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]),
            )
        })
    }
}

/// Appends a frame.
pub(crate) fn write(output: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("frames are short");
    output.extend_from_slice(&length.to_be_bytes()[1..]);
    output.extend_from_slice(&[kind, flags]);
    output.extend_from_slice(&stream.to_be_bytes());
    output.extend_from_slice(payload);
}

/// How a client starts: windows as large as they can be, no pushes.
pub(crate) fn write_preface(output: &mut Vec<u8>) {
    output.extend_from_slice(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let enable_push: u16 = 2;
    let mut settings = Vec::new();
    for (id, value) in [(enable_push, 0), (INITIAL_WINDOW_SIZE, WINDOW_MAX)] {
        settings.extend_from_slice(&id.to_be_bytes());
        settings.extend_from_slice(&value.to_be_bytes());
    }
    write(output, SETTINGS, 0, 0, &settings);
    let more = WINDOW_MAX - u32::try_from(WINDOW_DEFAULT).expect("a positive number");
    write(output, WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
}

/// The head of a gRPC request. The first of a connection teaches the server four fields, later ones
/// name them by their places in its table (RFC 7541 6), as Envoy and h2load do.
pub(crate) struct RequestHead {
    first: Vec<u8>,
    later: [u8; 6],
}

impl RequestHead {
    pub(crate) fn new(path: &str, authority: &str) -> Self {
        let mut first = vec![METHOD_POST, SCHEME_HTTP];
        for (name, value) in [
            (Name::Place(4), path),
            (Name::Place(1), authority),
            (Name::Place(31), "application/grpc"),
            (Name::Text("te"), "trailers"),
        ] {
            match name {
                Name::Place(place) => first.push(LEARN | place),
                Name::Text(text) => {
                    first.push(LEARN);
                    write_text(&mut first, text);
                }
            }
            write_text(&mut first, value);
        }
        // The table's own entries end at 61; the newest comes first.
        let later = [METHOD_POST, SCHEME_HTTP, 65, 64, 63, 62].map(|place| KNOWN | place);
        Self { first, later }
    }

    pub(crate) fn write(&self, output: &mut Vec<u8>, stream: u32) {
        let block = if stream == 1 {
            &self.first[..]
        } else {
            &self.later
        };
        write(output, HEADERS, END_HEADERS, stream, block);
    }
}

enum Name {
    /// In the static table.
    Place(u8),
    Text(&'static str),
}

fn write_text(output: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).expect("names and values are short");
    assert!(length < 127, "a longer one needs a longer number");
    output.push(length);
    output.extend_from_slice(text.as_bytes());
}

/// A field that is in a table, and one that goes there.
const KNOWN: u8 = 0x80;
const LEARN: u8 = 0x40;
const METHOD_POST: u8 = KNOWN | 3;
const SCHEME_HTTP: u8 = KNOWN | 6;
