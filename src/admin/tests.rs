use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::{
    Admin, CacheStatus, ConfigurationStatus, IssuerStatus, KeyStatus, Readiness, ReloadStatus,
    SourceStatus, Status, StatusSource, Version, serve,
};
use crate::listen::Address;
use crate::metrics::{Metrics, RefreshOutcome, ReloadOutcome};
use crate::refresh::KeysFrom;

#[tokio::test]
async fn every_endpoint_answers_get_and_head() {
    let instance = Instance::start(&[]).await;
    for (path, kind, contained) in [
        (
            "/metrics",
            "text/plain; version=0.0.4; charset=utf-8",
            "jotgate_panics_total 0",
        ),
        ("/livez", "text/plain; charset=utf-8", "ok"),
        ("/readyz", "text/plain; charset=utf-8", "ready"),
        ("/status", "application/json", r#""generation": 3"#),
        ("/version", "application/json", env!("CARGO_PKG_VERSION")),
    ] {
        let got = instance.ask("GET", path).await;
        assert_eq!(got.status, 200, "{path}");
        assert_eq!(got.header("content-type"), Some(kind), "{path}");
        assert_eq!(got.header("cache-control"), Some("no-store"), "{path}");
        assert!(got.body.contains(contained), "{path}: {}", got.body);

        let head = instance.ask("HEAD", path).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), Some(kind), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let instance = Instance::start(&[]).await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("POST", "/nothing", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/status", 405),
    ] {
        let got = instance.ask(method, path).await;
        assert_eq!(got.status, status, "{method} {path}");
        assert_eq!(got.header("content-type"), Some("application/problem+json"));
        assert_eq!(got.header("allow"), (status == 405).then_some("GET, HEAD"));
        let problem: serde_json::Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(problem["status"], status);
    }
}

#[tokio::test]
async fn readiness_names_the_issuers_it_waits_for_and_stays_once_reached() {
    let instance = Instance::start(&["corp", "partner"]).await;
    let readyz = async || {
        let got = instance.ask("GET", "/readyz").await;
        (got.status, got.body)
    };
    let starting = "starting: no keys yet of corp, partner\n".to_owned();
    assert_eq!(readyz().await, (503, starting));
    assert_eq!(instance.ask("GET", "/livez").await.status, 200);

    instance.wait_for_keys_of(&[]);
    assert_eq!(readyz().await, (200, "ready\n".to_owned()));
    instance.wait_for_keys_of(&["corp"]);
    assert_eq!(readyz().await, (200, "ready\n".to_owned()));

    instance.readiness.drain();
    assert_eq!(readyz().await, (503, "draining\n".to_owned()));
    assert_eq!(instance.ask("GET", "/livez").await.status, 200);
}

#[tokio::test]
async fn the_status_is_the_document_that_it_was_made_from() {
    let instance = Instance::start(&[]).await;
    let got = instance.ask("GET", "/status").await;
    let read: Status = serde_json::from_str(&got.body).unwrap();
    let expected = Status {
        version: Version::running(),
        state: "ready".to_owned(),
        ..example()
    };
    assert_eq!(read, expected);
    let document: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(document["issuers"][0]["keys"][0]["use"], "sig");
    assert_eq!(
        document["configuration"]["last_reload"]["outcome"],
        "refused"
    );
    assert_eq!(document["issuers"][0]["sources"][0]["outcome"], "failed");
}

#[test]
fn the_status_is_what_programs_rely_on_to_the_last_name() {
    let status = Status {
        version: Version {
            version: "0.0.0".to_owned(),
            commit: "abc".to_owned(),
        },
        state: "ready".to_owned(),
        ..example()
    };
    let text = serde_json::to_string_pretty(&status).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/status.json");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        text,
        fs::read_to_string(path).unwrap(),
        "UPDATE_GOLDEN=1 rewrites tests/golden/status.json"
    );
}

#[test]
fn a_status_of_another_version_is_read_as_far_as_it_goes() {
    let text = r#"{"version": "9.0.0", "unheard_of": {}, "issuers": [{"name": "corp"}]}"#;
    let read: Status = serde_json::from_str(text).unwrap();
    assert_eq!(read.version.version, "9.0.0");
    assert_eq!(read.issuers[0].name, "corp");
}

#[tokio::test]
async fn the_fill_of_the_cache_is_asked_for_at_each_scrape() {
    let instance = Instance::start(&[]).await;
    let text = instance.ask("GET", "/metrics").await.body;
    assert!(text.contains("jotgate_cache_entries 12\n"), "{text}");
    assert!(text.contains("jotgate_cache_bytes 3456\n"), "{text}");
}

#[tokio::test]
async fn clients_that_do_nothing_block_nobody_and_are_bounded() {
    let instance = Instance::start(&[]).await;
    let mut idle = Vec::new();
    for _ in 0..32 {
        idle.push(TcpStream::connect(instance.address).await.unwrap());
    }
    assert_eq!(instance.ask("GET", "/livez").await.status, 200);

    // One more than there may be: the oldest is closed without an answer, and a probe gets one.
    for _ in 0..33 {
        idle.push(TcpStream::connect(instance.address).await.unwrap());
    }
    let mut bytes = Vec::new();
    idle[0].read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.is_empty());
    assert_eq!(instance.ask("GET", "/livez").await.status, 200);
    drop(idle);
}

#[tokio::test]
async fn a_shutdown_ends_it_and_frees_the_port() {
    let instance = Instance::start(&[]).await;
    let address = instance.address;
    instance.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

struct Instance {
    address: SocketAddr,
    readiness: Arc<Readiness>,
    awaited: Arc<Mutex<Vec<String>>>,
    shutdown: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

struct Source(Arc<Mutex<Vec<String>>>);

impl StatusSource for Source {
    fn status(&self) -> Status {
        example()
    }

    fn cache(&self) -> CacheStatus {
        example().cache
    }

    fn awaited_issuers(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Instance {
    async fn start(awaited: &[&str]) -> Self {
        let address: Address = "127.0.0.1:0".parse().unwrap();
        let bound = address.bind("server.admin.listen", 1).unwrap();
        let &Address::Tcp(address) = bound.local_addr() else {
            panic!("bound to TCP");
        };
        let listener = bound.into_sockets().remove(0).listen().unwrap();
        let readiness = Arc::new(Readiness::new());
        let awaited = Arc::new(Mutex::new(owned(awaited)));
        let source = Source(Arc::clone(&awaited));
        let admin = Admin::new(Arc::new(Metrics::new()), Arc::clone(&readiness), source);
        let (shutdown, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, Arc::new(admin), async {
            let _ = stopped.await;
        }));
        Self {
            address,
            readiness,
            awaited,
            shutdown,
            served,
        }
    }

    fn wait_for_keys_of(&self, issuers: &[&str]) {
        *self.awaited.lock().unwrap() = owned(issuers);
    }

    async fn ask(&self, method: &str, path: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: admin\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        Answer::parse(&text)
    }

    async fn stop(self) {
        self.shutdown.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn example() -> Status {
    let key = KeyStatus {
        kid: Some("k1".to_owned()),
        alg: "ES256".to_owned(),
        usage: "sig".to_owned(),
        thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".to_owned(),
        age_seconds: Some(60),
    };
    let source = SourceStatus {
        source: "jwks_url https://idp.example.com/keys".to_owned(),
        last_fetch_at: Some(1_700_000_000),
        outcome: Some(RefreshOutcome::Failed),
        error: Some("timed out".to_owned()),
        last_success_at: Some(1_699_999_400),
        keys_from: Some(KeysFrom::StateDir),
        skipped: BTreeMap::from([("weak".to_owned(), 1)]),
        next_fetch_at: Some(1_700_000_010),
    };
    Status {
        now: 1_700_000_005,
        configuration: ConfigurationStatus {
            generation: 3,
            hash: "c0ffee".to_owned(),
            last_reload: Some(ReloadStatus {
                at: 1_700_000_000,
                outcome: ReloadOutcome::Refused,
                errors: vec!["rules[0].name: twice".to_owned()],
            }),
        },
        issuers: vec![IssuerStatus {
            name: "corp".to_owned(),
            issuer: "https://idp.example.com/".to_owned(),
            optional: false,
            keys: vec![key],
            sources: vec![source],
        }],
        cache: CacheStatus {
            entries: 12,
            bytes: 3456,
            max_bytes: 64 * 1024 * 1024,
        },
        ..Status::default()
    }
}
