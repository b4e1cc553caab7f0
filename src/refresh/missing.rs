//! Keys that were looked for and are not there: for how long nobody looks again.
//!
//! Without this memory one client with an old token would cause a fetch every `min_interval` for
//! ever. It is bounded, because clients choose what is missing, and it lets go of everything as
//! soon as the keys of the issuer change.

use std::time::Duration;

use tokio::time::Instant;

use super::schedule;
use crate::keys::Wanted;
use crate::limits::KEY_MISSES_KNOWN;

/// What is known to be missing from one issuer's keys.
pub(super) struct MissingKeys {
    min_interval: Duration,
    /// At most [`KEY_MISSES_KNOWN`].
    entries: Vec<Entry>,
}

struct Entry {
    wanted: Wanted,
    /// How many fetches have not brought it, at least 1.
    in_a_row: u32,
    /// Until when nobody looks for it. Kept beyond, so that the next pause can be longer.
    until: Instant,
}

impl MissingKeys {
    /// Nothing is known. All pauses are multiples of `min_interval`.
    pub(super) const fn new(min_interval: Duration) -> Self {
        Self {
            min_interval,
            entries: Vec::new(),
        }
    }

    /// A fetch that ended at `now` did not bring these keys.
    pub(super) fn learn(&mut self, missed: &[Wanted], now: Instant) {
        let kept = schedule::missing(self.min_interval, u32::MAX);
        self.entries.retain(|entry| now < entry.until + kept);
        for wanted in missed {
            let known = self
                .entries
                .iter()
                .position(|entry| entry.wanted == *wanted);
            let known = known.map(|place| self.entries.swap_remove(place));
            let in_a_row = known.map_or(1, |entry| entry.in_a_row.saturating_add(1));
            self.make_room();
            self.entries.push(Entry {
                wanted: *wanted,
                in_a_row,
                until: now + schedule::missing(self.min_interval, in_a_row),
            });
        }
    }

    /// What nobody looks for at `now`.
    pub(super) fn in_force(&self, now: Instant) -> impl Iterator<Item = Wanted> {
        let in_force = self.entries.iter().filter(move |entry| now < entry.until);
        in_force.map(|entry| entry.wanted)
    }

    /// When [`MissingKeys::in_force`] will be less than at `now`.
    pub(super) fn forgets_at(&self, now: Instant) -> Option<Instant> {
        let ends = self.entries.iter().map(|entry| entry.until);
        ends.filter(|until| now < *until).min()
    }

    /// The keys of the issuer are others: nothing is known about them.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Drops the entry that would end first, if there is no room for another. Those that come
    /// again and again have longer pauses, and so outlive a flood of ids that come once.
    fn make_room(&mut self) {
        if self.entries.len() < KEY_MISSES_KNOWN {
            return;
        }
        let entries = self.entries.iter().enumerate();
        if let Some((place, _)) = entries.min_by_key(|(_, entry)| entry.until) {
            self.entries.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const UNIT: Duration = Duration::from_secs(10);

    fn wanted(number: u64) -> Wanted {
        Wanted::from_number(number)
    }

    fn in_force(missing: &MissingKeys, now: Instant) -> Vec<Wanted> {
        missing.in_force(now).collect()
    }

    #[test]
    fn pauses_grow_to_six_times_the_interval_while_a_key_comes_again() {
        let mut now = Instant::now();
        let mut missing = MissingKeys::new(UNIT);
        for times in [1, 2, 4, 6, 6, 6] {
            missing.learn(&[wanted(1)], now);
            let end = now + UNIT * times;
            assert_eq!(missing.forgets_at(now), Some(end), "{times}");
            let before = end - Duration::from_millis(1);
            assert_eq!(in_force(&missing, before), [wanted(1)], "{times}");
            assert_eq!(in_force(&missing, end), [], "{times}");
            assert_eq!(missing.forgets_at(end), None, "{times}");
            now = end + UNIT;
        }
        // Long enough away to be new again.
        now += UNIT * 12;
        missing.learn(&[wanted(1)], now);
        assert_eq!(missing.forgets_at(now), Some(now + UNIT));
    }

    #[test]
    fn a_flood_pushes_out_its_own_before_those_that_come_again() {
        let now = Instant::now();
        let mut missing = MissingKeys::new(UNIT);
        missing.learn(&[wanted(1)], now);
        missing.learn(&[wanted(1)], now);
        for id in 2..10_000 {
            missing.learn(&[wanted(id)], now);
        }
        assert_eq!(missing.entries.len(), KEY_MISSES_KNOWN);
        assert!(in_force(&missing, now).contains(&wanted(1)));
        assert!(in_force(&missing, now).contains(&wanted(9_999)));
    }

    #[test]
    fn a_pause_beyond_all_clocks_is_a_long_one() {
        let now = Instant::now();
        let mut missing = MissingKeys::new(Duration::MAX);
        for _ in 0..5 {
            missing.learn(&[wanted(1)], now);
        }
        assert_eq!(in_force(&missing, now), [wanted(1)]);
    }

    /// What can happen to the memory: a fetch without news, a set that changed, time.
    #[derive(Clone, Debug)]
    enum Event {
        Learn(Vec<u64>),
        Clear,
        Pass(u64),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            4 => proptest::collection::vec(1_u64..600, 0..200).prop_map(Event::Learn),
            1 => Just(Event::Clear),
            4 => (0_u64..80).prop_map(Event::Pass),
        ];
        proptest::collection::vec(event, 0..40)
    }

    proptest! {
        #[test]
        fn it_is_bounded_in_size_and_time_and_knows_only_what_it_learned(events in events()) {
            let mut now = Instant::now();
            let mut missing = MissingKeys::new(UNIT);
            let mut learned: BTreeMap<Wanted, Instant> = BTreeMap::new();
            for event in events {
                match event {
                    Event::Learn(ids) => {
                        let ids: Vec<Wanted> = ids.into_iter().map(wanted).collect();
                        missing.learn(&ids, now);
                        learned.extend(ids.into_iter().map(|id| (id, now)));
                    }
                    Event::Clear => {
                        missing.clear();
                        learned.clear();
                    }
                    Event::Pass(seconds) => now += Duration::from_secs(seconds),
                }
                let known = in_force(&missing, now);
                prop_assert!(known.len() <= missing.entries.len());
                prop_assert!(missing.entries.len() <= KEY_MISSES_KNOWN);
                for id in &known {
                    let at = learned.get(id).copied();
                    prop_assert!(at.is_some_and(|at| now - at < UNIT * 6));
                }
                // Nothing is forgotten before it says so, and then something is.
                if let Some(end) = missing.forgets_at(now) {
                    let just_before = end - Duration::from_millis(1);
                    prop_assert_eq!(in_force(&missing, just_before.max(now)).len(), known.len());
                    prop_assert!(in_force(&missing, end).len() < known.len());
                } else {
                    prop_assert!(known.is_empty());
                }
            }
        }
    }
}
