//! Waiting for another process, the only thing that tests may wait for.

use std::thread;
use std::time::{Duration, Instant};

/// Asks until there is an answer. The bound is generous, because machines are slow at times; a
/// good run never comes near it.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(PAUSE);
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);
