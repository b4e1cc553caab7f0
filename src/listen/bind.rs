//! Opening a listener for a number of workers.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use socket2::{Domain, Protocol, SockAddr, Type};

use super::unix::{self, SocketFile};
use super::{Address, Listener};
use crate::limits::{LISTEN_BACKLOG, SEND_TIMEOUT};

/// A listener that is open, with one [`Socket`] for each worker.
#[derive(Debug)]
pub struct Bound {
    address: Address,
    sockets: Vec<Socket>,
}

/// One worker's share of a listener, not yet tied to a runtime.
#[derive(Debug)]
pub struct Socket {
    pub(super) kind: SocketKind,
    /// Whoever drops the last share removes the file of a Unix socket.
    pub(super) file: Option<Arc<SocketFile>>,
}

#[derive(Debug)]
pub(super) enum SocketKind {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: cannot listen on {address}: {source}{}", remedy(.source))]
pub struct BindError {
    /// The setting that says where, as in `server.grpc.listen`.
    pub setting: String,
    /// Where.
    pub address: Address,
    /// What the system said.
    pub source: io::Error,
}

impl Address {
    /// Opens it for that many workers, at least one. `setting` is what the address is called in
    /// the configuration, for the error.
    ///
    /// A Unix socket's file has mode 0660: whoever may connect is the owner or in its group. A
    /// stale file, on which nobody answers, is replaced.
    ///
    /// # Errors
    /// If somebody else listens there, or the system refuses for another reason.
    pub fn bind(&self, setting: &str, workers: usize) -> Result<Bound, BindError> {
        let workers = workers.max(1);
        let bound = match self {
            Self::Tcp(address) => bind_tcp(*address, workers),
            Self::Unix(path) => {
                unix::bind(path).and_then(|(listener, file)| share(&listener, file, workers))
            }
        };
        bound.map_err(|source| BindError {
            setting: setting.to_owned(),
            address: self.clone(),
            source,
        })
    }
}

impl Bound {
    /// Where it listens; with the port that the system chose, if it was 0.
    #[must_use]
    pub const fn local_addr(&self) -> &Address {
        &self.address
    }

    /// One share for each worker, in no order.
    #[must_use]
    pub fn into_sockets(self) -> Vec<Socket> {
        self.sockets
    }
}

impl Socket {
    /// Ties it to the runtime that this is called in.
    ///
    /// # Errors
    /// If the runtime cannot watch it.
    pub fn listen(self) -> io::Result<Listener> {
        Listener::new(self)
    }
}

fn bind_tcp(address: SocketAddr, workers: usize) -> io::Result<Bound> {
    if address.port() != 0 {
        // With SO_REUSEPORT a second instance would silently take half of the connections.
        // Without it the system says that the address is taken.
        tcp_socket(address, Sharing::Alone)?;
    }
    let first: TcpListener = listening(tcp_socket(address, Sharing::Workers)?)?;
    let chosen = first.local_addr()?;
    let mut sockets = vec![tcp_share(first)];
    for _ in 1..workers {
        sockets.push(tcp_share(listening(tcp_socket(chosen, Sharing::Workers)?)?));
    }
    Ok(Bound {
        address: Address::Tcp(chosen),
        sockets,
    })
}

/// Who else may be bound to the same address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    Workers,
}

fn tcp_socket(address: SocketAddr, sharing: Sharing) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Connections of a former instance that linger in TIME_WAIT are no reason not to start.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == Sharing::Workers)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

fn listening(socket: socket2::Socket) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    // Whatever is accepted here inherits it. A client that reads nothing can hold a connection by
    // that no longer than this, however well its system answers.
    socket.set_tcp_user_timeout(Some(SEND_TIMEOUT))?;
    socket.listen(LISTEN_BACKLOG)?;
    Ok(socket.into())
}

const fn tcp_share(listener: TcpListener) -> Socket {
    Socket {
        kind: SocketKind::Tcp(listener),
        file: None,
    }
}

fn share(listener: &UnixListener, file: SocketFile, workers: usize) -> io::Result<Bound> {
    let address = Address::Unix(file.path().to_owned());
    let file = Arc::new(file);
    let sockets = (0..workers)
        .map(|_| {
            Ok(Socket {
                kind: SocketKind::Unix(listener.try_clone()?),
                file: Some(Arc::clone(&file)),
            })
        })
        .collect::<io::Result<_>>()?;
    Ok(Bound { address, sockets })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the standard library's list of errors grows"
)]
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what listens there or choose another address (port 0 takes a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        io::ErrorKind::PermissionDenied => {
            "; choose a port from 1024 up, or a directory that this user may write to"
        }
        io::ErrorKind::NotFound => "; create the directory first",
        _ => "",
    }
}
