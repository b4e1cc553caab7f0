//! Numbers compared by their value, exactly, however large: a double cannot tell
//! 9007199254740993 from 9007199254740992.

use std::cmp::Ordering;
use std::fmt;

/// A number of the operator's.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// Compares with the text of a JSON number.
    #[must_use]
    pub fn compare(&self, json: &str) -> Ordering {
        Decimal::read(&self.0).compare(&Decimal::read(json))
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        Self(number.to_string().into())
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text of a JSON number (RFC 8259 6), taken apart where it lies.
struct Decimal<'t> {
    is_negative: bool,
    /// The digits from the first that is not 0, perhaps with the point among them; empty for 0.
    digits: &'t [u8],
    /// How many digits stand before the point once the exponent is applied.
    magnitude: i128,
}

impl<'t> Decimal<'t> {
    /// Total: text that is no number makes some number.
    fn read(text: &'t str) -> Self {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let mantissa = mantissa.as_bytes();
        let Some(first) = mantissa.iter().position(|byte| matches!(byte, b'1'..=b'9')) else {
            return Self {
                is_negative: false,
                digits: &[],
                magnitude: 0,
            };
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let point = position(point.unwrap_or(mantissa.len()));
        let first_at = position(first);
        let before_point = if first_at < point {
            point - first_at
        } else {
            point + 1 - first_at
        };
        // Beyond 64 bits the exponent alone decides against every number an operator can write.
        let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        });
        Self {
            is_negative,
            digits: &mantissa[first..],
            magnitude: before_point + i128::from(exponent),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let by_size = self.magnitude.cmp(&other.magnitude);
            let by_size = by_size.then_with(|| self.compare_digits(other));
            if self.is_negative {
                by_size.reverse()
            } else {
                by_size
            }
        })
    }

    const fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn compare_digits(&self, other: &Self) -> Ordering {
        let digits = |decimal: &Self| decimal.digits.iter().copied().filter(|byte| *byte != b'.');
        let (mut ours, mut theirs) = (digits(self), digits(other));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (ours, theirs) => {
                    let ordering = ours.unwrap_or(b'0').cmp(&theirs.unwrap_or(b'0'));
                    if ordering.is_ne() {
                        return ordering;
                    }
                }
            }
        }
    }
}

fn position(index: usize) -> i128 {
    i128::try_from(index).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::Decimal;

    #[test]
    fn numbers_are_ordered_by_value_whatever_their_form() {
        // From the smallest to the largest; those of one row are equal.
        let rows: [&[&str]; 17] = [
            &["-1e99999999999999999999"],
            &["-9007199254740993", "-9007199254740993.000"],
            &["-9007199254740992", "-9.007199254740992e15"],
            &["-1.5", "-15e-1", "-0.15E+1"],
            &["-1", "-1.0", "-10e-1"],
            &["-1e-400"],
            &["0", "-0", "0.0", "0e5", "-0.00E-7"],
            &["1e-99999999999999999999"],
            &["0.001", "1e-3", "0.1e-2"],
            &["0.1", "1e-1", "0.100"],
            &["1", "1.0", "10e-1", "0.01e2"],
            &["3", "3.0", "30E-1", "0.3e1"],
            &["3.5"],
            &["9007199254740992", "9007199254740992.0"],
            &["9007199254740993"],
            &["18446744073709551616", "1.8446744073709551616e19"],
            &["1e400", "10e399"],
        ];
        for (place, row) in rows.iter().enumerate() {
            for (other_place, other_row) in rows.iter().enumerate() {
                for (a, b) in row
                    .iter()
                    .flat_map(|a| other_row.iter().map(move |b| (a, b)))
                {
                    let found = Decimal::read(a).compare(&Decimal::read(b));
                    assert_eq!(found, place.cmp(&other_place), "{a} and {b}");
                }
            }
        }
    }

    #[test]
    fn text_that_is_no_number_is_compared_without_a_panic() {
        for text in ["", "-", ".", "e", "--1", "1e", "1e+", "1.2.3", "NaN", "e5"] {
            let ordering = Decimal::read(text).compare(&Decimal::read("1"));
            assert!([Ordering::Less, Ordering::Equal, Ordering::Greater].contains(&ordering));
        }
    }
}
