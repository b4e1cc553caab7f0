use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::{ShowStatus, print, size};
use crate::admin::{
    Admin, CacheStatus, ConfigurationStatus, IssuerStatus, KeyStatus, Readiness, ReloadStatus,
    SourceStatus, Status, StatusSource, Version, serve,
};
use crate::cli::Exit;
use crate::listen::Address;
use crate::metrics::{Metrics, RefreshOutcome, ReloadOutcome};
use crate::refresh::KeysFrom;

#[test]
fn the_tables_show_issuers_keys_sources_cache_and_generation() {
    let mut out = Vec::new();
    print(&example(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, EXPECTED);
}

#[test]
fn a_running_instance_is_asked_over_tcp_and_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = Address::Unix(directory.path().join("admin.sock"));
    for address in ["127.0.0.1:0".parse().unwrap(), socket] {
        let running = Running::start(&address);
        let mut out = Vec::new();
        let command = ShowStatus {
            admin: running.address.clone(),
        };
        assert_eq!(command.run(&mut out).unwrap(), Exit::Good);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("generation 3, hash c0ffee"), "{text}");
        assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
        running.stop();
    }
}

#[test]
fn where_nobody_answers_the_failure_says_so_and_ends_with_3() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(free.local_addr().unwrap());
    drop(free);
    let command = ShowStatus {
        admin: address.clone(),
    };
    let failure = command.run(&mut Vec::new()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Undecided);
    let text = failure.to_string();
    assert!(text.contains(&address.to_string()), "{text}");
    assert!(text.contains("cannot connect"), "{text}");
}

#[test]
fn whatever_is_not_an_admin_listener_is_named_as_such() {
    use std::io::Write as _;
    for answer in [
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
        "SSH-2.0-OpenSSH_9.9\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = Address::Tcp(listener.local_addr().unwrap());
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            // Kept open until the client has gone.
            let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
        });
        let failure = ShowStatus { admin }.run(&mut Vec::new()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Undecided, "{answer}");
        assert!(failure.to_string().contains("is it the admin listener?"));
        other.join().unwrap();
    }
}

#[test]
fn sizes_are_in_the_largest_unit_that_fits() {
    for (bytes, text) in [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (3482, "3.4 KiB"),
        (64 << 20, "64 MiB"),
        (3 << 29, "1.5 GiB"),
    ] {
        assert_eq!(size(bytes), text);
    }
}

struct Running {
    address: Address,
    shutdown: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

struct Source;

impl StatusSource for Source {
    fn status(&self) -> Status {
        example()
    }

    fn cache(&self) -> CacheStatus {
        example().cache
    }

    fn awaited_issuers(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Running {
    fn start(address: &Address) -> Self {
        let bound = address.bind("server.admin.listen", 1).unwrap();
        let address = bound.local_addr().clone();
        let (shutdown, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = bound.into_sockets().remove(0).listen().unwrap();
                let readiness = Arc::new(Readiness::new());
                let admin = Admin::new(Arc::new(Metrics::new()), readiness, Source);
                let shutdown = async {
                    let _ = stopped.await;
                };
                serve(listener, Arc::new(admin), shutdown).await.unwrap();
            });
        });
        Self {
            address,
            shutdown,
            thread,
        }
    }

    fn stop(self) {
        self.shutdown.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

fn example() -> Status {
    let key = |kid: Option<&str>, alg: &str, thumbprint: &str| KeyStatus {
        kid: kid.map(str::to_owned),
        alg: alg.to_owned(),
        usage: "sig".to_owned(),
        thumbprint: thumbprint.to_owned(),
        age_seconds: Some(300),
    };
    let remote = SourceStatus {
        source: "jwks_url https://idp.example.com/keys".to_owned(),
        last_fetch_at: Some(1_700_000_000),
        last_success_at: Some(1_699_999_405),
        outcome: Some(RefreshOutcome::Failed),
        error: Some("503 Service Unavailable".to_owned()),
        keys_from: Some(KeysFrom::StateDir),
        skipped: BTreeMap::from([("use".to_owned(), 2), ("weak".to_owned(), 1)]),
        next_fetch_at: Some(1_700_000_015),
    };
    let inline = SourceStatus {
        source: "jwks".to_owned(),
        outcome: Some(RefreshOutcome::Updated),
        keys_from: Some(KeysFrom::Source),
        ..SourceStatus::default()
    };
    Status {
        version: Version {
            version: "0.1.0".to_owned(),
            commit: "abc".to_owned(),
        },
        state: "ready".to_owned(),
        now: 1_700_000_005,
        configuration: ConfigurationStatus {
            generation: 3,
            hash: "c0ffee".to_owned(),
            last_reload: Some(ReloadStatus {
                at: 1_700_000_000,
                outcome: ReloadOutcome::Refused,
                errors: vec!["cache.ttl: not a duration".to_owned()],
            }),
        },
        issuers: vec![
            IssuerStatus {
                name: "corp".to_owned(),
                issuer: "https://idp.example.com/".to_owned(),
                optional: false,
                keys: vec![
                    key(Some("k1"), "ES256", "NzbLsXh8uDCcd"),
                    key(None, "Ed25519", "kPrK_qmxVWaYVA9wwBF6I"),
                ],
                sources: vec![remote, inline],
            },
            IssuerStatus {
                name: "partner".to_owned(),
                issuer: "partner".to_owned(),
                optional: true,
                ..IssuerStatus::default()
            },
        ],
        cache: CacheStatus {
            entries: 12,
            bytes: 3482,
            max_bytes: 64 << 20,
        },
    }
}

const EXPECTED: &str = "\
state          ready
version        0.1.0 (abc)
configuration  generation 3, hash c0ffee
last reload    refused 5 seconds ago; the configuration before it is still in force
               cache.ttl: not a duration
cache          12 tokens, 3.4 KiB of 64 MiB

issuer corp (https://idp.example.com/): 2 keys
  KID  ALG      THUMBPRINT             AGE
  k1   ES256    NzbLsXh8uDCcd          5 minutes
  -    Ed25519  kPrK_qmxVWaYVA9wwBF6I  5 minutes
  SOURCE                                 LAST FETCH     LAST GOOD       NEXT FETCH     KEYS FROM  SKIPPED        OUTCOME
  jwks_url https://idp.example.com/keys  5 seconds ago  10 minutes ago  in 10 seconds  state_dir  2 use, 1 weak  failed: 503 Service Unavailable
  jwks                                   -              -               -              source     -              updated

issuer partner (partner): no keys, its tokens are refused, optional
";
