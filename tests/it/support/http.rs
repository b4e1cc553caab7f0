//! HTTP/1.1 as it is on the wire: a client that sends exactly what it is told (repeated fields,
//! odd paths, odd bytes), and a server that answers from a function.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jotgate::listen::Address;
use serde_json::Value;

/// A request, as the client writes it or the server reads it.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, byte for byte.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a field; the same name may be added again.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `Authorization: Bearer TOKEN`
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Sends it over a connection of its own.
    pub fn send(&self, to: &Address) -> Response {
        self.try_send(to).expect("the server answers")
    }

    pub fn try_send(&self, to: &Address) -> io::Result<Response> {
        Connection::open(to)?.exchange(&self.clone().header("connection", "close"))
    }

    fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head += "host: api.example.com\r\n";
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        // One write: a request in two segments would also test the server's patience.
        stream.write_all(&[head.as_bytes(), &self.body].concat())
    }

    /// `None` when the connection closes before a request starts.
    pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some((start, headers)) = read_head(stream)? else {
            return Ok(None);
        };
        let mut words = start.split(' ').map(str::to_owned);
        let (method, target) = (words.next(), words.next());
        let body = read_body(stream, &headers)?;
        Ok(Some(Self {
            method: method.unwrap_or_default(),
            target: target.unwrap_or_default(),
            headers,
            body,
        }))
    }
}

/// A response, as the client reads it or the server writes it.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field that occurs once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} occurs twice: {self:?}");
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} -\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", self.body.len());
        stream.write_all(&[head.as_bytes(), &self.body].concat())
    }

    fn read(stream: &mut impl BufRead) -> io::Result<Self> {
        let Some((start, headers)) = read_head(stream)? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let status = start.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {start:?}")))?;
        let body = read_body(stream, &headers)?;
        Ok(Self {
            status,
            headers,
            body,
        })
    }
}

/// A client's connection, kept for as many exchanges as the server likes.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Connection {
    pub fn open(to: &Address) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match to {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        };
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Over a stream that is there.
    pub fn over(stream: impl Read + Write + Send + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let stream = BufReader::new(stream);
        Self { stream }
    }

    pub fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        request.write(self.stream.get_mut())?;
        Response::read(&mut self.stream)
    }

    /// Sends bytes that need not be a request.
    pub fn exchange_bytes(&mut self, bytes: &[u8]) -> io::Result<Response> {
        self.stream.get_mut().write_all(bytes)?;
        Response::read(&mut self.stream)
    }
}

/// A server on a port of its own. Every connection carries one exchange.
pub struct Server {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// What the handler has no answer to is hung up on.
    pub fn start(handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::start_raw(move |stream| serve(stream, &handler))
    }

    /// The same, with a handler of whole connections. One that breaks is the client's matter; its
    /// test will notice.
    pub fn start_raw(
        handler: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let closed = Arc::new(AtomicBool::new(false));
        let handler = Arc::new(handler);
        let seen = Arc::clone(&closed);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                let handler = Arc::clone(&handler);
                thread::spawn(move || stream.and_then(|stream| handler(stream)));
            }
        });
        let acceptor = Some(acceptor);
        Self {
            address,
            closed,
            acceptor,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn serve(stream: TcpStream, handler: &dyn Fn(&Request) -> Option<Response>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = Request::read(&mut stream)?;
    match request.and_then(|request| handler(&request)) {
        Some(response) => response.write(stream.get_mut()),
        None => Ok(()),
    }
}

/// The first line and the fields, names in lower case.
type Head = (String, Vec<(String, String)>);

fn read_head(stream: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut start = Vec::new();
    if stream.read_until(b'\n', &mut start)? == 0 {
        return Ok(None);
    }
    // A byte, a character: a target need not be UTF-8, and no byte of it may be lost.
    let start: String = start.into_iter().map(char::from).collect();
    let mut headers = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some((start.trim_end().to_owned(), headers)));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(stream: &mut impl BufRead, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let header = |name: &str| headers.iter().find(|(field, _)| field == name);
    if header("transfer-encoding").is_some() {
        return read_chunks(stream);
    }
    let length = header("content-length").and_then(|(_, length)| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + "\r\n".len()];
        stream.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// How long an answer may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
