//! Hashes of clients' secrets: argon2id and bcrypt, checked on threads of their own.
//!
//! To check one takes tens of milliseconds and megabytes, on purpose: on the data plane that would
//! hold up every decision. So there are few threads, a short queue, and a clear no when it is full.

use std::fmt;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use bcrypt::HashParts;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::limits::{BCRYPT_COST, HASH_MEMORY_KIB, HASH_PASSES, HASHES_QUEUED, HASHING_THREADS};
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
pub(super) struct Hashing(SyncSender<Job>);

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

struct Job {
    hash: Arc<SecretHash>,
    /// The ways to read what was sent: one of them has to match.
    secrets: Vec<Zeroizing<Vec<u8>>>,
    reply: oneshot::Sender<bool>,
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
        Self(sender)
    }

    /// Whether one of `secrets` matches `hash`.
    pub(super) async fn check(
        &self,
        hash: Arc<SecretHash>,
        secrets: Vec<Zeroizing<Vec<u8>>>,
    ) -> Result<bool, Busy> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            hash,
            secrets,
            reply,
        };
        match self.0.try_send(job) {
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
        let mut secrets = job.secrets.iter();
        let _ = job
            .reply
            .send(secrets.any(|secret| job.hash.matches(secret)));
    }
}

#[cfg(test)]
mod tests {
    use super::{HashError, SecretHash};

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
