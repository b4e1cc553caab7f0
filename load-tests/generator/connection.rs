//! One HTTP/2 connection: calls go out as far as the server's windows allow, answers come in.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

use crate::frames::{self, Frame, RequestHead};
use crate::report::Report;
use crate::socket::Socket;
use crate::streams::{Call, is_last};

pub(crate) struct Connection {
    socket: Socket,
    head: RequestHead,
    /// By stream, which only grows: so one is found by halves, and answers usually begin at the front.
    calls: VecDeque<Call>,
    next_stream: u32,
    /// What the server takes of the whole connection, and of a new call.
    window: i64,
    window_of_calls: i64,
    output: Vec<u8>,
    /// What was read, and how much of it there is.
    input: Box<[u8]>,
    filled: usize,
    /// Bytes of answers since the server was last told that there is room for more.
    unacknowledged: u32,
    /// Streams whose next message may be sent.
    pub(crate) idle: Vec<u32>,
}

impl Connection {
    /// Connected, and the server's settings are known.
    pub(crate) fn open(address: &str, path: &str) -> Result<Self, Box<dyn Error>> {
        let authority = if address.starts_with("unix:") {
            "localhost"
        } else {
            address
        };
        let mut connection = Self {
            socket: Socket::connect(address)?,
            head: RequestHead::new(path, authority),
            calls: VecDeque::new(),
            next_stream: 1,
            window: frames::WINDOW_DEFAULT,
            window_of_calls: frames::WINDOW_DEFAULT,
            output: Vec::new(),
            input: vec![0; READ_BYTES].into(),
            filled: 0,
            unacknowledged: 0,
            idle: Vec::new(),
        };
        frames::write_preface(&mut connection.output);
        connection.flush()?;
        let mut nothing = Report::default();
        // The socket still blocks: the first frame has to be SETTINGS (RFC 9113 3.4).
        while connection.receive(&mut nothing)? == 0 {}
        connection.socket.set_nonblocking()?;
        Ok(connection)
    }

    /// Calls that are under way.
    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether the server takes so many bytes now, on a new stream.
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.window >= bytes && self.window_of_calls >= bytes
    }

    /// Starts a call with its first message; unary ones end with it.
    pub(crate) fn call(&mut self, message: &[u8], due: Instant, is_unary: bool) {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.head.write(&mut self.output, stream);
        self.calls
            .push_back(Call::new(stream, due, self.window_of_calls));
        let last = if is_unary { frames::END_STREAM } else { 0 };
        self.data(stream, message, last);
    }

    /// Sends one more message of a call, if the server takes it now.
    pub(crate) fn say(&mut self, stream: u32, message: &[u8], due: Instant) -> bool {
        let bytes = i64::try_from(message.len()).unwrap_or(i64::MAX);
        let window = self.window;
        let call = self.call_of(stream);
        let Some(call) = call.filter(|call| call.window >= bytes && window >= bytes) else {
            return false;
        };
        call.due = due;
        self.data(stream, message, 0);
        true
    }

    /// Nothing more will be said: the calls end with what is answered.
    pub(crate) fn hang_up(&mut self) {
        for stream in self.idle.split_off(0) {
            self.data(stream, &[], frames::END_STREAM);
        }
    }

    fn data(&mut self, stream: u32, message: &[u8], flags: u8) {
        frames::write(&mut self.output, frames::DATA, flags, stream, message);
        let bytes = i64::try_from(message.len()).unwrap_or(i64::MAX);
        self.window -= bytes;
        if let Some(call) = self.call_of(stream) {
            call.window -= bytes;
        }
    }

    fn place(&self, stream: u32) -> Option<usize> {
        let found = self.calls.binary_search_by_key(&stream, |call| call.stream);
        found.ok()
    }

    fn call_of(&mut self, stream: u32) -> Option<&mut Call> {
        let place = self.place(stream)?;
        self.calls.get_mut(place)
    }

    /// Writes as much as goes without waiting.
    pub(crate) fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        let mut written = 0;
        while written < self.output.len() {
            match self.socket.write(&self.output[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.output.drain(..written);
        Ok(())
    }

    /// Reads what is there; returns how many frames came.
    pub(crate) fn receive(&mut self, report: &mut Report) -> Result<usize, Box<dyn Error>> {
        match self.socket.read(&mut self.input[self.filled..]) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(count) => self.filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        let now = Instant::now();
        let mut input = std::mem::take(&mut self.input);
        let (mut rest, mut frames) = (&input[..self.filled], 0);
        while let Some((frame, after)) = Frame::split(rest) {
            self.take_in(&frame, now, report)?;
            rest = after;
            frames += 1;
        }
        let left = rest.len();
        input.copy_within(self.filled - left..self.filled, 0);
        self.input = input;
        self.filled = left;
        Ok(frames)
    }

    fn take_in(
        &mut self,
        frame: &Frame<'_>,
        now: Instant,
        report: &mut Report,
    ) -> Result<(), Box<dyn Error>> {
        match frame.kind {
            frames::DATA | frames::HEADERS => self.answered(frame, now, report),
            frames::RST_STREAM => {
                self.calls.retain(|call| call.stream != frame.stream);
                report.failed += 1;
            }
            frames::SETTINGS if frame.flags & frames::ACK == 0 => self.set(frame)?,
            frames::PING if frame.flags & frames::ACK == 0 => {
                frames::write(
                    &mut self.output,
                    frames::PING,
                    frames::ACK,
                    0,
                    frame.payload,
                );
            }
            frames::WINDOW_UPDATE if frame.stream == 0 => self.window += i64::from(frame.number()),
            frames::WINDOW_UPDATE => {
                if let Some(call) = self.call_of(frame.stream) {
                    call.window += i64::from(frame.number());
                }
            }
            frames::GOAWAY => return Err("the server ends the connection".into()),
            // Acknowledgements, and frames that do not matter here (RFC 9113 4.1).
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, frame: &Frame<'_>, now: Instant, report: &mut Report) {
        let Some(place) = self.place(frame.stream) else {
            return;
        };
        let call = &mut self.calls[place];
        if frame.kind == frames::DATA {
            let (due, idle) = (call.due, &mut self.idle);
            call.receive(frame.payload, |start| {
                report.answered(start, now - due);
                idle.push(frame.stream);
            });
            self.unacknowledged += u32::try_from(frame.payload.len()).unwrap_or(0);
        }
        if is_last(frame) {
            let answers = call.answers;
            self.calls.remove(place);
            self.idle.retain(|stream| *stream != frame.stream);
            if answers == 0 {
                report.failed += 1;
            }
        }
        if self.unacknowledged > frames::WINDOW_MAX / 2 {
            let room = self.unacknowledged.to_be_bytes();
            frames::write(&mut self.output, frames::WINDOW_UPDATE, 0, 0, &room);
            self.unacknowledged = 0;
        }
    }

    fn set(&mut self, frame: &Frame<'_>) -> Result<(), Box<dyn Error>> {
        for (id, value) in frame.settings() {
            if id == frames::INITIAL_WINDOW_SIZE {
                let grown = i64::from(value) - self.window_of_calls;
                self.window_of_calls += grown;
                for call in &mut self.calls {
                    call.window += grown;
                }
            }
            if id == frames::HEADER_TABLE_SIZE && value < frames::HEADER_TABLE_DEFAULT {
                return Err("the server remembers too few header fields".into());
            }
        }
        frames::write(&mut self.output, frames::SETTINGS, frames::ACK, 0, &[]);
        Ok(())
    }
}

const READ_BYTES: usize = 256 * 1024;
