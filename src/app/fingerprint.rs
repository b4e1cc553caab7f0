//! Whether files are still what they were when they were read.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::limits::KEY_SET_BYTES;
use crate::signature::sha256;

/// A digest that changes when one of `files` does. A file that cannot be read counts as empty: the
/// reload says what is wrong with it.
///
/// Of a large file only what the system says about it is looked at, because reading hundreds of
/// megabytes every other second costs more than it finds. Times have a grain, so a change after
/// `read_at`, when the files were begun to be read, might look like none. Such a file looks
/// different later on, and is read once more.
pub(super) fn fingerprint(files: &[PathBuf], read_at: SystemTime) -> [u8; 32] {
    let digests = files.iter().flat_map(|path| digest(path, read_at));
    sha256(&digests.collect::<Vec<u8>>())
}

fn digest(path: &Path, read_at: SystemTime) -> [u8; 32] {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > KEY_SET_BYTES => look(&metadata, read_at),
        Ok(_) | Err(_) => sha256(&fs::read(path).unwrap_or_default()),
    }
}

/// What tells one file, and one state of it, from another. `ctime` cannot be set back, as `mtime`
/// is by those who copy files with their times.
fn look(metadata: &Metadata, read_at: SystemTime) -> [u8; 32] {
    let changed = Duration::from_secs(metadata.ctime().try_into().unwrap_or(0));
    let is_settled = UNIX_EPOCH + changed + GRAIN < read_at;
    let numbers = [
        metadata.dev().to_ne_bytes(),
        metadata.ino().to_ne_bytes(),
        metadata.size().to_ne_bytes(),
        metadata.mtime().to_ne_bytes(),
        metadata.mtime_nsec().to_ne_bytes(),
        metadata.ctime().to_ne_bytes(),
        metadata.ctime_nsec().to_ne_bytes(),
        u64::from(is_settled).to_ne_bytes(),
    ];
    sha256(numbers.as_flattened())
}

/// More than any file system's times are apart from the clock.
const GRAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::fingerprint;

    fn write(path: &Path, byte: u8, bytes: usize) {
        fs::write(path, vec![byte; bytes]).expect("written");
    }

    #[test]
    fn a_change_is_seen_whatever_the_size_and_however_it_is_made() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = |name: &str| directory.path().join(name);
        let files = [path("file")];
        let later = SystemTime::now() + Duration::from_secs(60);
        for bytes in [10, 2 << 20] {
            for (name, byte) in [("one", b'1'), ("two", b'2')] {
                write(&path(name), byte, bytes);
            }
            symlink(path("one"), path("file")).expect("linked");
            let one = fingerprint(&files, later);
            assert_eq!(fingerprint(&files, later), one, "{bytes}");
            symlink(path("two"), path("new")).expect("linked");
            fs::rename(path("new"), path("file")).expect("renamed");
            let two = fingerprint(&files, later);
            assert_ne!(two, one, "{bytes}");
            // The same file of the same size; its time is set, because that of the system has a
            // grain.
            write(&path("two"), b'3', bytes);
            let file = File::options().write(true).open(path("two"));
            file.expect("opened").set_modified(later).expect("set");
            assert_ne!(fingerprint(&files, later), two, "{bytes}");
            fs::remove_file(path("file")).expect("removed");
            assert_ne!(fingerprint(&files, later), two, "{bytes}");
        }
    }

    #[test]
    fn a_large_file_that_is_read_while_it_is_fresh_is_read_once_more() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let files = [directory.path().join("file")];
        let now = SystemTime::now();
        for (bytes, is_same) in [(10, true), (2 << 20, false)] {
            write(&files[0], b'1', bytes);
            let fresh = fingerprint(&files, now);
            let settled = fingerprint(&files, now + Duration::from_secs(60));
            assert_eq!(fresh == settled, is_same, "{bytes}");
        }
    }
}
