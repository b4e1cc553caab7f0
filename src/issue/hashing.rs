//! Hashes of clients' secrets: argon2id and bcrypt, checked on threads of their own.
//!
//! To check one takes tens of milliseconds and megabytes, on purpose: on the data plane that would
//! hold up every decision. So there are few threads, a short queue, and a clear no when it is full.

use std::fmt;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use bcrypt::HashParts;
use foldhash::quality::RandomState;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::limits::{
    BCRYPT_COST, HASH_MEMORY_KIB, HASH_PASSES, HASHES_OF_ADDRESS, HASHES_QUEUED, HASHING_THREADS,
};
use crate::signature::fill_random;

/// The hash of a secret. It says nothing of the secret, and is not shown all the same.
pub struct SecretHash(Scheme);

enum Scheme {
    Argon2(Box<PasswordHash>),
    Bcrypt(Box<str>),
}

/// Why a text is no hash that we check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Neither of the two, or broken.
    #[error("is not a hash of a secret: make one with `jotgate hash` (argon2id), or take bcrypt's")]
    Unknown,
    /// Every check would take seconds or gigabytes.
    #[error(
        "costs too much to check: at most {HASH_MEMORY_KIB} KiB and {HASH_PASSES} passes for \
         argon2id, {BCRYPT_COST} for bcrypt"
    )]
    Expensive,
}

impl SecretHash {
    /// The hash in `text`: a PHC string of argon2id, or bcrypt's own form (`$2b$…`).
    ///
    /// # Errors
    /// [`HashError`].
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.starts_with("$argon2id$") {
            let hash = PasswordHash::new(text).map_err(|_| HashError::Unknown)?;
            let params = Params::try_from(&hash).map_err(|_| HashError::Unknown)?;
            if hash.salt.is_none() || hash.hash.is_none() {
                return Err(HashError::Unknown);
            }
            if params.m_cost() > HASH_MEMORY_KIB || params.t_cost() > HASH_PASSES {
                return Err(HashError::Expensive);
            }
            return Ok(Self(Scheme::Argon2(Box::new(hash))));
        }
        if ["$2a$", "$2b$", "$2x$", "$2y$"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            let parts = HashParts::from_str(text).map_err(|_| HashError::Unknown)?;
            if parts.get_cost() > BCRYPT_COST {
                return Err(HashError::Expensive);
            }
            return Ok(Self(Scheme::Bcrypt(text.into())));
        }
        Err(HashError::Unknown)
    }

    /// Makes the argon2id hash of `secret`, as a PHC string.
    ///
    /// # Errors
    /// What the library says.
    pub fn make(secret: &[u8]) -> Result<String, String> {
        let mut salt = [0; 16];
        fill_random(&mut salt);
        let hash = Argon2::default().hash_password_with_salt(secret, &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| error.to_string())
    }

    /// Whether it is the hash of `secret`. Slow.
    fn matches(&self, secret: &[u8]) -> bool {
        match &self.0 {
            Scheme::Argon2(hash) => Argon2::default().verify_password(secret, &**hash).is_ok(),
            Scheme::Bcrypt(hash) => bcrypt::non_truncating_verify(secret, hash).unwrap_or(false),
        }
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            Scheme::Argon2(_) => "argon2id",
            Scheme::Bcrypt(_) => "bcrypt",
        })
    }
}

/// The threads.
pub(super) struct Hashing {
    jobs: SyncSender<Job>,
    waiting: Arc<Waiting>,
}

/// Who waits, so that the queue is not one client's alone.
struct Waiting {
    all: AtomicUsize,
    /// From each address, in buckets by a hash that nobody can foresee.
    of_addresses: [AtomicUsize; ADDRESS_BUCKETS],
    hasher: RandomState,
}

/// A place in the queue, until it is dropped.
struct Place {
    waiting: Arc<Waiting>,
    bucket: usize,
}

impl Waiting {
    /// A place for a request from `address`; none if it has its share already and the queue is half
    /// full. So whoever tries secrets without end leaves the other half to others.
    fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let bucket = self.hasher.hash_one(address) % (ADDRESS_BUCKETS as u64);
        let place = Place {
            waiting: Arc::clone(self),
            bucket: usize::try_from(bucket).unwrap_or_default(),
        };
        // Counted first, so that a refusal counts out what was counted in.
        let all = self.all.fetch_add(1, Ordering::Relaxed);
        let own = self.of_addresses[place.bucket].fetch_add(1, Ordering::Relaxed);
        (all < HASHES_QUEUED / 2 || own < HASHES_OF_ADDRESS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.all.fetch_sub(1, Ordering::Relaxed);
        self.waiting.of_addresses[self.bucket].fetch_sub(1, Ordering::Relaxed);
    }
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

struct Job {
    hash: Arc<SecretHash>,
    /// The ways to read what was sent: one of them has to match.
    secrets: Vec<Zeroizing<Vec<u8>>>,
    reply: oneshot::Sender<bool>,
    _place: Place,
}

impl Hashing {
    /// Starts the threads. They end when the last sender is gone.
    pub(super) fn start() -> Self {
        let (sender, receiver) = sync_channel(HASHES_QUEUED);
        let receiver = Arc::new(Mutex::new(receiver));
        for index in 0..HASHING_THREADS {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name(format!("jotgate-hash-{index}"));
            if let Err(error) = thread.spawn(move || work(&receiver)) {
                tracing::error!(%error, "a thread for hashing secrets cannot be made");
            }
        }
        Self {
            jobs: sender,
            waiting: Arc::new(Waiting {
                all: AtomicUsize::new(0),
                of_addresses: std::array::from_fn(|_| AtomicUsize::new(0)),
                hasher: RandomState::default(),
            }),
        }
    }

    /// Whether one of `secrets`, which came from `address`, matches `hash`.
    pub(super) async fn check(
        &self,
        hash: Arc<SecretHash>,
        secrets: Vec<Zeroizing<Vec<u8>>>,
        address: Option<IpAddr>,
    ) -> Result<bool, Busy> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            hash,
            secrets,
            reply,
            _place: self.waiting.enter(address).ok_or(Busy)?,
        };
        match self.jobs.try_send(job) {
            Ok(()) => answer.await.map_err(|_| Busy),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Whoever left does not cost anything any more.
        if job.reply.is_closed() {
            continue;
        }
        // The libraries are not ours: a panic in one must not end the thread.
        let matches = catch_unwind(AssertUnwindSafe(|| {
            job.secrets.iter().any(|secret| job.hash.matches(secret))
        }));
        let _ = job.reply.send(matches.unwrap_or(false));
    }
}

const ADDRESS_BUCKETS: usize = 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{HashError, Hashing, SecretHash};
    use crate::limits::{HASHES_OF_ADDRESS, HASHES_QUEUED};

    #[test]
    fn one_address_cannot_fill_the_whole_queue() {
        let waiting = Hashing::start().waiting;
        let mallory = Some([127, 0, 0, 2].into());
        let mut places: Vec<_> = (0..HASHES_QUEUED)
            .filter_map(|_| waiting.enter(mallory))
            .collect();
        assert_eq!(places.len(), HASHES_QUEUED / 2);
        // Two others, of which one may happen to share a bucket.
        let others = [3, 4].map(|last| waiting.enter(Some([127, 0, 0, last].into())));
        assert!(others.iter().any(Option::is_some));
        places.truncate(HASHES_OF_ADDRESS - 1);
        drop(others);
        assert!(waiting.enter(mallory).is_some());
        drop(places);
        assert_eq!(Arc::strong_count(&waiting), 1);
    }

    #[test]
    fn a_hash_matches_its_secret_and_no_other() {
        let argon2id = SecretHash::make(b"hunter2").expect("made");
        assert!(argon2id.starts_with("$argon2id$v=19$"), "{argon2id}");
        let bcrypt = bcrypt::hash("hunter2", 4).expect("made");
        for text in [argon2id, bcrypt] {
            let hash = SecretHash::parse(&text).expect("a hash");
            assert!(hash.matches(b"hunter2"));
            for wrong in ["", "hunter", "hunter22", "Hunter2"] {
                assert!(!hash.matches(wrong.as_bytes()), "{wrong}");
            }
            assert!(!format!("{hash:?}").contains('$'));
        }
    }

    #[test]
    fn what_is_no_hash_or_costs_too_much_is_refused() {
        let good = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$\
                    pS9rIhrD0xP6n0tP6nKU4RpYBjw5pCmVY3wH2HsF0Jk";
        assert!(SecretHash::parse(good).is_ok());
        for (text, error) in [
            ("hunter2", HashError::Unknown),
            ("", HashError::Unknown),
            ("$argon2id$v=19$m=19456,t=2,p=1", HashError::Unknown),
            (
                "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
                HashError::Unknown,
            ),
            ("$2b$10$short", HashError::Unknown),
            (&good.replace("19456", "4194304"), HashError::Expensive),
            (&good.replace("t=2", "t=99"), HashError::Expensive),
            (
                "$2b$20$abcdefghijklmnopqrstuuIC4hZ1Mz2vVPPRbTfOGZ8sYd8jYFW1O",
                HashError::Expensive,
            ),
        ] {
            assert_eq!(SecretHash::parse(text).err(), Some(error), "{text}");
        }
    }
}
