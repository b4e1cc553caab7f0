//! The plan at single moments. `issue::tests::rollover` plays it over time.

use std::time::Duration;

use super::{Life, Plan, RotateError, Rotation, lead, plan, rotate};
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
        known_from: at(born).saturating_add(lead(&[], HOURLY)),
        signs_from: at(signs_from),
        keep: 5 * MINUTE,
        rotation: HOURLY,
        told: HOURLY.max_age(),
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
fn after_a_long_absence_the_last_key_signs_and_a_next_one_is_wanted() {
    let lives = [life(0, 0), life(0, 60)];
    let late = plan(at(1000), &lives, HOURLY);
    assert_eq!(late.signs, Some(1));
    assert_eq!(late.published, [1]);
    assert_eq!(late.wanted, Some(at(120)));
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
    let too_soon = Err(RotateError::TooSoon { wait: MINUTE });
    assert_eq!(rotate(at(9), &lives, HOURLY), too_soon);
    assert_eq!(rotate(at(10), &lives, HOURLY), Ok(1));
    assert_eq!(rotate(at(60), &lives, HOURLY), Err(RotateError::NoNext));
}

#[test]
fn what_others_were_told_in_a_slower_rhythm_counts_as_long_as_a_key_of_it_is_there() {
    let minutely = Rotation { every: MINUTE };
    assert_eq!(lead(&[], minutely), MINUTE / 2);
    assert_eq!(lead(&[life(0, 0)], minutely), 10 * MINUTE);
}
