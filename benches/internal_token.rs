//! A repeat-token `Check` with an internal token beside the same one without.
//!
//! `cargo bench --bench internal_token` prints, at the end, the ratio that the goal names.
//! `load-tests/internal_token/run` counts its instructions.

#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod common;
#[path = "common/gate.rs"]
#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod gate;
#[path = "common/repeat.rs"]
mod repeat;
#[path = "common/timing.rs"]
mod timing;

use criterion::{Criterion, criterion_group};

use repeat::Repeat;
use timing::{nanoseconds, undisturbed};

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    for (name, has_internal_token) in [("without", false), ("with internal token", true)] {
        let repeat = Repeat::new(has_internal_token);
        group.bench_function(name, |bencher| bencher.iter(|| repeat.check()));
    }
    group.finish();
}

/// The ratio of the goal, measured in turns so that drift hits both sides alike.
fn print_ratio() {
    let sides = [false, true].map(Repeat::new);
    let mut measured = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (repeat, measured) in sides.iter().zip(&mut measured) {
            measured.push(nanoseconds(CALLS_PER_ROUND, || repeat.check()));
        }
    }
    let [without, with] = measured.map(undisturbed);
    println!("\n| repeat Check | with / without an internal token |\n| --- | --- |");
    println!(
        "| goal: at most 1.15 | {:.3} ({with:.0} ns / {without:.0} ns) |",
        with / without
    );
}

const ROUNDS: usize = 101;
const CALLS_PER_ROUND: u32 = 10_000;

criterion_group!(benches, check);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratio();
    }
    Criterion::default().configure_from_args().final_summary();
}
