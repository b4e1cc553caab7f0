//! The files that the configuration names: read once, to see that they are there and to tell one
//! configuration from the next.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config::problems::At;
use crate::config::raw::{self, FilePath, Written};
use crate::limits::KEY_SET_BYTES;
use crate::secret::SecretSource;
use crate::signature::{Sha256, sha256};

use super::Context;

/// The files named so far, with the SHA-256 of what they hold.
pub(in crate::config) struct Files<'t> {
    base_dir: &'t Path,
    read: Vec<(PathBuf, [u8; 32])>,
    known: HashSet<PathBuf>,
}

impl<'t> Files<'t> {
    pub(super) fn new(base_dir: &'t Path) -> Self {
        Self {
            base_dir,
            read: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// The path as the process has to open it.
    pub(super) fn resolve(&self, file: &FilePath) -> PathBuf {
        self.base_dir.join(&file.0)
    }

    /// The paths and digests of the files, in the order of the configuration.
    pub(in crate::config) fn into_read(self) -> Vec<(PathBuf, [u8; 32])> {
        self.read
    }

    /// Adds a file, unless it is known.
    pub(super) fn remember(&mut self, path: PathBuf, digest: [u8; 32]) {
        if self.known.insert(path.clone()) {
            self.read.push((path, digest));
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
        let read = check_size(&path, KEY_SET_BYTES).and_then(|()| {
            fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
        });
        match read {
            Ok(content) => {
                self.files.remember(path.clone(), sha256(&content));
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
            SecretSource::File(path) => (at.key("file"), check_size(path, KEY_SET_BYTES)),
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
                    self.files.remember(path.clone(), sha256(&secret));
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

/// A reader that takes the SHA-256 of what goes through it.
pub(super) struct Digesting<R> {
    reader: R,
    digest: Sha256,
}

impl<R: Read> Digesting<R> {
    pub(super) fn new(reader: R) -> Self {
        let digest = Sha256::new();
        Self { reader, digest }
    }

    /// Of everything that was read.
    pub(super) fn digest(self) -> [u8; 32] {
        self.digest.finish()
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }
}

/// Refuses what is no file or larger than `bytes_max`, before it is opened: a pipe would never
/// end.
pub(super) fn check_size(path: &Path, bytes_max: u64) -> Result<(), String> {
    let metadata = fs::metadata(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    if metadata.len() > bytes_max {
        return Err(format!(
            "{} is larger than {bytes_max} bytes: name the right file",
            path.display()
        ));
    }
    Ok(())
}
