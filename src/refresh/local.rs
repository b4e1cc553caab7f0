//! Sources on this machine: key set files, inline sets, PEM keys, secrets.
//!
//! Files are followed by reading them every two seconds and comparing the content. Notifications
//! of the kernel were tried elsewhere and found wanting: they watch inodes, and so miss the
//! symlink swap of a Kubernetes mount, network file systems and bind mounts; reading a few
//! kilobytes costs nothing and misses none of these.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::ring::Ring;
use super::settings::{Encoding, SourceKind};
use super::source::SourceError;
use super::status::KeysFrom;
use crate::keys::{JwkPolicy, ParsedKeys, SkippedKeys, parse_jwk_set, parse_pem, secret_key};
use crate::limits::KEY_SET_BYTES;
use crate::secret::SecretSource;
use crate::signature::{AlgorithmSet, sha256};

/// A source that can be read at once.
#[derive(Clone)]
pub(super) struct LocalSource {
    kind: SourceKind,
    policy: JwkPolicy,
}

impl LocalSource {
    /// The source, unless it needs a network.
    #[must_use]
    pub(super) fn new(kind: &SourceKind, allowed: AlgorithmSet) -> Option<Self> {
        match kind {
            SourceKind::Discovery(_) | SourceKind::Own | SourceKind::Url(..) => None,
            SourceKind::File(_)
            | SourceKind::Inline(_)
            | SourceKind::Pem { .. }
            | SourceKind::Secret { .. } => Some(Self {
                kind: kind.clone(),
                policy: JwkPolicy::local(allowed),
            }),
        }
    }

    /// Reads its keys now.
    ///
    /// # Errors
    /// If it cannot be read, or has no usable key.
    pub(super) fn load(&self) -> Result<ParsedKeys, SourceError> {
        self.parse(&self.read()?)
    }

    /// Whether it may change while we run.
    const fn is_file(&self) -> bool {
        match &self.kind {
            SourceKind::File(_) => true,
            SourceKind::Pem { source, .. } | SourceKind::Secret { source, .. } => {
                matches!(source, SecretSource::File(_))
            }
            SourceKind::Discovery(_)
            | SourceKind::Inline(_)
            | SourceKind::Own
            | SourceKind::Url(..) => false,
        }
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>, SourceError> {
        match &self.kind {
            SourceKind::File(path) => read_file(path).map(Zeroizing::new),
            SourceKind::Inline(json) => Ok(Zeroizing::new(json.as_bytes().to_vec())),
            SourceKind::Pem { source, .. } | SourceKind::Secret { source, .. } => {
                source.read().map_err(SourceError::SecretUnreadable)
            }
            SourceKind::Discovery(_) | SourceKind::Own | SourceKind::Url(..) => {
                unreachable!("`new` takes no source that has to be waited for")
            }
        }
    }

    fn parse(&self, content: &[u8]) -> Result<ParsedKeys, SourceError> {
        let key = match &self.kind {
            SourceKind::File(_)
            | SourceKind::Inline(_)
            | SourceKind::Discovery(_)
            | SourceKind::Own
            | SourceKind::Url(..) => return Ok(parse_jwk_set(content, &self.policy)?),
            SourceKind::Pem { id, algorithm, .. } => {
                parse_pem(content, id.as_deref(), *algorithm, self.policy.rsa)?
            }
            SourceKind::Secret {
                id,
                algorithm,
                encoding,
                ..
            } => {
                let secret = decode(content, *encoding)?;
                secret_key(id.as_deref(), *algorithm, &secret).map_err(SourceError::Secret)?
            }
        };
        Ok(ParsedKeys {
            keys: vec![key],
            skipped: SkippedKeys::default(),
        })
    }
}

/// A local source and its place in the ring.
pub(super) struct Follower {
    source: LocalSource,
    ring: Arc<Ring>,
    index: usize,
    /// SHA-256 of the content that is in force.
    in_force: Option<[u8; 32]>,
    /// What was wrong the last time, so that it is told once and not every two seconds.
    error: Option<String>,
}

impl Follower {
    /// Nothing was seen yet.
    pub(super) fn new(source: LocalSource, ring: Arc<Ring>, index: usize) -> Self {
        Self {
            source,
            ring,
            index,
            in_force: None,
            error: None,
        }
    }

    /// Looks once. A content that is in force already is confirmed without a word.
    pub(super) fn look(&mut self) {
        let began = Instant::now();
        let content = self.source.read();
        let hash = content.as_ref().ok().map(|content| sha256(content));
        if hash.is_some() && hash == self.in_force && self.ring.confirm(self.index) {
            return;
        }
        let result = content
            .and_then(|content| self.source.parse(&content))
            .map(|parsed| {
                let now = self.ring.now();
                self.ring
                    .delivered(self.index, parsed, KeysFrom::Source, now)
            });
        let error = result.as_ref().err().map(ToString::to_string);
        if error.is_none() {
            self.in_force = hash;
        }
        if error.is_none() || error != self.error {
            let result = result.as_ref().copied();
            self.ring.fetched(self.index, began.elapsed(), result);
        }
        self.error = error;
        self.ring.expire(self.index);
    }

    /// Looks until the end of days, if the source may change.
    pub(super) async fn follow(mut self) {
        while self.source.is_file() {
            self.ring.planned(self.index, FILE_LOOK_EVERY);
            tokio::time::sleep(FILE_LOOK_EVERY).await;
            // Off the thread that everything else of the control plane shares: a network file
            // system may take its time.
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(follower) => self = follower,
                Err(_) => return,
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SourceError> {
    let failed = |error| SourceError::File {
        path: path.display().to_string(),
        error,
    };
    let file = File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    file.take(KEY_SET_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 > KEY_SET_BYTES {
        return Err(SourceError::TooLarge(KEY_SET_BYTES));
    }
    Ok(content)
}

fn decode(content: &[u8], encoding: Encoding) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    encoding.decode(content).ok_or(match encoding {
        Encoding::Raw => SourceError::SecretEncoding("raw bytes"),
        Encoding::Base64 => SourceError::SecretEncoding("base64"),
        Encoding::Base64Url => SourceError::SecretEncoding("base64url without padding"),
    })
}

const FILE_LOOK_EVERY: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
