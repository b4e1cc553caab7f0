use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Address, Bound, Stream};

const LOOPBACK: &str = "127.0.0.1:0";

#[test]
fn port_zero_becomes_one_port_for_all_workers() {
    let bound = bind(LOOPBACK, 3);
    let address = tcp(&bound);
    assert_ne!(address.port(), 0);
    let sockets = bound.into_sockets();
    assert_eq!(sockets.len(), 3);
    for socket in sockets {
        let super::bind::SocketKind::Tcp(listener) = socket.kind else {
            panic!("a TCP address gives TCP listeners");
        };
        assert_eq!(listener.local_addr().unwrap(), address);
    }
}

#[test]
fn every_worker_gets_connections() {
    let bound = bind(LOOPBACK, 2);
    let address = tcp(&bound);
    runtime().block_on(async {
        let mut sockets = bound.into_sockets().into_iter();
        let mut first = sockets.next().unwrap().listen().unwrap();
        let mut second = sockets.next().unwrap().listen().unwrap();
        let mut served = HashSet::new();
        // The kernel chooses by a hash of the ports: 2^-64 that one of two is never chosen.
        for _ in 0..64 {
            let _client = TcpStream::connect(address).unwrap();
            tokio::select! {
                stream = first.accept() => { stream.unwrap(); served.insert(1); }
                stream = second.accept() => { stream.unwrap(); served.insert(2); }
            }
        }
        assert_eq!(served.len(), 2);
    });
}

#[test]
fn accepted_tcp_connections_do_not_wait_to_fill_packets() {
    let bound = bind(LOOPBACK, 1);
    let address = tcp(&bound);
    runtime().block_on(async {
        let mut listener = bound.into_sockets().remove(0).listen().unwrap();
        let _client = TcpStream::connect(address).unwrap();
        let Stream::Tcp(stream) = listener.accept().await.unwrap() else {
            panic!("a TCP listener gives TCP streams");
        };
        assert!(stream.nodelay().unwrap());
    });
}

#[test]
fn whoever_came_before_the_end_is_accepted_and_nobody_comes_after_it() {
    let bound = bind(LOOPBACK, 1);
    let address = tcp(&bound);
    runtime().block_on(async {
        let mut listener = bound.into_sockets().remove(0).listen().unwrap();
        let mut earlier = TcpStream::connect(address).unwrap();
        listener.turn_away();
        // Not refused either: it will try again.
        let later = TcpStream::connect_timeout(&address, Duration::from_millis(50));
        assert_eq!(later.unwrap_err().kind(), ErrorKind::TimedOut);
        let mut accepted = listener.accept().await.unwrap();
        drop(listener);
        earlier.write_all(b"?").unwrap();
        accepted.read_u8().await.unwrap();
        accepted.write_all(b"!").await.unwrap();
        drop(accepted);
        let mut answer = String::new();
        earlier.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "!");
    });
}

#[test]
fn nobody_finds_a_unix_socket_that_is_to_end_once_all_workers_know() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grpc.sock");
    let bound = Address::Unix(path.clone()).bind("x", 2).unwrap();
    runtime().block_on(async {
        let listening = bound.into_sockets().into_iter();
        let mut listeners: Vec<_> = listening.map(|it| it.listen().unwrap()).collect();
        let _earlier = UnixStream::connect(&path).unwrap();
        listeners[0].turn_away();
        let _for_the_other = UnixStream::connect(&path).unwrap();
        listeners[1].turn_away();
        let later = UnixStream::connect(&path);
        assert_eq!(later.unwrap_err().kind(), ErrorKind::NotFound);
        for mut listener in listeners {
            listener.accept().await.unwrap();
        }
    });
}

#[test]
fn a_second_instance_on_the_same_port_is_refused_by_name() {
    let first = bind(LOOPBACK, 2);
    let address = first.local_addr();
    let error = address.bind("server.grpc.listen", 2).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("server.grpc.listen: "), "{text}");
    assert!(text.contains(&address.to_string()), "{text}");
    assert!(text.contains("choose another address"), "{text}");

    let address = address.clone();
    drop(first);
    address
        .bind("server.grpc.listen", 2)
        .expect("the port is free again");
}

#[test]
fn a_unix_socket_serves_bytes_on_every_share_and_its_file_goes_with_the_last() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grpc.sock");
    let bound = bind(&format!("unix://{}", path.display()), 2);
    assert_eq!(mode(&path), 0o660);
    runtime().block_on(async {
        let mut sockets = bound.into_sockets();
        for _ in 0..2 {
            let mut listener = sockets.remove(0).listen().unwrap();
            let mut client = UnixStream::connect(&path).unwrap();
            client.write_all(b"ping").unwrap();
            let mut stream = listener.accept().await.unwrap();
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"ping");
            stream.write_all(b"pong").await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "pong");
        }
    });
    assert!(!path.exists());
}

#[test]
fn a_stale_unix_socket_is_replaced_and_a_live_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stale.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "std leaves the file behind");
    let address = Address::Unix(path.clone());
    let live = address.bind("server.http.listen", 1).unwrap();

    let error = address.bind("server.http.listen", 1).unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    assert!(path.exists());
    drop(live);
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_never_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("precious");
    fs::write(&path, "keep").unwrap();
    let error = Address::Unix(path.clone())
        .bind("server.http.listen", 1)
        .unwrap_err();
    assert!(error.to_string().contains("no socket"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "keep");
}

#[test]
fn a_socket_of_a_successor_is_not_removed_by_its_predecessor() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grpc.sock");
    let bound = Address::Unix(path.clone()).bind("x", 1).unwrap();
    fs::rename(&path, directory.path().join("old.sock")).unwrap();
    let _successor = UnixListener::bind(&path).unwrap();
    drop(bound);
    assert!(path.exists());
}

fn bind(address: &str, workers: usize) -> Bound {
    let address: Address = address.parse().unwrap();
    address.bind("server.grpc.listen", workers).unwrap()
}

fn tcp(bound: &Bound) -> SocketAddr {
    match bound.local_addr() {
        Address::Tcp(address) => *address,
        Address::Unix(path) => panic!("not TCP: {}", path.display()),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
