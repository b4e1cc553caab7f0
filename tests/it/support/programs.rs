//! Other people's programs: found, run in a directory of their own, ended with the test.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jotgate::listen::Address;
use tempfile::TempDir;

use super::http::Connection;
use super::wait;

/// Where `program` is: named by the variable, in the path, or put into `.tools` by `scripts/test`.
///
/// # Panics
///
/// If it is nowhere. A test that needs it must fail, not pass unseen.
pub fn find(program: &str, variable: &str) -> PathBuf {
    if let Some(named) = env::var_os(variable) {
        return named.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        // Debian puts servers where only root looks.
        .chain(["/usr/sbin".into(), root.join(".tools/venv/bin")])
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!("{program} is needed: run scripts/test, which installs it, or set {variable}")
        })
}

/// What `scripts/test` put at `path` within `.tools`, or what the variable names.
///
/// # Panics
///
/// If it is not there, as [`find`].
pub fn installed(path: &str, variable: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = root.join(".tools").join(path);
    let found = env::var_os(variable).map_or(installed, PathBuf::from);
    let place = found.display();
    assert!(
        found.exists(),
        "{place} is needed: run scripts/test install, or set {variable}"
    );
    found
}

/// A gateway under test: a foreign server that listens on a Unix socket in its own directory, so
/// that no port has to be guessed.
pub struct Gateway {
    child: Child,
    directory: TempDir,
}

impl Gateway {
    /// Writes `config` to a file of that name and runs what `command` makes of the directory.
    pub fn start(
        config: impl FnOnce(&Path) -> String,
        command: impl FnOnce(&Path, &Path) -> Command,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory for a gateway");
        let file = directory.path().join("gateway.conf");
        fs::write(&file, config(directory.path())).expect("the directory can be written to");
        let log = File::create(directory.path().join("log")).expect("so can its log");
        let child = command(directory.path(), &file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file has two handles"))
            .stderr(log)
            .spawn()
            .expect("the program runs");
        let mut gateway = Self { child, directory };
        gateway.wait_until_it_listens();
        gateway
    }

    pub fn address(&self) -> Address {
        Address::Unix(socket(self.directory.path()))
    }

    fn wait_until_it_listens(&mut self) {
        let address = self.address();
        wait::until("a gateway listens", || {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                let log = fs::read_to_string(self.directory.path().join("log"));
                panic!(
                    "the gateway ended with {status}: {}",
                    log.unwrap_or_default()
                );
            }
            Connection::open(&address).ok()
        });
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The socket on which a gateway in `directory` listens.
pub fn socket(directory: &Path) -> PathBuf {
    directory.join("gateway.sock")
}
