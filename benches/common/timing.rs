//! Times of short calls, to be compared in turns so that drift hits all sides alike.

use std::hint::black_box;
use std::time::Instant;

/// What one of so many calls takes, in the mean.
pub(crate) fn nanoseconds<R>(calls: u32, mut call: impl FnMut() -> R) -> f64 {
    let started = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

/// What a turn takes when nobody else is in the way: a tenth of them took less. Others only ever add.
pub(crate) fn undisturbed(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 10]
}
