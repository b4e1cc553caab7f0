//! Vaults on disk and in memory, with clocks that are moved by hand.

use std::time::Duration;

use super::{Storage, Vault, VaultError};
use crate::issue::file::{KeyFile, KeysError};
use crate::issue::schedule::{RotateError, Rotation};
use crate::signature::Algorithm;
use crate::time::UnixMillis;

const HOUR: Rotation = Rotation {
    every: Duration::from_secs(3600),
};
const DAY: Rotation = Rotation {
    every: Duration::from_secs(86_400),
};
const KEEP: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> UnixMillis {
    UnixMillis::from_seconds(seconds)
}

fn open(directory: &std::path::Path) -> Vault {
    let file = KeyFile::new(directory, Algorithm::Ed25519);
    Vault::open(Algorithm::Ed25519, Storage::File(file)).expect("opened")
}

fn ids(vault: &Vault, now: UnixMillis, rotation: Rotation) -> (String, Vec<String>) {
    let offer = vault.offer(now, rotation);
    let id = |key: &std::sync::Arc<super::NamedKey>| key.id().to_owned();
    let signs = offer.signers.at(now).map(id).expect("a key signs");
    (signs, offer.published.iter().map(id).collect())
}

#[test]
fn a_restart_changes_nothing() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut vault = open(directory.path());
    vault.turn(at(0), HOUR, KEEP).expect("turned");
    let before = ids(&vault, at(1), HOUR);
    assert_eq!(before.1.len(), 2);
    let mut again = open(directory.path());
    again.turn(at(1), HOUR, KEEP).expect("turned");
    assert_eq!(ids(&again, at(1), HOUR), before);
}

#[test]
fn the_next_key_takes_over_and_the_old_one_goes_when_its_last_token_has() {
    let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
    vault.turn(at(0), HOUR, KEEP).expect("turned");
    let (first, published) = ids(&vault, at(0), HOUR);
    vault.turn(at(3600), HOUR, KEEP).expect("turned");
    let (second, more) = ids(&vault, at(3600), HOUR);
    assert_eq!((&published[0], &published[1]), (&first, &second));
    assert_eq!((more.len(), &more[0]), (3, &first));
    vault.turn(at(3660), HOUR, KEEP).expect("turned");
    let (_, last) = ids(&vault, at(3660), HOUR);
    assert_eq!(last, more[1..]);
}

#[test]
fn a_directory_that_is_gone_leaves_the_keys_that_are_there() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let state = directory.path().join("state");
    let mut vault = open(&state);
    vault.turn(at(0), HOUR, KEEP).expect("turned");
    let before = ids(&vault, at(3600), HOUR);
    std::fs::remove_dir_all(&state).expect("removed");
    std::fs::write(&state, "no directory").expect("written");
    let error = vault.turn(at(3600), HOUR, KEEP).expect_err("no directory");
    assert!(matches!(error, KeysError::Unreadable { .. }), "{error}");
    assert_eq!(ids(&vault, at(3600), HOUR), before);
    let error = vault.rotate(at(3000), HOUR).expect_err("not writable");
    assert!(matches!(error, VaultError::Keys(_)), "{error}");
    assert_eq!(ids(&vault, at(3600), HOUR), before);
}

#[test]
fn a_disk_that_takes_nothing_leaves_the_keys_that_are_there_and_is_tried_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut vault = open(directory.path());
    vault.turn(at(0), HOUR, KEEP).expect("turned");
    let (_, before) = ids(&vault, at(3600), HOUR);
    // A directory in the place of the file that is written first: nobody can, root included.
    let blocker = directory.path().join("signing-Ed25519.tmp");
    std::fs::create_dir(&blocker).expect("made");
    for error in [
        vault
            .turn(at(3600), HOUR, KEEP)
            .expect_err("blocked")
            .into(),
        vault.rotate(at(3000), HOUR).expect_err("blocked"),
    ] {
        let error: VaultError = error;
        assert!(error.to_string().contains("cannot be written"), "{error}");
    }
    // Tokens of a longer life may be signed all the same: their keys stay for as long.
    vault.turn(at(3000), HOUR, 10 * KEEP).expect_err("blocked");
    assert_eq!(ids(&vault, at(3601 + 300), HOUR).1, before);
    std::fs::remove_dir(&blocker).expect("removed");
    vault.turn(at(3600), HOUR, 10 * KEEP).expect("turned");
    assert_eq!(ids(&vault, at(3600), HOUR).1.len(), 3);
}

#[test]
fn a_file_that_is_removed_is_written_again_and_one_that_is_damaged_is_left_alone() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut vault = open(directory.path());
    vault.turn(at(0), HOUR, KEEP).expect("turned");
    let before = ids(&vault, at(1), HOUR);
    let file = directory.path().join("signing-Ed25519.keys");
    let content = std::fs::read(&file).expect("there");
    std::fs::remove_file(&file).expect("removed");
    vault.turn(at(1), HOUR, KEEP).expect("turned");
    assert_eq!(std::fs::read(&file).expect("there again"), content);
    std::fs::write(&file, "damaged").expect("written");
    let error = vault.turn(at(3600), HOUR, KEEP).expect_err("damaged");
    assert!(matches!(error, KeysError::Damaged(_)), "{error}");
    assert_eq!(std::fs::read(&file).expect("there"), b"damaged");
    assert_eq!(ids(&vault, at(1), HOUR), before);
}

#[test]
fn two_processes_with_one_file_make_one_next_key() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut vaults = [open(directory.path()), open(directory.path())];
    for second in (0..40_000).step_by(30) {
        for vault in &mut vaults {
            vault.turn(at(second), HOUR, KEEP).expect("turned");
        }
        if second == 6000 {
            vaults[1].rotate(at(second), HOUR).expect("rotated");
            vaults[0].turn(at(second), HOUR, KEEP).expect("turned");
        }
        vaults[1].turn(at(second), HOUR, KEEP).expect("turned");
        let [one, other] = [&vaults[0], &vaults[1]].map(|vault| ids(vault, at(second), HOUR));
        assert_eq!(one, other, "{second}");
    }
}

#[test]
fn a_key_that_another_process_stopped_is_kept_for_the_longer_tokens_that_this_one_signed_with_it() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut vaults = [open(directory.path()), open(directory.path())];
    for vault in &mut vaults {
        vault.turn(at(0), HOUR, KEEP).expect("turned");
    }
    let (stopped, _) = ids(&vaults[0], at(0), HOUR);
    vaults[1].rotate(at(3000), HOUR).expect("rotated");
    // It has not looked yet, so it signs with the old one what the new configuration allows.
    vaults[0].amend(at(3000), HOUR, 10 * KEEP);
    for vault in &mut vaults {
        vault.turn(at(3000), HOUR, 10 * KEEP).expect("turned");
        vault.turn(at(3002 + 300), HOUR, 10 * KEEP).expect("turned");
        let (_, published) = ids(vault, at(3001 + 300), HOUR);
        assert!(published.contains(&stopped), "{published:?}");
    }
}

#[test]
fn a_faster_rhythm_waits_until_what_others_were_told_in_the_slower_one_is_over() {
    const MINUTE: Rotation = Rotation {
        every: Duration::from_secs(60),
    };
    let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
    vault.turn(at(0), DAY, KEEP).expect("turned");
    for (now, rotation) in [(1, MINUTE), (2, HOUR), (3, MINUTE)] {
        vault.turn(at(now), rotation, KEEP).expect("turned");
        let error = vault.rotate(at(now + 300), rotation).expect_err("too soon");
        let wait = Duration::from_secs(u64::try_from(300 - now).expect("positive"));
        let too_soon = RotateError::TooSoon { wait };
        assert!(
            matches!(error, VaultError::Rotate(it) if it == too_soon),
            "{error}"
        );
        vault.turn(at(now), MINUTE, KEEP).expect("turned");
        let (first, _) = ids(&vault, at(0), MINUTE);
        assert_eq!(ids(&vault, at(599), MINUTE).0, first);
        assert_ne!(ids(&vault, at(600), MINUTE).0, first);
    }
}

#[test]
fn a_slower_rhythm_that_was_tried_for_a_moment_is_remembered_until_the_key_after_the_next_is_known()
{
    let minute = Rotation {
        every: Duration::from_secs(60),
    };
    let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
    vault.turn(at(0), minute, KEEP).expect("turned");
    // Somebody who asks now may keep the two keys for five minutes.
    vault.turn(at(1), HOUR, KEEP).expect("turned");
    vault.turn(at(1), minute, KEEP).expect("turned");
    let (_, told) = ids(&vault, at(1), minute);
    for second in 2..=301 {
        vault.turn(at(second), minute, KEEP).expect("turned");
        let (signs, _) = ids(&vault, at(second), minute);
        assert!(told.contains(&signs), "at {second}");
    }
    vault.turn(at(660), minute, KEEP).expect("turned");
    let (signs, _) = ids(&vault, at(660), minute);
    assert!(!told.contains(&signs));
}

#[test]
fn another_rhythm_and_a_longer_ttl_apply_to_the_keys_that_are_there() {
    let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
    vault.turn(at(0), DAY, KEEP).expect("turned");
    let (first, _) = ids(&vault, at(3600), DAY);
    vault.turn(at(10), HOUR, 2 * KEEP).expect("turned");
    let (second, _) = ids(&vault, at(3600), HOUR);
    assert_ne!(first, second);
    assert!(vault.keys.iter().all(|key| key.life.keep == 2 * KEEP));
    vault.turn(at(20), DAY, KEEP).expect("turned");
    assert_eq!(ids(&vault, at(3600), DAY).0, first);
    assert!(vault.keys.iter().all(|key| key.life.keep == 2 * KEEP));
}

#[test]
fn a_command_moves_on_to_a_key_that_is_known_and_there_is_a_new_next_one() {
    let mut vault = Vault::open(Algorithm::Ed25519, Storage::Memory).expect("opened");
    vault.turn(at(0), DAY, KEEP).expect("turned");
    let error = vault.rotate(at(1), DAY).expect_err("too soon");
    assert!(matches!(
        error,
        VaultError::Rotate(RotateError::TooSoon { .. })
    ));
    let id = vault.rotate(at(600), DAY).expect("rotated");
    vault.turn(at(600), DAY, KEEP).expect("turned");
    let (signs, published) = ids(&vault, at(600), DAY);
    assert_eq!((&*signs, published.len()), (&*id, 3));
}
