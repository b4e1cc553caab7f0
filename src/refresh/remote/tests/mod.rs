//! The loop against a scripted source, in paused time: hours pass in milliseconds.

mod missing;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::advance;

use super::*;
use crate::keys::Completeness;
use crate::refresh::source::Label;
use crate::refresh::testing::{RunningClock, environment, jwk, jwk_set};
use crate::signature::{Algorithm, AlgorithmSet};

/// Answers one after the other; the last one again and again.
#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<VecDeque<Step>>>,
    fetches: Arc<Mutex<Vec<Instant>>>,
}

#[derive(Clone)]
enum Step {
    Set(Vec<u8>),
    Unchanged,
    SlowlyUnchanged,
    Down,
}

impl RemoteSource for Script {
    async fn fetch(&mut self, _: Option<&Validator>) -> Result<Answer, SourceError> {
        self.fetches.lock().expect("whole").push(Instant::now());
        let step = {
            let mut answers = self.answers.lock().expect("whole");
            if answers.len() > 1 {
                answers.pop_front()
            } else {
                answers.front().cloned()
            }
        };
        let body = match step.expect("a script has a last step") {
            Step::Set(json) => Body::Json {
                json,
                validator: None,
            },
            Step::Unchanged => Body::Unchanged,
            Step::SlowlyUnchanged => {
                sleep(Duration::from_secs(3)).await;
                Body::Unchanged
            }
            Step::Down => return Err(SourceError::Transport("connection refused".to_owned())),
        };
        Ok(Answer {
            body,
            lifetime: None,
        })
    }
}

/// A loop that runs, and what can be seen of it.
struct Running {
    ring: Arc<Ring>,
    script: Script,
    task: JoinHandle<()>,
}

impl Running {
    fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::with(steps, RefreshSettings::default(), None)
    }

    fn with(
        steps: impl IntoIterator<Item = Step>,
        settings: RefreshSettings,
        state: Option<StateFile>,
    ) -> Self {
        let environment = environment();
        let label = Label {
            kind: "jwks_url",
            place: String::new(),
        };
        let ring = Arc::new(Ring::new(
            "corp",
            vec![(label, settings.max_stale)],
            settings.min_interval,
            &environment,
        ));
        let script = Script {
            answers: Arc::new(Mutex::new(steps.into_iter().collect())),
            fetches: Arc::default(),
        };
        let misses = watch::Sender::new(());
        let follow = Follow {
            ring: Arc::clone(&ring),
            index: 0,
            settings,
            policy: JwkPolicy::remote(AlgorithmSet::asymmetric()),
            bytes_max: 1 << 20,
            state,
            misses: misses.subscribe(),
            saving: None,
        };
        follow.restore();
        ring.store().on_miss(move || {
            misses.send_replace(());
        });
        let task = tokio::spawn(follow.run(script.clone()));
        Self { ring, script, task }
    }

    /// From here on the source answers so.
    fn answers(&self, step: Step) {
        *self.script.answers.lock().expect("whole") = [step].into();
    }

    fn fetches(&self) -> Vec<Instant> {
        self.script.fetches.lock().expect("whole").clone()
    }

    fn kids(&self) -> Vec<String> {
        let set = self.ring.store().load();
        set.keys()
            .iter()
            .map(|key| key.id().unwrap_or("").to_owned())
            .collect()
    }

    fn completeness(&self) -> Completeness {
        self.ring.store().load().completeness()
    }

    fn generation(&self) -> u64 {
        self.ring.store().load().generation()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn set(kids: &[&str]) -> Step {
    Step::Set(jwk_set(
        &kids.iter().map(|kid| jwk(kid)).collect::<Vec<_>>(),
    ))
}

/// Lets `seconds` pass, one at a time, so that everything due happens when it is due.
async fn pass(seconds: u64) {
    for _ in 0..seconds {
        advance(Duration::from_secs(1)).await;
        settle().await;
    }
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_request_after_min_interval_sees_a_new_key() {
    let running = Running::start([set(&["old"])]);
    pass(60).await;
    assert_eq!(running.kids(), ["old"]);
    running.answers(set(&["old", "new"]));
    running
        .ring
        .store()
        .raise_miss(Some("unknown"), Algorithm::Ed25519);
    settle().await;
    // Sixty seconds after the last fetch nothing stands in the way.
    assert_eq!(running.kids(), ["old", "new"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_clients_send_there_is_one_fetch_per_min_interval() {
    let running = Running::start([set(&["a"])]);
    settle().await;
    for second in 0..100 {
        for id in 0..1000 {
            let id = format!("{second}-{id}");
            running
                .ring
                .store()
                .raise_miss(Some(&id), Algorithm::Ed25519);
        }
        pass(1).await;
    }
    let fetches = running.fetches();
    assert!((10..=11).contains(&fetches.len()), "{}", fetches.len());
    for pair in fetches.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_secs(10));
    }
}

#[tokio::test(start_paused = true)]
async fn misses_do_not_hurry_a_source_that_is_down() {
    let running = Running::start([Step::Down]);
    for _ in 0..100 {
        running
            .ring
            .store()
            .raise_miss(Some("unknown"), Algorithm::Ed25519);
        pass(1).await;
    }
    assert!(running.fetches().len() <= 11);
    assert_eq!(running.completeness(), Completeness::Loading);
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_never_replaces_a_good_set() {
    let encryption = jwk("a").replacen('{', r#"{"use":"enc","#, 1);
    let private = jwk("a").replacen('{', r#"{"d":"AA","#, 1);
    let many: Vec<String> = (0..300).map(|index| jwk(&index.to_string())).collect();
    for bad in [
        Step::Down,
        Step::Set(Vec::new()),
        Step::Set(b"<html>".to_vec()),
        Step::Set(jwk_set(&[])),
        Step::Set(jwk_set(&[encryption])),
        Step::Set(jwk_set(&[private])),
        Step::Set(jwk_set(&many)),
    ] {
        let running = Running::start([set(&["good"])]);
        settle().await;
        let generation = running.generation();
        running.answers(bad);
        pass(1300).await;
        assert!(running.fetches().len() > 2);
        assert_eq!(running.kids(), ["good"]);
        assert_eq!(running.generation(), generation);
        assert_eq!(running.completeness(), Completeness::Complete);
        let status = running.ring.status();
        assert_eq!(status.sources[0].last_outcome, Some("failed"));
        assert!(status.sources[0].last_error.is_some());
        running.answers(set(&["new"]));
        pass(80).await;
        assert_eq!(
            running.kids(),
            ["new"],
            "a removed key is gone with the next good set"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_without_news_leaves_the_set_alone() {
    let json = jwk_set(&[jwk("a"), jwk("b")]);
    let shuffled = jwk_set(&[jwk("b"), jwk("a")]);
    for again in [
        Step::Set(json.clone()),
        Step::Set(shuffled),
        Step::Unchanged,
    ] {
        let running = Running::start([Step::Set(json.clone()), again]);
        settle().await;
        let generation = running.generation();
        pass(3000).await;
        assert!(running.fetches().len() >= 5);
        assert_eq!(running.generation(), generation);
        let status = running.ring.status();
        assert_eq!(status.sources[0].last_outcome, Some("unchanged"));
        assert!(status.sources[0].age_seconds < Some(601));
        assert!(status.keys.iter().all(|key| key.age_seconds >= 3000));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_back_off_to_a_minute() {
    let running = Running::start([Step::Down]);
    pass(600).await;
    let fetches = running.fetches();
    assert!((8..=14).contains(&fetches.len()), "{}", fetches.len());
    let last = fetches[fetches.len() - 1] - fetches[fetches.len() - 2];
    assert!(
        last >= Duration::from_secs(60) && last <= Duration::from_secs(77),
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_older_than_max_stale_are_dropped_and_come_back() {
    let settings = RefreshSettings {
        max_stale: Some(Duration::from_secs(3600)),
        ..RefreshSettings::default()
    };
    let running = Running::with([set(&["a"]), Step::Down], settings, None);
    pass(3599).await;
    assert_eq!(running.kids(), ["a"]);
    pass(2).await;
    assert_eq!(running.kids(), [""; 0]);
    assert_eq!(running.completeness(), Completeness::Stale);
    running.answers(set(&["a"]));
    pass(80).await;
    assert_eq!(running.kids(), ["a"]);
    assert_eq!(running.completeness(), Completeness::Complete);
}

fn state(directory: &TempDir) -> StateFile {
    StateFile::new(
        directory.path(),
        "https://idp/",
        "jwks_url https://idp/keys",
    )
}

fn save(directory: &TempDir, age: Duration) -> StateFile {
    let state = state(directory);
    let at = RunningClock::EPOCH.saturating_sub(age);
    state.save(at, &jwk_set(&[jwk("saved")])).expect("writable");
    state
}

#[tokio::test(start_paused = true)]
async fn a_saved_set_is_used_while_the_source_is_down() {
    let directory = TempDir::new().expect("temporary directory");
    let state = save(&directory, Duration::from_secs(3600));
    let running = Running::with([Step::Down], RefreshSettings::default(), Some(state));
    // Before the first fetch has even begun.
    assert_eq!(running.kids(), ["saved"]);
    assert!(*running.ring.ready().borrow());
    assert_eq!(running.ring.status().sources[0].age_seconds, Some(3600));
    pass(100).await;
    assert_eq!(running.kids(), ["saved"]);
}

#[tokio::test(start_paused = true)]
async fn a_saved_set_that_is_damaged_or_too_old_is_not_used() {
    let directory = TempDir::new().expect("temporary directory");
    let state = save(&directory, Duration::from_secs(3600));
    let settings = RefreshSettings {
        max_stale: Some(Duration::from_secs(1800)),
        ..RefreshSettings::default()
    };
    let running = Running::with([Step::Down], settings, Some(state.clone()));
    assert_eq!(running.completeness(), Completeness::Loading);
    let mut content = std::fs::read(state.path()).expect("readable");
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(state.path(), content).expect("writable");
    let running = Running::with([Step::Down], RefreshSettings::default(), Some(state));
    assert_eq!(running.completeness(), Completeness::Loading);
    assert!(!*running.ring.ready().borrow());
}

#[tokio::test]
async fn a_good_set_is_saved_for_the_next_start() {
    let directory = TempDir::new().expect("temporary directory");
    let settings = RefreshSettings::default();
    let running = Running::with([set(&["a"])], settings, Some(state(&directory)));
    let file = state(&directory);
    crate::refresh::testing::eventually(|| matches!(file.load(1 << 20), Ok(Some(_)))).await;
    drop(running);
    let running = Running::with([Step::Down], settings, Some(file));
    assert_eq!(running.kids(), ["a"]);
}
