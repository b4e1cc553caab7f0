//! Keys that are not there, wanted again and again.

use super::*;

/// Without fetches of its own, for a day.
fn lazy() -> RefreshSettings {
    RefreshSettings {
        every: Duration::from_secs(86_400),
        ..RefreshSettings::default()
    }
}

/// A client that wants a key every second, for so long; the fetches meanwhile.
async fn want(running: &Running, kid: &str, seconds: u64) -> usize {
    let before = running.fetches().len();
    for _ in 0..seconds {
        pass(1).await;
        if !running.kids().contains(&kid.to_owned()) {
            running
                .ring
                .store()
                .raise_miss(Some(kid), Algorithm::Ed25519);
        }
        settle().await;
    }
    running.fetches().len() - before
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_an_old_key_is_looked_after_less_and_less() {
    let running = Running::with([set(&["a"])], lazy(), None);
    pass(60).await;
    want(&running, "old", 3600).await;
    let pauses = pauses(&running);
    // The first fetch was none of its doing.
    assert_eq!(pauses[1..5], [10, 20, 40, 60], "{pauses:?}");
    assert!(pauses[4..].iter().all(|pause| *pause >= 60), "{pauses:?}");
    assert!(
        pauses.len() > 50,
        "it is not forgotten for ever: {pauses:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_missed_during_a_fetch_is_answered_by_it() {
    let running = Running::with([set(&["a"]), Step::SlowlyUnchanged], lazy(), None);
    pass(60).await;
    want(&running, "old", 600).await;
    let pauses = pauses(&running);
    // Each pause counts from the end of a fetch that takes three seconds.
    assert_eq!(pauses[1..6], [13, 23, 43, 63, 63], "{pauses:?}");
}

/// The seconds from one fetch to the next.
fn pauses(running: &Running) -> Vec<u64> {
    let fetches = running.fetches();
    let pauses = fetches.windows(2).map(|pair| pair[1] - pair[0]);
    pauses
        .map(|pause| pause.as_secs_f64().round() as u64)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_published_too_late_is_found_within_six_intervals() {
    for late in [0, 5, 11, 29, 31, 75, 200, 1000] {
        let running = Running::with([set(&["old"])], lazy(), None);
        pass(60).await;
        want(&running, "new", late).await;
        running.answers(set(&["old", "new"]));
        want(&running, "new", 61).await;
        assert_eq!(running.kids(), ["old", "new"], "{late}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_set_is_reason_to_look_for_everything_again() {
    let running = Running::with([set(&["a"])], lazy(), None);
    pass(60).await;
    want(&running, "late", 200).await;
    running.answers(set(&["a", "b"]));
    // Somebody else's key changes the set; what was known to be missing may come with the next.
    want(&running, "b", 11).await;
    assert_eq!(running.kids(), ["a", "b"]);
    running.answers(set(&["a", "b", "late"]));
    want(&running, "late", 11).await;
    assert_eq!(running.kids(), ["a", "b", "late"]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_says_nothing_about_what_is_missing() {
    let running = Running::start([set(&["a"]), Step::Down]);
    pass(60).await;
    let fetches = want(&running, "b", 100).await;
    assert!((9..=10).contains(&fetches), "{fetches}");
    running.answers(set(&["a", "b"]));
    want(&running, "b", 11).await;
    assert_eq!(running.kids(), ["a", "b"]);
}
