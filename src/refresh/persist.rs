//! The last good key set of a source on disk, so that a restart needs no identity provider.
//!
//! One file a source, written whole and renamed into place, with a checksum over everything that
//! is believed when it is read. A damaged file is no error: it is as good as none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::signature::{fill_random, sha256};
use crate::time::UnixMillis;

/// Where one source's last good set is kept.
#[derive(Clone, Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// What the content belongs to; part of the checksum, so that a file moved to another issuer's
    /// name counts as damaged.
    identity: String,
}

/// A set that was good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SavedSet {
    /// When it was last confirmed by its source.
    pub(super) at: UnixMillis,
    /// The JSON text as it came.
    pub(super) json: Vec<u8>,
}

/// Why there is no saved set.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// The content is not what was written.
    #[error("damaged")]
    Damaged,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl StateFile {
    /// The file in `directory` for the source at `place` of `issuer`.
    #[must_use]
    pub(super) fn new(directory: &Path, issuer: &str, place: &str) -> Self {
        let identity = format!("{issuer}\n{place}");
        let name = hex(&sha256(identity.as_bytes())[..16]);
        Self {
            path: directory.join(format!("keys-{name}.jwks")),
            identity,
        }
    }

    /// Where it is.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The set that was saved last, if any was. At most `bytes_max` are read.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub(super) fn load(&self, bytes_max: u64) -> Result<Option<SavedSet>, LoadError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut content = Vec::new();
        file.take(bytes_max.saturating_add(HEADER_BYTES_MAX))
            .read_to_end(&mut content)?;
        self.parse(&content).map(Some).ok_or(LoadError::Damaged)
    }

    /// Removes what a process left that ended while it wrote.
    pub(super) fn tidy(&self) {
        let (Some(directory), Some(stem)) = (self.path.parent(), self.path.file_stem()) else {
            return;
        };
        let Ok(entries) = fs::read_dir(directory) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_ours = name.ends_with(".tmp") && name.starts_with(&*stem.to_string_lossy());
            let modified = entry.metadata().and_then(|it| it.modified());
            let age = modified.ok().and_then(|at| at.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > LEFT_BEHIND) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Replaces what was saved.
    ///
    /// # Errors
    /// If the directory cannot be written to; then the old content stays.
    pub(super) fn save(&self, at: UnixMillis, json: &[u8]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // Of its own for each who writes: instances may share the directory.
        let mut random = [0; 8];
        fill_random(&mut random);
        let temporary = self.path.with_extension(format!("{}.tmp", hex(&random)));
        let replaced = self
            .write(&temporary, at, json)
            .and_then(|()| fs::rename(&temporary, &self.path));
        if replaced.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        replaced?;
        File::open(directory)?.sync_all()
    }

    fn write(&self, path: &Path, at: UnixMillis, json: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{MAGIC} {} {}", at.0, self.checksum(at, json))?;
        file.write_all(json)?;
        // The content must be on disk before its name is: else a power cut leaves an empty file.
        file.sync_all()
    }

    fn parse(&self, content: &[u8]) -> Option<SavedSet> {
        let end = content.iter().position(|byte| *byte == b'\n')?;
        let (header, json) = (&content[..end], &content[end + 1..]);
        let header = std::str::from_utf8(header).ok()?.strip_prefix(MAGIC)?;
        let (at, checksum) = header.strip_prefix(' ')?.split_once(' ')?;
        let at = UnixMillis(at.parse().ok()?);
        (checksum == self.checksum(at, json)).then(|| SavedSet {
            at,
            json: json.to_vec(),
        })
    }

    fn checksum(&self, at: UnixMillis, json: &[u8]) -> String {
        let head = format!("{}\n{}\n", self.identity, at.0);
        hex(&sha256(&[head.as_bytes(), json].concat()))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nobody writes for so long.
const LEFT_BEHIND: Duration = Duration::from_secs(600);
const MAGIC: &str = "jotgate-keys-1";
const HEADER_BYTES_MAX: u64 = 256;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{LEFT_BEHIND, LoadError, SavedSet, StateFile};
    use crate::time::UnixMillis;

    const JSON: &[u8] = br#"{"keys":["a line\n"]}"#;
    const AT: UnixMillis = UnixMillis(1_767_225_600_123);

    fn saved(directory: &tempfile::TempDir) -> StateFile {
        let file = StateFile::new(directory.path(), "corp", "https://idp.example.com/keys");
        file.save(AT, JSON).expect("writable");
        file
    }

    #[test]
    fn a_saved_set_comes_back() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = saved(&directory);
        let set = file.load(1024).expect("readable").expect("saved");
        let json = JSON.to_vec();
        assert_eq!(set, SavedSet { at: AT, json });
        let other = StateFile::new(directory.path(), "other", "https://idp.example.com/keys");
        assert!(other.load(1024).expect("readable").is_none());
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = saved(&directory);
        let content = std::fs::read(file.path()).expect("readable");
        assert!(file.parse(&content).is_some());
        let damaged = |content: &[u8]| file.parse(content).is_none();
        for bit in 0..content.len() * 8 {
            let mut content = content.clone();
            content[bit / 8] ^= 1 << (bit % 8);
            assert!(damaged(&content), "bit {bit}");
        }
        for length in 0..content.len() {
            assert!(damaged(&content[..length]), "length {length}");
        }
    }

    #[test]
    fn what_was_left_half_written_is_removed_when_nobody_can_be_writing_it() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = saved(&directory);
        let left = |name: &str, age: Duration| {
            let path = file.path().with_extension(name);
            let created = std::fs::File::create(&path).expect("writable");
            let at = SystemTime::now() - age;
            created.set_modified(at).expect("ours");
            path
        };
        let old = left("0123456789abcdef.tmp", 2 * LEFT_BEHIND);
        let new = left("fedcba9876543210.tmp", Duration::ZERO);
        file.tidy();
        assert!(!old.exists() && new.exists() && file.path().exists());
    }

    #[test]
    fn another_issuers_file_is_damaged_under_this_ones_name() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = saved(&directory);
        let other = StateFile::new(directory.path(), "other", "https://idp.example.com/keys");
        std::fs::rename(file.path(), other.path()).expect("renamed");
        assert!(matches!(other.load(1024), Err(LoadError::Damaged)));
    }
}
