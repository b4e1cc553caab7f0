//! A fresh token: `verify()` beside jwt-simple, on the same tokens, with each algorithm that both know.
//!
//! `cargo bench --manifest-path benches/peers/Cargo.toml` prints, at the end, how many times as long
//! jwt-simple takes.

#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/timing.rs"]
mod timing;
#[path = "../common/turns.rs"]
mod turns;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use jotgate::signature::Algorithm;
use jotgate::token::Scratch;
use jotgate::verify::{Unobserved, verify};
use jotgate_peers::{Expected, JwtSimple};

use common::{AUDIENCE, ISSUER, NOW, World};
use timing::{nanoseconds, undisturbed};
use turns::calls_in;

/// An algorithm, a token and a key of it, and the other library with that key.
fn worlds() -> impl Iterator<Item = (Algorithm, World, JwtSimple)> {
    let expected = Expected {
        issuer: ISSUER,
        audience: AUDIENCE,
        now: NOW.seconds().cast_unsigned(),
    };
    Algorithm::ALL.into_iter().filter_map(move |algorithm| {
        let world = World::new(algorithm);
        let peer = JwtSimple::new(algorithm.name(), &world.jwk(), expected)?;
        peer.decode(&world.token);
        Some((algorithm, world, peer))
    })
}

fn fresh_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for (algorithm, world, peer) in worlds() {
        group.bench_function(BenchmarkId::new("jotgate", algorithm.name()), |bencher| {
            let mut scratch = Scratch::default();
            bencher.iter(|| accept(&world, black_box(&world.token), &mut scratch));
        });
        group.bench_function(
            BenchmarkId::new("jwt-simple", algorithm.name()),
            |bencher| {
                bencher.iter(|| peer.decode(black_box(&world.token)));
            },
        );
    }
    group.finish();
}

fn accept(world: &World, token: &str, scratch: &mut Scratch) {
    verify(token.as_bytes(), &world.context(), scratch, &mut Unobserved).expect("good");
}

/// Measured in turns, so that drift hits both sides alike.
fn print_ratios() {
    println!("\n| algorithm | jwt-simple / jotgate |\n| --- | --- |");
    for (algorithm, world, peer) in worlds() {
        let mut scratch = Scratch::default();
        let [mut ours, mut theirs] = [Vec::new(), Vec::new()];
        let calls = calls_in(TURN_NANOSECONDS, || peer.decode(&world.token));
        for _ in 0..ROUNDS {
            ours.push(nanoseconds(calls, || {
                accept(&world, &world.token, &mut scratch);
            }));
            theirs.push(nanoseconds(calls, || peer.decode(&world.token)));
        }
        println!(
            "| {} | {:.2} |",
            algorithm.name(),
            undisturbed(theirs) / undisturbed(ours)
        );
    }
}

const ROUNDS: usize = 101;
/// What a turn of the other one takes, about.
const TURN_NANOSECONDS: f64 = 4e6;

criterion_group!(benches, fresh_tokens);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
