//! How often something may happen in a second.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::threads::thread_number;
use crate::time::UnixMillis;

/// At most so many a second, and a count of those left out. At the turn of a second workers may
/// let a few more slip through, which harms nobody. Once a second has its number, its decisions
/// only read what workers share, and each worker counts for itself what it leaves out.
#[derive(Debug)]
pub(super) struct Window {
    per_second: u32,
    second: AtomicI64,
    seen: AtomicU32,
    skipped: [Skipped; SKIP_COUNTS],
}

#[repr(align(128))]
#[derive(Debug)]
struct Skipped(AtomicU32);

impl Window {
    pub(super) const fn new(per_second: u32) -> Self {
        Self {
            per_second,
            second: AtomicI64::new(i64::MIN),
            seen: AtomicU32::new(0),
            skipped: [const { Skipped(AtomicU32::new(0)) }; SKIP_COUNTS],
        }
    }

    /// Whether one more fits, and how many did not since the last that did.
    pub(super) fn admit(&self, now: UnixMillis) -> Option<u32> {
        let second = now.seconds();
        if self.second.load(Ordering::Relaxed) != second
            && self.second.swap(second, Ordering::Relaxed) != second
        {
            self.seen.store(1, Ordering::Relaxed);
            let skipped = self.skipped.iter();
            return Some(skipped.map(|of| of.0.swap(0, Ordering::Relaxed)).sum());
        }
        let is_full = self.seen.load(Ordering::Relaxed) >= self.per_second
            || self.seen.fetch_add(1, Ordering::Relaxed) >= self.per_second;
        if is_full {
            let mine = &self.skipped[thread_number() % SKIP_COUNTS];
            mine.0.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(0)
    }
}

/// Counts of what is left out; workers beyond them share.
const SKIP_COUNTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::time::UnixMillis;

    #[test]
    fn a_second_has_room_for_a_few_and_the_next_one_tells_how_many_were_left_out() {
        let window = Window::new(10);
        let at = UnixMillis::from_seconds;
        let admitted = (0..17).filter(|_| window.admit(at(100)).is_some()).count();
        assert_eq!(admitted, 10);
        assert_eq!(window.admit(at(101)), Some(7));
        assert_eq!(window.admit(at(101)), Some(0));
        assert_eq!(window.admit(at(200)), Some(0));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_it() {
        let window = Window::new(10);
        assert!(window.admit(UnixMillis::from_seconds(100)).is_some());
        assert!(window.admit(UnixMillis::from_seconds(50)).is_some());
    }
}
