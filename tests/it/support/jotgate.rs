//! The binary under test, as a process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use jotgate::listen::Address;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::Request;
use super::wait;

/// `jotgate serve` with a configuration of its own, on ports of its own.
pub struct Jotgate {
    child: Child,
    addresses: BTreeMap<String, Address>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    directory: TempDir,
    /// The part of the configuration that stays.
    server: Value,
}

impl Jotgate {
    /// Starts it and waits until it listens. `config` needs no `server`.
    pub fn start(config: Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory for jotgate");
        Self::start_in(
            directory,
            config,
            &json!("127.0.0.1:0"),
            &json!("127.0.0.1:0"),
        )
    }

    /// The same, with `grpc` and `http` on Unix sockets.
    pub fn start_on_unix_sockets(config: Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory for jotgate");
        let socket = |name: &str| {
            let path = directory.path().join(name);
            json!(format!("unix://{}", path.display()))
        };
        let (grpc, http) = (socket("grpc.sock"), socket("http.sock"));
        Self::start_in(directory, config, &grpc, &http)
    }

    /// Starts it and waits until every issuer has its keys.
    pub fn start_ready(config: Value) -> Self {
        let jotgate = Self::start(config);
        jotgate.wait_until_ready();
        jotgate
    }

    /// The same in a world that `wrap` makes: it is given the command's own words, and returns a
    /// command that becomes it.
    pub fn start_within(config: Value, wrap: impl FnOnce(&Command) -> Command) -> Self {
        let directory = tempfile::tempdir().expect("a directory for jotgate");
        let any = json!("127.0.0.1:0");
        Self::start_wrapped(directory, config, &any, &any, wrap)
    }

    fn start_in(directory: TempDir, config: Value, grpc: &Value, http: &Value) -> Self {
        let itself = |command: &Command| {
            let mut same = self::command();
            same.args(command.get_args());
            same
        };
        Self::start_wrapped(directory, config, grpc, http, itself)
    }

    fn start_wrapped(
        directory: TempDir,
        mut config: Value,
        grpc: &Value,
        http: &Value,
        wrap: impl FnOnce(&Command) -> Command,
    ) -> Self {
        let server = &mut config["server"];
        if server.is_null() {
            *server = json!({});
        }
        server["grpc"]["listen"] = grpc.clone();
        server["http"]["listen"] = http.clone();
        server["admin"]["listen"] = json!("127.0.0.1:0");
        let server = server.clone();
        let file = directory.path().join(CONFIG_FILE);
        // JSON is YAML.
        fs::write(&file, config.to_string()).expect("the directory can be written to");

        let mut serve = command();
        serve.args(["serve", "--config"]).arg(&file);
        let mut child = wrap(&serve)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test runs");
        let stderr = child.stderr.take().expect("it is piped");
        let log = Arc::default();
        let reader = Some(follow(stderr, Arc::clone(&log)));
        let addresses = BTreeMap::new();
        let mut jotgate = Self {
            child,
            addresses,
            log,
            reader,
            directory,
            server,
        };
        jotgate.wait_until_it_listens();
        jotgate
    }

    pub fn grpc(&self) -> &Address {
        &self.addresses["grpc"]
    }

    pub fn http(&self) -> &Address {
        &self.addresses["http"]
    }

    pub fn admin(&self) -> &Address {
        &self.addresses["admin"]
    }

    /// Whether every issuer has its keys.
    pub fn is_ready(&self) -> bool {
        Request::get("/readyz").send(self.admin()).status == 200
    }

    pub fn wait_until_ready(&self) {
        wait::until("jotgate is ready", || self.is_ready().then_some(()));
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("the reader never panics").clone()
    }

    /// Asks it to end: SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Puts another configuration into the place of its file, at once, and says so: SIGHUP.
    /// `config` needs no `server`: that stays.
    pub fn reconfigure(&self, mut config: Value) {
        config["server"] = self.server.clone();
        let file = self.directory.path().join(CONFIG_FILE);
        let edited = file.with_extension("edited");
        fs::write(&edited, config.to_string()).expect("the directory can be written to");
        fs::rename(&edited, &file).expect("in the same directory");
        self.signal("-HUP");
    }

    /// What `/status` says.
    pub fn status(&self) -> Value {
        Request::get("/status").send(self.admin()).json()
    }

    /// The value of one series, named with its labels as in `/metrics`.
    pub fn metric(&self, series: &str) -> u64 {
        let metrics = Request::get("/metrics").send(self.admin()).text();
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("no count of {series} in\n{metrics}"))
    }

    /// The most memory that it had at any time, in KiB (`VmHWM`, proc(5)).
    pub fn memory_peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.id());
        let status = fs::read_to_string(path).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        peak.and_then(|peak| peak.parse().ok())
            .expect("Linux tells it in kB")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("there is a kill command").success());
    }

    /// Ends it at once: SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is a child");
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let status = wait::until("jotgate ends", || {
            self.child.try_wait().expect("it is a child")
        });
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader never panics");
        }
        status
    }

    fn wait_until_it_listens(&mut self) {
        self.addresses = wait::until("jotgate listens", || {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                panic!("jotgate ended with {status}: {}", self.log());
            }
            let addresses: BTreeMap<_, _> = self.log().lines().filter_map(listening).collect();
            (addresses.len() == LISTENERS).then_some(addresses)
        });
    }
}

impl Drop for Jotgate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("jotgate logged:\n{}", self.log());
        }
    }
}

/// The binary, without anything of the environment that could change what it does.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jotgate"));
    command.env_remove("JOTGATE_CONFIG").env_remove("RUST_LOG");
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    command
}

/// Listener and address, if the line of the log tells of one.
fn listening(line: &str) -> Option<(String, Address)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    let event = fields.get("event").or_else(|| fields.get("message"))?;
    let text = |name: &str| fields.get(name)?.as_str();
    (event == "listening")
        .then(|| Some((text("listener")?.to_owned(), text("address")?.parse().ok()?)))
        .flatten()
}

fn follow(stderr: ChildStderr, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("no reader of it panics");
            log.push_str(&line);
            log.push('\n');
        }
    })
}

const CONFIG_FILE: &str = "config.yaml";
/// `grpc`, `http` and `admin`.
const LISTENERS: usize = 3;
