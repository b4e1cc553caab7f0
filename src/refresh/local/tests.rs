use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::keys::Completeness;
use crate::refresh::source::Label;
use crate::refresh::testing::{environment, jwk, jwk_set};

const P256: &str = include_str!("../../keys/pem/samples/p256_spki.pem");
const P384: &str = include_str!("../../keys/pem/samples/p384_spki.pem");

/// A follower that looks when it is told to.
struct Watched {
    ring: Arc<Ring>,
    follower: Follower,
}

impl Watched {
    fn new(kind: &SourceKind, max_stale: Option<Duration>) -> Self {
        let environment = environment();
        let label = Label {
            kind: "jwks_file",
            place: String::new(),
        };
        let ring = Arc::new(Ring::new(
            "corp",
            vec![(label, max_stale)],
            Duration::ZERO,
            &environment,
        ));
        let source = LocalSource::new(kind, AlgorithmSet::asymmetric()).expect("local");
        let follower = Follower::new(source, Arc::clone(&ring), 0);
        Self { ring, follower }
    }

    fn kids(&mut self) -> Vec<String> {
        self.follower.look();
        let set = self.ring.store().load();
        let kid = |key: &Arc<crate::keys::Key>| key.id().unwrap_or("").to_owned();
        set.keys().iter().map(kid).collect()
    }

    fn error(&self) -> Option<String> {
        self.ring.status().sources[0].last_error.clone()
    }
}

fn write(path: &Path, kids: &[&str]) {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    std::fs::write(path, jwk_set(&keys)).expect("writable");
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_followed_and_a_bad_one_is_told_and_changes_nothing() {
    let directory = TempDir::new().expect("temporary directory");
    let path = directory.path().join("keys.json");
    let mut watched = Watched::new(&SourceKind::File(path.clone()), None);
    assert_eq!(watched.kids(), [""; 0]);
    assert!(watched.error().is_some());
    write(&path, &["a"]);
    assert_eq!(watched.kids(), ["a"]);
    assert_eq!(watched.error(), None);
    let generation = watched.ring.store().load().generation();
    for bad in ["", "{", r#"{"keys":[]}"#] {
        std::fs::write(&path, bad).expect("writable");
        assert_eq!(watched.kids(), ["a"]);
        assert!(watched.error().is_some(), "{bad}");
    }
    std::fs::remove_file(&path).expect("was there");
    assert_eq!(watched.kids(), ["a"]);
    write(&path, &["a"]);
    assert_eq!(watched.kids(), ["a"]);
    assert_eq!(watched.ring.store().load().generation(), generation);
    write(&path, &["b"]);
    assert_eq!(watched.kids(), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn the_symlink_swap_of_a_kubernetes_mount_is_followed() {
    let directory = TempDir::new().expect("temporary directory");
    let inside = |name: &str| directory.path().join(name);
    for (version, kid) in [("..1", "old"), ("..2", "new")] {
        std::fs::create_dir(inside(version)).expect("created");
        write(&inside(version).join("keys.json"), &[kid]);
    }
    let link = std::os::unix::fs::symlink::<&str, _>;
    link("..1", inside("..data")).expect("linked");
    link("..data/keys.json", inside("keys.json")).expect("linked");
    let mut watched = Watched::new(&SourceKind::File(inside("keys.json")), None);
    assert_eq!(watched.kids(), ["old"]);
    link("..2", inside("..data_tmp")).expect("linked");
    std::fs::rename(inside("..data_tmp"), inside("..data")).expect("swapped");
    assert_eq!(watched.kids(), ["new"]);
}

#[tokio::test(start_paused = true)]
async fn a_pem_file_is_followed_too() {
    let directory = TempDir::new().expect("temporary directory");
    let path = directory.path().join("key.pem");
    std::fs::write(&path, P256).expect("writable");
    let kind = SourceKind::Pem {
        source: SecretSource::File(path.clone()),
        id: Some("k1".into()),
        algorithm: None,
    };
    let mut watched = Watched::new(&kind, None);
    assert_eq!(watched.kids(), ["k1"]);
    let thumbprint = |watched: &Watched| watched.ring.status().keys[0].thumbprint.clone();
    let before = thumbprint(&watched);
    std::fs::write(&path, P384).expect("writable");
    assert_eq!(watched.kids(), ["k1"]);
    assert_ne!(thumbprint(&watched), before);
}

#[tokio::test(start_paused = true)]
async fn the_loop_looks_by_itself() {
    let directory = TempDir::new().expect("temporary directory");
    let path = directory.path().join("keys.json");
    write(&path, &["old"]);
    let mut watched = Watched::new(&SourceKind::File(path.clone()), None);
    assert_eq!(watched.kids(), ["old"]);
    let store = Arc::clone(watched.ring.store());
    let task = tokio::spawn(watched.follower.follow());
    write(&path, &["new"]);
    crate::refresh::testing::eventually(|| store.load().keys()[0].id() == Some("new")).await;
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_for_longer_than_max_stale_takes_its_keys_along() {
    let directory = TempDir::new().expect("temporary directory");
    let path = directory.path().join("keys.json");
    write(&path, &["a"]);
    let mut watched = Watched::new(
        &SourceKind::File(path.clone()),
        Some(Duration::from_secs(60)),
    );
    assert_eq!(watched.kids(), ["a"]);
    // As long as it can be read it is not stale.
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(watched.kids(), ["a"]);
    std::fs::remove_file(&path).expect("was there");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(watched.kids(), [""; 0]);
    assert_eq!(
        watched.ring.store().load().completeness(),
        Completeness::Stale
    );
    write(&path, &["a"]);
    assert_eq!(watched.kids(), ["a"]);
}

#[test]
fn a_file_longer_than_the_bound_is_refused() {
    let directory = TempDir::new().expect("temporary directory");
    let path = directory.path().join("keys.json");
    let long = vec![b' '; usize::try_from(KEY_SET_BYTES).expect("fits") + 1];
    std::fs::write(&path, long).expect("writable");
    let source = LocalSource::new(&SourceKind::File(path), AlgorithmSet::asymmetric());
    let result = source.expect("local").load();
    assert!(matches!(result, Err(SourceError::TooLarge(KEY_SET_BYTES))));
}

#[test]
fn a_secret_is_decoded_as_the_configuration_says() {
    use crate::signature::Algorithm;
    // 33 bytes whose last two in base64 and base64url are spelt differently.
    for (text, encoding, is_good) in [
        ("thirty-two bytes or more, as they are", Encoding::Raw, true),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP//",
            Encoding::Base64,
            true,
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP__",
            Encoding::Base64Url,
            true,
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP__",
            Encoding::Base64,
            false,
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP//",
            Encoding::Base64Url,
            false,
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            Encoding::Base64Url,
            false,
        ),
        ("AAAAAAAAAAAAAAAAAAAA", Encoding::Base64, false),
    ] {
        let kind = SourceKind::Secret {
            source: SecretSource::Value(text.to_owned().into()),
            id: None,
            algorithm: Algorithm::Hs256,
            encoding,
        };
        let source = LocalSource::new(&kind, AlgorithmSet::asymmetric()).expect("local");
        let loaded = source.load();
        assert_eq!(loaded.is_ok(), is_good, "{text} {encoding:?}");
        if let Err(error) = loaded {
            assert!(!error.to_string().contains(text), "{error}");
        }
    }
}
