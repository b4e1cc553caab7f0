//! Numbers for threads, so that each can have counters of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

/// This thread's number: one more than that of the thread that asked before it for the first time.
#[must_use]
pub fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}
