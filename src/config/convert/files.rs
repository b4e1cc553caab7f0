//! The files that the configuration names: read once, to see that they are there and to tell one
//! configuration from the next.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config::problems::At;
use crate::config::raw::{self, FilePath, Written};
use crate::limits::KEY_SET_BYTES;
use crate::secret::SecretSource;
use crate::signature::sha256;

use super::Context;

/// The files named so far, with the SHA-256 of what they hold.
pub(in crate::config) struct Files<'t> {
    base_dir: &'t Path,
    read: Vec<(PathBuf, [u8; 32])>,
}

impl<'t> Files<'t> {
    pub(super) fn new(base_dir: &'t Path) -> Self {
        let read = Vec::new();
        Self { base_dir, read }
    }

    /// The path as the process has to open it.
    pub(super) fn resolve(&self, file: &FilePath) -> PathBuf {
        self.base_dir.join(&file.0)
    }

    /// The paths and digests of the files, in the order of the configuration.
    pub(in crate::config) fn into_read(self) -> Vec<(PathBuf, [u8; 32])> {
        self.read
    }

    fn remember(&mut self, path: PathBuf, content: &[u8]) {
        if self.read.iter().all(|(known, _)| *known != path) {
            self.read.push((path, sha256(content)));
        }
    }
}

impl Context<'_> {
    /// The path of a file and what it holds; an error if it cannot be read.
    pub(super) fn file(
        &mut self,
        at: &At<'_>,
        file: &Written<FilePath>,
    ) -> (PathBuf, Option<Vec<u8>>) {
        let path = self.files.resolve(&file.0);
        let read = check_size(&path).and_then(|()| {
            fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
        });
        match read {
            Ok(content) => {
                self.files.remember(path.clone(), &content);
                (path, Some(content))
            }
            Err(problem) => {
                self.problems.push(at, problem);
                (path, None)
            }
        }
    }

    /// Where a secret is, and the secret; an error if it is in no place or in two, or cannot be
    /// read.
    pub(super) fn secret(
        &mut self,
        at: &At<'_>,
        raw: &raw::Secret,
    ) -> Option<(SecretSource, Zeroizing<Vec<u8>>)> {
        let source = match (&raw.file, &raw.env, &raw.value) {
            (Some(file), None, None) => SecretSource::File(self.files.resolve(&file.0)),
            (None, Some(name), None) => SecretSource::Env(name.0.0.to_string()),
            (None, None, Some(text)) => SecretSource::Value(text.0.clone()),
            (None, None, None) => {
                let problem = "has no value: write one of {file: …}, {env: …}, {value: …}";
                self.problems.push(at, problem);
                return None;
            }
            _ => {
                let problem = "is given in two forms: keep one of `file`, `env` and `value`";
                self.problems.push(at, problem);
                return None;
            }
        };
        let (place, size) = match &source {
            SecretSource::File(path) => (at.key("file"), check_size(path)),
            SecretSource::Env(_) => (at.key("env"), Ok(())),
            SecretSource::Value(_) => (at.key("value"), Ok(())),
        };
        match size.and_then(|()| source.read()) {
            Ok(secret) if secret.is_empty() => {
                self.problems
                    .push(&place, "the secret is empty: provide one");
                None
            }
            Ok(secret) => {
                if let SecretSource::File(path) = &source {
                    self.files.remember(path.clone(), &secret);
                }
                Some((source, secret))
            }
            Err(problem) => {
                self.problems.push(&place, problem);
                None
            }
        }
    }
}

/// Refuses what is no file or larger than what is read while the service runs, before it is opened: a pipe would
/// never end.
fn check_size(path: &Path) -> Result<(), String> {
    let metadata = fs::metadata(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    if metadata.len() > KEY_SET_BYTES {
        return Err(format!(
            "{} is larger than {KEY_SET_BYTES} bytes: name the right file",
            path.display()
        ));
    }
    Ok(())
}
