//! Values that are written as a number, or as a number with a unit.

use schemars::{Schema, json_schema};

use crate::config::problems::quoted;

use super::scalar::Scalar;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct ByteCount(pub(in crate::config) u64);

impl Scalar for ByteCount {
    const EXPECTED: &'static str = "a size (1024, 8KiB, 64MiB)";

    fn parse(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let step = SIZE_UNITS.iter().find(|(name, _)| *name == unit);
        let bytes = number
            .parse::<u64>()
            .ok()
            .zip(step)
            .and_then(|(number, (_, bytes))| number.checked_mul(*bytes));
        bytes.map(Self).ok_or_else(|| {
            format!(
                "{} is not a size: write bytes, or a number with KiB, MiB or GiB, like 64KiB",
                quoted(text)
            )
        })
    }

    fn from_number(number: u64) -> Result<Self, String> {
        Ok(Self(number))
    }

    fn write(&self) -> String {
        let (unit, step) = SIZE_UNITS
            .into_iter()
            .rev()
            .find(|(_, step)| self.0 > 0 && self.0.is_multiple_of(*step))
            .unwrap_or(("", 1));
        format!("{}{unit}", self.0 / step)
    }

    fn number(&self) -> Option<u64> {
        (self.0 == 0 || !self.0.is_multiple_of(1024)).then_some(self.0)
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB)?$" },
            { "type": "integer", "minimum": 0 },
        ] })
    }
}

/// `server.threads`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::config) enum Threads {
    /// As many as there are cores.
    #[default]
    Auto,
    /// So many.
    Count(usize),
}

impl Scalar for Threads {
    const EXPECTED: &'static str = "`auto` or a number of threads";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => Err(format!(
                "{} is neither `auto` nor a number of threads",
                quoted(text)
            )),
        }
    }

    fn from_number(number: u64) -> Result<Self, String> {
        match usize::try_from(number) {
            Ok(count) if (1..=THREADS_MAX).contains(&count) => Ok(Self::Count(count)),
            _ => Err(format!("write `auto`, or a number from 1 to {THREADS_MAX}")),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Count(count) => count.to_string(),
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Auto => None,
            Self::Count(count) => Some(*count as u64),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [
            { "const": "auto" },
            { "type": "integer", "minimum": 1, "maximum": THREADS_MAX },
        ] })
    }
}

/// `deny.unavailable_status`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct UnavailableStatus(pub(in crate::config) u16);

impl Scalar for UnavailableStatus {
    const EXPECTED: &'static str = "503, 403 or 401";

    fn parse(text: &str) -> Result<Self, String> {
        Err(format!(
            "{} is not a status: write the number 503, 403 or 401",
            quoted(text)
        ))
    }

    fn from_number(number: u64) -> Result<Self, String> {
        match number {
            401 => Ok(Self(401)),
            403 => Ok(Self(403)),
            503 => Ok(Self(503)),
            _ => Err(format!(
                "{number} is not a refusal that proxies understand: write 503, 403 or 401"
            )),
        }
    }

    fn write(&self) -> String {
        self.0.to_string()
    }

    fn number(&self) -> Option<u64> {
        Some(u64::from(self.0))
    }

    fn schema() -> Schema {
        json_schema!({ "enum": [503, 403, 401] })
    }
}

/// Units in bytes, from the smallest.
const SIZE_UNITS: [(&str, u64); 4] = [
    ("", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// No machine has more cores.
const THREADS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{ByteCount, Scalar};

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, written) in [
            ("0", 0, "0"),
            ("1000", 1000, "1000"),
            ("8KiB", 8192, "8KiB"),
            ("1024KiB", 1 << 20, "1MiB"),
            ("64MiB", 64 << 20, "64MiB"),
        ] {
            assert_eq!(ByteCount::parse(text), Ok(ByteCount(bytes)), "{text}");
            assert_eq!(ByteCount(bytes).write(), written);
        }
        for text in [
            "",
            "KiB",
            "8kb",
            "8K",
            "-1",
            "1.5MiB",
            "8B",
            "99999999999GiB",
        ] {
            assert!(ByteCount::parse(text).is_err(), "{text}");
        }
    }
}
