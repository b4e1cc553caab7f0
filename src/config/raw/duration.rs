//! Durations: `500ms`, `10s`, `1h30m`.

use std::time::Duration;

use schemars::{Schema, json_schema};

use crate::config::problems::quoted;

use super::scalar::Scalar;

impl Scalar for Duration {
    const EXPECTED: &'static str = "a duration (500ms, 10s, 5m, 24h, 30d)";

    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('-') {
            return Err(format!("{} is negative: {REMEDY}", quoted(text)));
        }
        let mut total = Some(Self::ZERO);
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, behind) = rest.split_at(digits);
            let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, behind) = behind.split_at(letters);
            let step = DURATION_UNITS.iter().find(|(name, _)| *name == unit);
            let (Ok(number), Some((_, milliseconds))) = (number.parse::<u64>(), step) else {
                return Err(format!("{} is not a duration: {REMEDY}", quoted(text)));
            };
            let part = number.checked_mul(*milliseconds).map(Self::from_millis);
            total = total.and_then(|total| part.and_then(|part| total.checked_add(part)));
            rest = behind;
        }
        match total {
            Some(total) if total > DURATION_MAX => Err(format!(
                "{} is longer than a hundred years: write a shorter one",
                quoted(text)
            )),
            Some(total) if !text.is_empty() => Ok(total),
            _ => Err(format!("{} is not a duration: {REMEDY}", quoted(text))),
        }
    }

    fn from_number(number: u64) -> Result<Self, String> {
        match number {
            0 => Ok(Self::ZERO),
            _ => Err(format!(
                "the unit is missing: write {number}s or {number}ms"
            )),
        }
    }

    fn write(&self) -> String {
        let milliseconds = self.as_millis();
        let (unit, length) = DURATION_UNITS
            .into_iter()
            .rev()
            .find(|(_, length)| {
                milliseconds > 0 && milliseconds.is_multiple_of(u128::from(*length))
            })
            .unwrap_or(("s", 1000));
        format!("{}{unit}", milliseconds / u128::from(length))
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" },
            { "const": 0 },
        ] })
    }
}

/// What to write instead.
const REMEDY: &str = "write a number and a unit, like 500ms, 10s, 5m, 24h or 30d";

/// Units in milliseconds, from the smallest.
const DURATION_UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Nothing here is meant to last longer, and sums with the time of day stay in range.
const DURATION_MAX: Duration = Duration::from_secs(100 * 366 * 86_400);

#[cfg(test)]
mod tests {
    use super::{Duration, Scalar};

    #[test]
    fn durations_are_read_and_written() {
        for (text, milliseconds, written) in [
            ("500ms", 500, "500ms"),
            ("10s", 10_000, "10s"),
            ("90s", 90_000, "90s"),
            ("60s", 60_000, "1m"),
            ("1h30m", 5_400_000, "90m"),
            ("24h", 86_400_000, "1d"),
            ("0s", 0, "0s"),
        ] {
            let duration = Duration::parse(text).expect(text);
            assert_eq!(duration, Duration::from_millis(milliseconds), "{text}");
            assert_eq!(duration.write(), written);
            assert_eq!(Duration::parse(written), Ok(duration));
        }
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "5 s",
            "5x",
            "5S",
            "1.5h",
            "+5s",
            "99999999999999999999s",
            "9999999d",
            "5s ",
            "³s",
        ] {
            assert!(Duration::parse(text).is_err(), "{text:?}");
        }
    }
}
