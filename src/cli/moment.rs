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

/// The time that `text` writes down as RFC 3339 has it: `2026-01-02T03:04:05.5+01:00`. Nothing
/// beyond milliseconds is kept.
#[must_use]
pub(super) fn parse(text: &str) -> Option<UnixMillis> {
    let (day, rest) = text.split_at_checked(10)?;
    let (of_day, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [year, month, day] = numbers(day, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(of_day, ':', [2, 2, 2])?;
    let days = days(year, month, day);
    // A leap second counts as the one after it.
    if date(days) != (year, month, day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let millis = match rest.strip_suffix(zone)?.strip_prefix('.') {
        Some(digits) if !digits.is_empty() && !digits.contains('.') => {
            format!("{digits:0<3}").get(..3)?.parse().ok()?
        }
        None if zone == rest => 0,
        Some(_) | None => return None,
    };
    let ahead_minutes = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign @ ("+" | "-"), offset) => {
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let ahead = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
            if sign == "-" { -ahead } else { ahead }
        }
        _ => return None,
    };
    let seconds = days * DAY_SECONDS + hour * 3600 + (minute - ahead_minutes) * 60 + second;
    Some(UnixMillis(seconds * 1000 + millis))
}

/// Numbers of so many digits with `separator` between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = is_number.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
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

/// The inverse of [`date`], for any day that there is and for some that there are not.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let leap_days = year_of_era / 4 - year_of_era / 100;
    era * DAYS_PER_ERA + year_of_era * 365 + leap_days + day_of_year - DAYS_FROM_0000_03_01_TO_1970
}

const DAY_SECONDS: i64 = 86_400;
const DAYS_PER_ERA: i64 = 146_097;
const DAYS_FROM_0000_03_01_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse, relative, span, utc};
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
    fn times_are_read_as_rfc_3339_has_them_and_nothing_else_is() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2011-03-22t18:43:00z", Some(1_300_819_380_000)),
            ("2011-03-22T19:43:00.5+01:00", Some(1_300_819_380_500)),
            ("2011-03-22 13:13:00.1239-05:30", Some(1_300_819_380_123)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("1969-12-31T23:59:59Z", Some(-1000)),
            ("2001-02-29T00:00:00Z", None),
            ("2001-00-01T00:00:00Z", None),
            ("2001-13-01T00:00:00Z", None),
            ("2001-01-01T24:00:00Z", None),
            ("2001-01-01T00:00:00", None),
            ("2001-01-01", None),
            ("2001-01-01T00:00:00.Z", None),
            ("2001-01-01T00:00:00.1.2Z", None),
            ("2001-01-01T00:00:001Z", None),
            ("2001-01-01T00:00:00+1:00", None),
            ("2001-01-01T00:00:00+24:00", None),
            ("2001-01-01T00:00:00Zulu", None),
            ("+001-01-01T00:00:00Z", None),
            ("now", None),
            ("", None),
            ("ä", None),
        ] {
            assert_eq!(parse(text), millis.map(UnixMillis), "{text}");
        }
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
