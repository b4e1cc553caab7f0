//! HTTP/2 as frames (RFC 9113 4.1), for clients that do what no library lets them do.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use jotgate::listen::Address;

use super::http::PATIENCE;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame as bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The head of a `POST` to that path, as HPACK literals without an index (RFC 7541 6.2.2).
pub fn head(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let mut bytes = Vec::new();
    for (name, value) in usual.iter().chain(more) {
        bytes.push(0);
        for text in [name, value] {
            integer(&mut bytes, text.len());
            bytes.extend(text.bytes());
        }
    }
    bytes
}

/// With a prefix of seven bits (RFC 7541 5.1).
fn integer(bytes: &mut Vec<u8>, value: usize) {
    const PREFIX: usize = 127;
    if value < PREFIX {
        return bytes.push(u8::try_from(value).expect("seven bits"));
    }
    bytes.push(127);
    let mut rest = value - PREFIX;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128 + 128).expect("eight bits"));
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("seven bits"));
}

/// A frame that was read.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A connection that sends whatever it is told.
pub struct Raw(TcpStream);

impl Raw {
    /// Sends nothing.
    pub fn open(to: &Address) -> Self {
        let Address::Tcp(address) = to else {
            panic!("listens on a port: {to}");
        };
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        stream
            .set_write_timeout(Some(Duration::from_secs(2)))
            .expect("not zero");
        Self(stream)
    }

    /// After the preface and these settings.
    pub fn greeted(to: &Address, settings: &[u8]) -> Self {
        let mut raw = Self::open(to);
        raw.send(&[PREFACE, &frame(SETTINGS, 0, 0, settings)].concat())
            .expect("it reads the preface");
        raw
    }

    /// An error if the other side has closed, or reads nothing any more.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    pub fn read(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head)?;
        let [a, b, c, kind, _, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; usize::try_from(length).expect("24 bits")];
        self.0.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes(stream);
        Ok(Frame {
            kind,
            stream,
            payload,
        })
    }

    /// Reads until there is a frame that is wanted.
    pub fn read_until(&mut self, is_wanted: impl Fn(&Frame) -> bool) -> io::Result<Frame> {
        loop {
            let frame = self.read()?;
            if is_wanted(&frame) {
                return Ok(frame);
            }
        }
    }

    /// Whether it is closed, now or after so long.
    pub fn is_closed_within(&mut self, wait: Duration) -> bool {
        let closed = self.0.set_read_timeout(Some(wait)).and_then(|()| {
            let mut bytes = [0; 1024];
            self.0.read(&mut bytes)
        });
        match closed {
            Ok(read) => read == 0,
            Err(error) => !is_patience_over(&error),
        }
    }

    /// Whether the other side ends the connection, with GOAWAY or without.
    pub fn is_ended_upon(&mut self) -> bool {
        match self.read_until(|frame| frame.kind == GOAWAY) {
            Ok(_) => true,
            Err(error) => !is_patience_over(&error),
        }
    }
}

fn is_patience_over(error: &io::Error) -> bool {
    [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind())
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
