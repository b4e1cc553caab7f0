//! A year of rollovers, played with a clock that is moved by hand.

use std::time::Duration;

use proptest::prelude::*;

use super::{Life, Plan, RotateError, Rotation, amended, plan, rotate};
use crate::time::UnixMillis;

const MINUTE: Duration = Duration::from_secs(60);
const HOURLY: Rotation = Rotation {
    every: Duration::from_secs(3600),
};

fn at(minutes: i64) -> UnixMillis {
    UnixMillis::from_seconds(minutes * 60)
}

fn life(born: i64, signs_from: i64) -> Life {
    Life {
        born: at(born),
        signs_from: at(signs_from),
        keep: 5 * MINUTE,
        rotation: HOURLY,
    }
}

#[test]
fn the_first_key_signs_at_once_and_the_next_is_wanted_an_hour_later() {
    let empty = plan(at(0), &[], HOURLY);
    assert_eq!((empty.signs, empty.wanted), (None, Some(at(0))));
    let first = plan(at(0), &[life(0, 0)], HOURLY);
    assert_eq!((first.signs, first.wanted), (Some(0), Some(at(60))));
    assert_eq!(first.published, [0]);
}

#[test]
fn a_key_is_published_before_it_signs_and_after_it_stopped() {
    let lives = [life(0, 0), life(0, 60), life(60, 120)];
    for (minute, signs, published, until) in [
        (0, 0, &[0, 1, 2][..], 60),
        (59, 0, &[0, 1, 2], 60),
        (60, 1, &[0, 1, 2], 65),
        (64, 1, &[0, 1, 2], 65),
        (65, 1, &[1, 2], 120),
        (120, 2, &[1, 2], 125),
    ] {
        let expected = Plan {
            signs: Some(signs),
            published: published.to_vec(),
            wanted: (minute == 120).then_some(at(180)),
            until: at(until),
        };
        assert_eq!(plan(at(minute), &lives, HOURLY), expected, "{minute}");
    }
}

#[test]
fn after_a_long_absence_the_next_key_is_published_before_it_signs_all_the_same() {
    let lives = [life(0, 0), life(0, 60)];
    let late = plan(at(1000), &lives, HOURLY);
    assert_eq!(late.signs, Some(1));
    assert_eq!(late.published, [1]);
    assert_eq!(late.wanted, Some(at(1010)));
}

#[test]
fn a_clock_that_went_back_leaves_somebody_to_sign() {
    let lives = [life(0, 0), life(0, 60)];
    let early = plan(at(-10), &lives, HOURLY);
    assert_eq!((early.signs, early.published), (Some(0), vec![0, 1]));
}

#[test]
fn a_command_takes_a_key_that_others_know_and_no_other() {
    let lives = [life(0, 0), life(0, 60)];
    let (lead, wait) = (10 * MINUTE, MINUTE);
    let too_soon = Err(RotateError::TooSoon { lead, wait });
    assert_eq!(rotate(at(9), &lives, HOURLY), too_soon);
    assert_eq!(rotate(at(10), &lives, HOURLY), Ok(1));
    assert_eq!(rotate(at(60), &lives, HOURLY), Err(RotateError::NoNext));
}

#[test]
fn another_rhythm_moves_the_next_key_but_not_before_others_know_it() {
    let (signing, next) = (life(0, 0), life(0, 6000));
    assert_eq!(amended(&signing, &next, HOURLY), at(60));
    let minutely = Rotation { every: MINUTE };
    assert_eq!(amended(&signing, &next, minutely), at(10));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Some time passes.
    Wait(u32),
    /// An operator asks for the next key.
    Rotate,
    /// The disk is full from here on, or no longer.
    Disk(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_u32..20_000).prop_map(Event::Wait),
        1 => Just(Event::Rotate),
        1 => any::<bool>().prop_map(Event::Disk),
    ]
}

proptest! {
    #[test]
    fn no_token_outlives_its_key_and_no_key_signs_before_others_know_it(
        every in 60_u64..100_000, ttl in 1_u64..50_000, events in prop::collection::vec(event(), 1..200),
    ) {
        let rotation = Rotation { every: Duration::from_secs(every) };
        let keep = Duration::from_secs(ttl);
        let mut now = UnixMillis(0);
        let mut lives: Vec<Life> = Vec::new();
        let mut is_full = false;
        // For each key: when it last signed.
        let mut signed: Vec<UnixMillis> = Vec::new();
        for event in events {
            match event {
                Event::Wait(seconds) => now = now.saturating_add(Duration::from_secs(seconds.into())),
                Event::Rotate => {
                    if let Ok(next) = rotate(now, &lives, rotation) {
                        prop_assert!(now >= lives[next].born.saturating_add(rotation.lead()));
                        lives[next].signs_from = now;
                    }
                }
                Event::Disk(full) => is_full = full,
            }
            while let Some(signs_from) = plan(now, &lives, rotation).wanted.filter(|_| !is_full) {
                lives.push(Life { born: now, signs_from, keep, rotation });
                signed.push(UnixMillis(i64::MIN));
            }
            let plan = plan(now, &lives, rotation);
            let Some(signs) = plan.signs else { continue };
            prop_assert!(plan.until > now);
            prop_assert!(plan.published.contains(&signs));
            let is_first = signs == 0;
            let known_since = now.since(lives[signs].born);
            prop_assert!(is_first || known_since >= rotation.max_age(), "{signs} {known_since:?}");
            signed[signs] = now;
            for (index, last) in signed.iter().enumerate() {
                let is_needed = now < last.saturating_add(keep);
                prop_assert!(!is_needed || plan.published.contains(&index), "{index}");
            }
        }
    }
}
