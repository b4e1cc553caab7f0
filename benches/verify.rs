//! A fresh token: `verify()` beside the bare signature it contains and beside jsonwebtoken, on the
//! same tokens. The refusals an attacker would choose, beside an accepted token.
//!
//! `cargo bench --bench verify` prints, at the end, the ratios that the goals name.

mod common;
#[path = "common/timing.rs"]
mod timing;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use jotgate::signature::Algorithm;
use jotgate::token::Scratch;
use jotgate::verify::{Accepts, Context, Unobserved, verify};

use common::{NOW, Reference, World};
use timing::{median, nanoseconds};

fn fresh_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for algorithm in common::ALGORITHMS {
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
    let world = World::new(Algorithm::Es256);
    let mut group = criterion.benchmark_group("refuse");
    for (name, token) in common::refused(&world) {
        group.bench_function(name, |bencher| {
            let mut scratch = Scratch::default();
            bencher.iter(|| {
                let context = context(&world);
                verify(
                    black_box(token.as_bytes()),
                    &context,
                    &mut scratch,
                    &mut Unobserved,
                )
                .expect_err("refused")
            });
        });
    }
    group.finish();
}

fn accept(world: &World, token: &str, scratch: &mut Scratch) {
    let context = context(world);
    verify(token.as_bytes(), &context, scratch, &mut Unobserved).expect("good");
}

fn context(world: &World) -> Context<'_> {
    Context {
        issuers: &world.issuers,
        consumers: &world.consumers,
        accepts: Accepts::default(),
        limits: &world.limits,
        now: NOW,
    }
}

/// The ratios of the goals, measured in turns so that drift hits both sides alike.
fn print_ratios() {
    println!("\n| algorithm | jotgate / signature | jsonwebtoken / jotgate |\n| --- | --- | --- |");
    for algorithm in common::ALGORITHMS {
        let world = World::new(algorithm);
        let reference = Reference::new(&world);
        let mut scratch = Scratch::default();
        let [mut ours, mut bare, mut theirs] = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            ours.push(nanoseconds(CALLS_PER_ROUND, || {
                accept(&world, &world.token, &mut scratch)
            }));
            bare.push(nanoseconds(CALLS_PER_ROUND, || world.bare_signature()));
            if let Some(reference) = &reference {
                theirs.push(nanoseconds(CALLS_PER_ROUND, || {
                    reference.decode(&world.token)
                }));
            }
        }
        let (ours, bare) = (median(ours), median(bare));
        let theirs = if theirs.is_empty() {
            "-".to_owned()
        } else {
            format!("{:.2}", median(theirs) / ours)
        };
        println!("| {} | {:.3} | {theirs} |", algorithm.name(), ours / bare);
    }
}

const ROUNDS: usize = 41;
const CALLS_PER_ROUND: u32 = 100;

criterion_group!(benches, fresh_tokens, refusals);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
