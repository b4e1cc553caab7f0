//! Points in time for people: UTC, and how far away.

use std::time::Duration;

use crate::time::UnixMillis;

/// `2026-01-02T03:04:05Z`; beyond the years 0 to 9999 a plain number of seconds.
#[must_use]
pub(super) fn utc(time: UnixMillis) -> String {
    let seconds = time.seconds();
    let (year, month, day) = date(seconds.div_euclid(DAY_SECONDS));
    if !(0..=9999).contains(&year) {
        return format!("{seconds} seconds since 1970");
    }
    let of_day = seconds.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// "in 5 minutes", "3 days ago", "now".
#[must_use]
pub(super) fn relative(time: UnixMillis, now: UnixMillis) -> String {
    let (ahead, behind) = (time.since(now), now.since(time));
    if ahead.as_secs() > 0 {
        format!("in {}", span(ahead))
    } else if behind.as_secs() > 0 {
        format!("{} ago", span(behind))
    } else {
        "now".to_owned()
    }
}

/// The largest unit of which there are at least two, rounded down: "90 seconds", "3 hours".
#[must_use]
pub(super) fn span(duration: Duration) -> String {
    const UNITS: [(u64, &str); 5] = [
        (365 * 86_400, "years"),
        (86_400, "days"),
        (3600, "hours"),
        (60, "minutes"),
        (1, "seconds"),
    ];
    let seconds = duration.as_secs();
    for (unit, name) in UNITS {
        if seconds >= 2 * unit {
            return format!("{} {name}", seconds / unit);
        }
    }
    if seconds == 1 {
        "1 second".to_owned()
    } else {
        "0 seconds".to_owned()
    }
}

/// Year, month and day of the proleptic Gregorian calendar, `days` after 1970-01-01. Eras of 400
/// years start on 1 March, so that the leap day comes last.
const fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_FROM_0000_03_01_TO_1970;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

const DAY_SECONDS: i64 = 86_400;
const DAYS_PER_ERA: i64 = 146_097;
const DAYS_FROM_0000_03_01_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{relative, span, utc};
    use crate::time::UnixMillis;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_300_819_380, "2011-03-22T18:43:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800 seconds since 1970"),
        ] {
            assert_eq!(utc(UnixMillis::from_seconds(seconds)), text);
        }
        assert!(utc(UnixMillis(i64::MIN)).contains("since 1970"));
        assert!(utc(UnixMillis(i64::MAX)).contains("since 1970"));
    }

    #[test]
    fn distances_are_in_the_largest_unit_that_says_enough() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
            (2 * 365 * 86_400, "2 years"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        let now = UnixMillis::from_seconds(1000);
        assert_eq!(
            relative(UnixMillis::from_seconds(1300), now),
            "in 5 minutes"
        );
        assert_eq!(
            relative(UnixMillis::from_seconds(700), now),
            "5 minutes ago"
        );
        assert_eq!(relative(now, now), "now");
    }
}
