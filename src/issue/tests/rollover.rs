//! Rollovers over time, played with a clock that is moved by hand: whatever happens, nobody refuses
//! a token who keeps the published keys no longer than he was told.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::decode_header;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{NOW, Stage, settings};
use crate::issue::{Follower, IssueSettings, KeySettings, Profile, State};
use crate::signature::Algorithm;
use crate::time::{Clock as _, UnixMillis};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Some seconds pass, and everybody does what is due.
    Wait(u64),
    /// The processes are stopped for some seconds; then they sign before they look.
    Stop(u64),
    /// An operator asks one of them for the next key.
    Rotate(usize),
    /// The configuration changes: the rhythm, the life of tokens, in seconds.
    Reload(u64, u64),
    /// The disk is full from here on, or no longer.
    Disk(bool),
    /// One of them is started anew.
    Restart(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_u64..900).prop_map(Event::Wait),
        1 => (1_u64..5_000).prop_map(Event::Stop),
        2 => any::<usize>().prop_map(Event::Rotate),
        1 => (60_u64..1_500, 1_u64..300).prop_map(|(every, ttl)| Event::Reload(every, ttl)),
        1 => any::<bool>().prop_map(Event::Disk),
        1 => any::<usize>().prop_map(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_token_is_refused_by_whoever_keeps_keys_no_longer_than_he_was_told(
        replicas in 1_usize..=2, every in 60_u64..1_500, ttl in 1_u64..300,
        events in prop::collection::vec(event(), 1..25),
    ) {
        let mut world = World::new(replicas, every, ttl);
        for event in events {
            world.play(event);
        }
    }
}

/// Processes that share their keys, and everybody who has their tokens and their published keys.
struct World {
    directory: TempDir,
    replicas: Vec<Replica>,
    settings: IssueSettings,
    is_full: bool,
    /// For each key until when its last token is valid.
    tokens: BTreeMap<String, UnixMillis>,
    /// For each set of keys that was published until when somebody may keep it.
    sets: BTreeMap<Vec<String>, UnixMillis>,
}

struct Replica {
    stage: Stage,
    /// What its key source `own` has.
    own: Arc<Mutex<Vec<String>>>,
    _follower: Follower,
    due: UnixMillis,
}

impl World {
    fn new(replicas: usize, every: u64, ttl: u64) -> Self {
        // In memory where that can be: files are written through to the disk.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let mut world = Self {
            directory: directory.expect("temporary directory"),
            replicas: Vec::new(),
            settings: configured(every, ttl),
            is_full: false,
            tokens: BTreeMap::new(),
            sets: BTreeMap::new(),
        };
        for _ in 0..replicas {
            let replica = world.start(UnixMillis::from_seconds(NOW));
            world.replicas.push(replica);
        }
        world.check();
        world
    }

    fn start(&self, now: UnixMillis) -> Replica {
        let stage = Stage::new(State::Directory(self.directory.path().to_path_buf()));
        stage.clock.set(now);
        stage.install(self.settings.clone());
        let own = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&own);
        let follower = stage.desk.own().follow(move |set| {
            *heard.lock().expect("no panic") = names(set);
        });
        Replica {
            stage,
            own,
            _follower: follower,
            due: now,
        }
    }

    fn now(&self) -> UnixMillis {
        self.replicas[0].stage.clock.now()
    }

    fn play(&mut self, event: Event) {
        match event {
            Event::Wait(seconds) => self.wait(Duration::from_secs(seconds)),
            // Of several, one that is stopped would not hear of the others' keys.
            Event::Stop(seconds) if self.replicas.len() == 1 => {
                self.advance(self.now().saturating_add(Duration::from_secs(seconds)));
                self.check();
                self.wait(Duration::ZERO);
            }
            Event::Rotate(replica) => {
                let replica = replica % self.replicas.len();
                // It may be too soon, or the disk full.
                let _ = self.replicas[replica].stage.desk.rotate();
                self.check();
            }
            Event::Reload(every, ttl) => {
                self.settings = configured(every, ttl);
                for replica in &self.replicas {
                    replica.stage.install(self.settings.clone());
                }
                self.check();
                self.wait(Duration::ZERO);
            }
            Event::Disk(is_full) if is_full != self.is_full => {
                let blocker = self.blocker();
                let changed = if is_full {
                    fs::create_dir(blocker)
                } else {
                    fs::remove_dir(blocker)
                };
                changed.expect("changed");
                self.is_full = is_full;
                self.wait(Duration::ZERO);
            }
            // What could not be written down is forgotten at a restart.
            Event::Restart(replica) if !self.is_full => {
                let replica = replica % self.replicas.len();
                self.replicas[replica] = self.start(self.now());
                self.check();
            }
            Event::Stop(_) | Event::Disk(_) | Event::Restart(_) => {}
        }
    }

    /// In its place a file is written first; nobody can write into a directory, root included.
    fn blocker(&self) -> PathBuf {
        self.directory.path().join("signing-Ed25519.tmp")
    }

    /// Time passes as in [`crate::issue::Desk::run`].
    fn wait(&mut self, time: Duration) {
        let end = self.now().saturating_add(time);
        for replica in &mut self.replicas {
            replica.due = replica.stage.clock.now();
        }
        loop {
            let due = self.replicas.iter().map(|replica| replica.due).min();
            let next = due.expect("there is one").min(end);
            self.advance(next);
            // What was due has not been done yet.
            self.check();
            for replica in &mut self.replicas {
                if replica.due <= next {
                    let pause = replica.stage.desk.turn();
                    assert!(pause > Duration::ZERO, "it would turn without end");
                    replica.due = next.saturating_add(pause);
                }
            }
            self.check();
            if next == end {
                return;
            }
        }
    }

    fn advance(&self, to: UnixMillis) {
        for replica in &self.replicas {
            replica.stage.clock.set(to);
        }
    }

    /// Everybody gets a token and a set of keys, and looks at all that are still good.
    fn check(&mut self) {
        let now = self.now();
        let ttl = self.settings.profiles[0].ttl;
        for Replica { stage, .. } in &self.replicas {
            let token = stage.token(&json!({}));
            let id = decode_header(&token).expect("a header").kid.expect("a kid");
            let expires_at = self.tokens.entry(id).or_insert(now);
            *expires_at = now.saturating_add(ttl).max(*expires_at);
            let in_force = stage.in_force();
            let published = in_force.key_set();
            let age = published.cache_control.strip_prefix("public, max-age=");
            let age = age.and_then(|age| age.parse().ok()).expect("an age");
            let kept = self.sets.entry(names(&published.body)).or_insert(now);
            *kept = now.saturating_add(Duration::from_secs(age)).max(*kept);
        }
        self.tokens.retain(|_, expires_at| now < *expires_at);
        self.sets.retain(|_, kept| now < *kept);
        for id in self.tokens.keys() {
            for set in self.sets.keys() {
                assert!(set.contains(id), "{id} is not in {set:?} at {now:?}");
            }
            for replica in &self.replicas {
                let own = replica.own.lock().expect("no panic");
                assert!(own.contains(id), "{id} is not in {own:?} at {now:?}");
            }
        }
    }
}

fn configured(every: u64, ttl: u64) -> IssueSettings {
    let mut settings = settings(vec![KeySettings::Generate {
        algorithm: Algorithm::Ed25519,
        rotate_every: Duration::from_secs(every),
    }]);
    // As the configuration demands it.
    let ttl = Duration::from_secs(ttl.min(every * 8));
    settings.profiles = vec![Arc::new(Profile {
        ttl,
        ..super::profile()
    })];
    settings
}

fn names(set: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(set).expect("JSON");
    let keys = set["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}
