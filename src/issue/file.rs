//! Generated keys on disk: one file an algorithm, readable by its owner alone, written whole and
//! renamed into place, with a checksum.
//!
//! Other than a key set that was fetched, a damaged file is an error: to go on with fresh keys
//! would make every token that is out there invalid, and nobody would know why.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::key::NamedKey;
use super::schedule::{Life, Rotation};
use crate::limits::SIGNING_KEY_FILE_BYTES;
use crate::signature::{Algorithm, SigningError, SigningKey, sha256};
use crate::time::UnixMillis;

/// Where the generated keys of one algorithm are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyFile {
    path: PathBuf,
}

/// A generated key and its times.
#[derive(Clone, Debug)]
pub(super) struct Generated {
    pub(super) life: Life,
    pub(super) key: Arc<NamedKey>,
}

/// Why keys cannot be read, written or made. The texts hold nothing of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The content is not what was written.
    #[error(
        "{}: the file with signing keys is damaged: restore it, or remove it to begin with fresh \
         keys, which makes all tokens issued so far invalid", .0.display()
    )]
    Damaged(PathBuf),
    /// It cannot be read.
    #[error("{}: the file with signing keys cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It cannot be written.
    #[error(
        "{}: the file with signing keys cannot be written: {error}; the keys that are there go on",
        path.display()
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// No key could be made.
    #[error("a signing key cannot be made: {0}")]
    Signing(#[from] SigningError),
}

impl KeyFile {
    /// The file in `directory` for keys of `algorithm`.
    pub(super) fn new(directory: &Path, algorithm: Algorithm) -> Self {
        let name = format!("signing-{}.keys", algorithm.name());
        let path = directory.join(name);
        Self { path }
    }

    /// What was saved last; nothing if there is no file.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`].
    pub(super) fn read(&self) -> Result<Option<Saved>, KeysError> {
        let unreadable = |error| KeysError::Unreadable {
            path: self.path.clone(),
            error,
        };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let mut content = Zeroizing::new(Vec::new());
        file.take(SIGNING_KEY_FILE_BYTES)
            .read_to_end(&mut content)
            .map_err(unreadable)?;
        Ok(Some(Saved(content)))
    }

    /// The keys in what was saved, in the order of their times.
    ///
    /// # Errors
    /// [`KeysError::Damaged`].
    pub(super) fn parse(
        &self,
        saved: &Saved,
        algorithm: Algorithm,
    ) -> Result<Vec<Generated>, KeysError> {
        parse(&saved.0, algorithm).ok_or_else(|| KeysError::Damaged(self.path.clone()))
    }

    /// Replaces what was saved; returns what is there now.
    ///
    /// # Errors
    /// [`KeysError::Unwritable`]; then the old content stays.
    pub(super) fn save(&self, keys: &[Generated]) -> Result<Saved, KeysError> {
        let content = content(keys)?;
        self.replace(&content).map_err(self.unwritable())?;
        Ok(Saved(content))
    }

    /// Waits until no other process changes the file; none does until the result is dropped.
    ///
    /// # Errors
    /// [`KeysError::Unwritable`].
    pub(super) fn lock(&self) -> Result<File, KeysError> {
        self.try_lock().map_err(self.unwritable())
    }

    fn try_lock(&self) -> io::Result<File> {
        fs::create_dir_all(self.directory())?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.path.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn unwritable(&self) -> impl Fn(io::Error) -> KeysError {
        |error| KeysError::Unwritable {
            path: self.path.clone(),
            error,
        }
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        let directory = self.directory();
        fs::create_dir_all(directory)?;
        let temporary = self.path.with_extension("tmp");
        // One that an earlier process left may have other permissions.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(content)?;
        // The content must be on disk before its name is: else a power cut leaves an empty file.
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        File::open(directory)?.sync_all()
    }
}

/// The content of a file with keys. Only to be compared and parsed.
#[derive(PartialEq, Eq)]
pub(super) struct Saved(Zeroizing<Vec<u8>>);

impl fmt::Debug for Saved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Saved({} bytes)", self.0.len())
    }
}

#[derive(Deserialize, Serialize)]
struct Line {
    /// Milliseconds since 1970.
    known_from: i64,
    signs_from: i64,
    /// In milliseconds, as the next two.
    keep: u64,
    every: u64,
    told: u64,
    jwk: Value,
}

fn content(keys: &[Generated]) -> Result<Zeroizing<Vec<u8>>, SigningError> {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let saved = keys.iter().map(|generated| {
        Ok(Line {
            known_from: generated.life.known_from.0,
            signs_from: generated.life.signs_from.0,
            keep: millis(generated.life.keep),
            every: millis(generated.life.rotation.every),
            told: millis(generated.life.told),
            jwk: generated.key.to_private_jwk()?,
        })
    });
    let saved = saved.collect::<Result<Vec<_>, SigningError>>()?;
    let json = serde_json::to_vec(&saved).expect("numbers and JSON can be written as JSON");
    let json = Zeroizing::new(json);
    let mut content = Zeroizing::new(format!("{MAGIC} {}\n", checksum(&json)).into_bytes());
    content.extend_from_slice(&json);
    Ok(content)
}

fn parse(content: &[u8], algorithm: Algorithm) -> Option<Vec<Generated>> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let (header, json) = (&content[..end], &content[end + 1..]);
    let header = std::str::from_utf8(header).ok()?.strip_prefix(MAGIC)?;
    if header.strip_prefix(' ')? != checksum(json) {
        return None;
    }
    let saved: Vec<Line> = serde_json::from_slice(json).ok()?;
    let generated = |saved: Line| {
        let key = SigningKey::from_jwk(&saved.jwk).ok()?;
        let id = saved.jwk.get("kid").and_then(Value::as_str);
        (key.algorithm() == algorithm).then_some(())?;
        Some(Generated {
            life: Life {
                known_from: UnixMillis(saved.known_from),
                signs_from: UnixMillis(saved.signs_from),
                keep: Duration::from_millis(saved.keep),
                rotation: Rotation {
                    every: Duration::from_millis(saved.every),
                },
                told: Duration::from_millis(saved.told),
            },
            key: Arc::new(NamedKey::new(key, id).ok()?),
        })
    };
    let mut keys = saved
        .into_iter()
        .map(generated)
        .collect::<Option<Vec<_>>>()?;
    keys.sort_by_key(|generated| generated.life.signs_from);
    Some(keys)
}

fn checksum(json: &[u8]) -> String {
    let digest = sha256(json);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

const MAGIC: &str = "jotgate-signing-1";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Generated, KeyFile, KeysError, content, parse};
    use crate::issue::key::{NamedKey, is_publishable};
    use crate::issue::schedule::{Life, Rotation};
    use crate::signature::Algorithm;
    use crate::time::UnixMillis;

    fn generated(algorithm: Algorithm) -> Generated {
        Generated {
            life: Life {
                known_from: UnixMillis(1),
                signs_from: UnixMillis(2),
                keep: Duration::from_millis(3),
                rotation: Rotation {
                    every: Duration::from_millis(4),
                },
                told: Duration::from_millis(5),
            },
            key: Arc::new(NamedKey::generate(algorithm).expect("generated")),
        }
    }

    #[test]
    fn keys_of_every_algorithm_come_back_and_only_the_owner_may_read_them() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let algorithms = Algorithm::ALL.into_iter();
        for algorithm in algorithms.filter(|algorithm| is_publishable(*algorithm)) {
            let file = KeyFile::new(directory.path(), algorithm);
            assert!(file.read().expect("no file").is_none());
            let saved = generated(algorithm);
            let written = file.save(std::slice::from_ref(&saved)).expect("writable");
            let mode = std::fs::metadata(&file.path).expect("there").permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
            let read = file.read().expect("readable").expect("there");
            assert_eq!(read, written);
            let loaded = file.parse(&read, algorithm).expect("whole");
            assert_eq!(loaded[0].life, saved.life);
            assert_eq!(loaded[0].key.public(), saved.key.public());
            let wrong = if algorithm == Algorithm::Es256 {
                Algorithm::Es384
            } else {
                Algorithm::Es256
            };
            assert!(matches!(
                file.parse(&read, wrong),
                Err(KeysError::Damaged(_))
            ));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let content = content(&[generated(Algorithm::Ed25519)]).expect("written");
        assert!(parse(&content, Algorithm::Ed25519).is_some());
        for bit in 0..content.len() * 8 {
            let mut content = content.to_vec();
            content[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&content, Algorithm::Ed25519).is_none(), "bit {bit}");
        }
        for length in 0..content.len() {
            let cut = &content[..length];
            assert!(parse(cut, Algorithm::Ed25519).is_none(), "length {length}");
        }
    }

    #[test]
    fn what_cannot_be_written_says_where_and_leaves_the_old_content() {
        let directory = tempfile::tempdir().expect("temporary directory");
        // A file where the directory should be: nobody may write there, root included.
        let blocked = directory.path().join("file");
        std::fs::write(&blocked, "").expect("written");
        let file = KeyFile::new(&blocked.join("state"), Algorithm::Es256);
        let error = file.save(&[]).expect_err("no directory");
        assert!(
            error.to_string().contains("state/signing-ES256.keys"),
            "{error}"
        );
    }
}
