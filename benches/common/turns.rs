//! How long a turn is, where what is measured takes microseconds or a hundred times as long.

use super::timing::nanoseconds;

/// How many calls take so many nanoseconds, about.
pub(crate) fn calls_in<R>(duration: f64, mut call: impl FnMut() -> R) -> u32 {
    // The first ones take longer.
    nanoseconds(100, &mut call);
    (duration / nanoseconds(100, call)).ceil() as u32
}
