//! A fresh token: `verify()` beside the bare signature it contains and beside jsonwebtoken, on the
//! same tokens, with each algorithm. And a token for each reason to refuse one.
//!
//! `cargo bench --bench verify` prints, at the end, the ratios that the goals name.

#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod common;
#[path = "common/court.rs"]
mod court;
#[path = "common/timing.rs"]
mod timing;
#[path = "common/turns.rs"]
mod turns;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use jotgate::consumers::Consumers;
use jotgate::signature::Algorithm;
use jotgate::token::{Scratch, TokenLimits};
use jotgate::verify::{Unobserved, verify};

use common::{Reference, World};
use court::Court;
use timing::{nanoseconds, undisturbed};
use turns::calls_in;

fn fresh_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for algorithm in Algorithm::ALL {
        let world = World::new(algorithm);
        let name = algorithm.name();
        group.bench_function(BenchmarkId::new("jotgate", name), |bencher| {
            let mut scratch = Scratch::default();
            bencher.iter(|| accept(&world, black_box(&world.token), &mut scratch));
        });
        group.bench_function(BenchmarkId::new("signature", name), |bencher| {
            bencher.iter(|| world.bare_signature());
        });
        if let Some(reference) = Reference::new(&world) {
            group.bench_function(BenchmarkId::new("jsonwebtoken", name), |bencher| {
                bencher.iter(|| reference.decode(black_box(&world.token)));
            });
        }
    }
    group.finish();
}

fn refusals(criterion: &mut Criterion) {
    let court = Court::open(&[Algorithm::Es256, Algorithm::Rs256]);
    let (consumers, limits) = (Consumers::default(), TokenLimits::default());
    let context = court.context(&consumers, &limits);
    let mut group = criterion.benchmark_group("refuse");
    for (token, reason) in court.refusals() {
        group.bench_function(reason.code(), |bencher| {
            let mut scratch = Scratch::default();
            bencher.iter(|| {
                let token = black_box(token.as_bytes());
                let outcome = verify(token, &context, &mut scratch, &mut Unobserved);
                assert_eq!(outcome.map(|_| ()), Err(reason));
            });
        });
    }
    group.finish();
}

fn accept(world: &World, token: &str, scratch: &mut Scratch) {
    verify(token.as_bytes(), &world.context(), scratch, &mut Unobserved).expect("good");
}

/// The ratios of the goals, measured in turns so that drift hits both sides alike. Not medians: for
/// milliseconds or minutes reading a token takes half as long again, and an HMAC what it took before,
/// most likely because somebody else has the other half of a virtual machine's core.
fn print_ratios() {
    println!(
        "\n| algorithm | jotgate / signature | goal: at most | jsonwebtoken / jotgate | at least |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for algorithm in Algorithm::ALL {
        let world = World::new(algorithm);
        let reference = Reference::new(&world);
        let mut scratch = Scratch::default();
        let [mut ours, mut bare, mut theirs] = [Vec::new(), Vec::new(), Vec::new()];
        let calls = calls_in(TURN_NANOSECONDS, || world.bare_signature());
        for _ in 0..ROUNDS {
            ours.push(nanoseconds(calls, || {
                accept(&world, &world.token, &mut scratch)
            }));
            bare.push(nanoseconds(calls, || world.bare_signature()));
            if let Some(reference) = &reference {
                theirs.push(nanoseconds(calls, || reference.decode(&world.token)));
            }
        }
        let (ours, bare) = (undisturbed(ours), undisturbed(bare));
        let theirs = (!theirs.is_empty()).then(|| undisturbed(theirs) / ours);
        let goal = GOALS.iter().find(|goal| goal.algorithm == algorithm);
        println!(
            "| {} | {:.3} | {} | {} | {} |",
            algorithm.name(),
            ours / bare,
            shown(goal.map(|goal| goal.of_signature)),
            shown(theirs),
            shown(goal.and_then(|goal| goal.of_jsonwebtoken)),
        );
    }
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// What is to be reached; the other algorithms are shown for what they are.
struct Goal {
    algorithm: Algorithm,
    of_signature: f64,
    of_jsonwebtoken: Option<f64>,
}

const fn goal(algorithm: Algorithm, of_signature: f64, of_jsonwebtoken: Option<f64>) -> Goal {
    Goal {
        algorithm,
        of_signature,
        of_jsonwebtoken,
    }
}

const GOALS: [Goal; 5] = [
    goal(Algorithm::Rs256, 1.05, Some(1.4)),
    goal(Algorithm::Ps256, 1.05, None),
    goal(Algorithm::Es256, 1.05, None),
    goal(Algorithm::Ed25519, 1.05, None),
    goal(Algorithm::Hs256, 2.2, Some(4.5)),
];
const ROUNDS: usize = 301;
/// What a turn takes, about. Long enough for the first microseconds after another one's turn, which go
/// into filling the processor's caches again, not to count; short enough to be left alone at times.
const TURN_NANOSECONDS: f64 = 1e6;

criterion_group!(benches, fresh_tokens, refusals);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
