//! A `Check` from the bytes of the question to those of the answer, and its parts beside what the
//! generated types take for the same: decoding the request, encoding the answer, knowing a token.
//!
//! `cargo bench --bench check` prints, at the end, the ratios.

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
#[path = "common/timing.rs"]
mod timing;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use jotgate::gate::Gate;
use jotgate::grpc::check;
use jotgate::grpc::proto::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use jotgate::grpc::wire::CheckView;
use jotgate::request::RequestView as _;
use jotgate::signature::Algorithm;
use prost::Message as _;

use common::{NOW, World};
use gate::{check_request, gate};
use timing::{nanoseconds, undisturbed};

/// A gate that knows a token, and questions about that one and about others.
struct Bench {
    gate: Gate,
    repeat: Vec<u8>,
    answer: CheckResponse,
    refused: Vec<(&'static str, Vec<u8>)>,
}

impl Bench {
    fn new() -> Self {
        let world = World::new(Algorithm::Es256);
        let mut refused: Vec<_> = common::refused(&world)
            .into_iter()
            .filter(|(name, _)| matches!(*name, "malformed" | "issuer_unknown"))
            .map(|(name, token)| (name, check_request(&token)))
            .collect();
        refused.push(("token_missing", check_request("")));
        let repeat = check_request(&world.token);
        let (gate, _) = gate(world.issuers, NOW);
        for _ in 0..4 {
            drop(check::answer(&gate, &repeat));
        }
        let answer = CheckResponse::decode(check::answer(&gate, &repeat).message());
        Self {
            gate,
            repeat,
            answer: answer.expect("a CheckResponse"),
            refused,
        }
    }

    /// A token that is in the cache and has expired.
    fn expired() -> (Gate, Vec<u8>) {
        let world = World::new(Algorithm::Es256);
        let question = check_request(&world.token);
        let (gate, clock) = gate(world.issuers, NOW);
        drop(check::answer(&gate, &question));
        clock.set(NOW.saturating_add(Duration::from_secs(86_400)));
        (gate, question)
    }
}

fn answers(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("check");
    group.bench_function("repeat", |bencher| {
        bencher.iter(|| check::answer(&bench.gate, black_box(&bench.repeat)));
    });
    for (name, question) in &bench.refused {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| check::answer(&bench.gate, black_box(question)));
        });
    }
    let (gate, question) = Bench::expired();
    group.bench_function("expired_in_cache", |bencher| {
        bencher.iter(|| check::answer(&gate, black_box(&question)));
    });
    group.finish();
}

fn messages(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("message");
    group.bench_function("view", |bencher| bencher.iter(|| view(&bench.repeat)));
    group.bench_function("prost_decode", |bencher| {
        bencher.iter(|| CheckRequest::decode(black_box(&bench.repeat[..])));
    });
    group.bench_function("prost_encode", |bencher| {
        bencher.iter(|| bench.answer.encode_to_vec());
    });
    group.finish();
}

/// The request read where it lies, and a look at each header.
fn view(message: &[u8]) -> usize {
    let view = CheckView::parse(black_box(message)).expect("readable");
    let mut bytes = 0;
    view.for_each_header(&mut |name, value| bytes += name.len() + value.len());
    bytes
}

/// In turns, so that drift hits all alike.
fn print_ratios() {
    let bench = Bench::new();
    let (expired_gate, expired) = Bench::expired();
    let names = bench.refused.iter().map(|(name, _)| *name);
    let names: Vec<_> = [
        "repeat",
        "view",
        "prost_decode",
        "prost_encode",
        "expired_in_cache",
    ]
    .into_iter()
    .chain(names)
    .collect();
    let mut found: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..ROUNDS {
        let mut times = vec![
            nanoseconds(CALLS_PER_ROUND, || {
                check::answer(&bench.gate, &bench.repeat).message().len()
            }),
            nanoseconds(CALLS_PER_ROUND, || view(&bench.repeat)),
            nanoseconds(CALLS_PER_ROUND, || {
                CheckRequest::decode(&bench.repeat[..]).map_or(0, |_| 1)
            }),
            nanoseconds(CALLS_PER_ROUND, || bench.answer.encode_to_vec().len()),
            nanoseconds(CALLS_PER_ROUND, || {
                check::answer(&expired_gate, &expired).message().len()
            }),
        ];
        times.extend(bench.refused.iter().map(|(_, question)| {
            nanoseconds(CALLS_PER_ROUND, || {
                check::answer(&bench.gate, question).message().len()
            })
        }));
        for (found, time) in found.iter_mut().zip(times) {
            found.push(time);
        }
    }
    let times: Vec<f64> = found.into_iter().map(undisturbed).collect();
    println!("\n| what | ns | / repeat | / prost_decode |\n| --- | --- | --- | --- |");
    for (name, took) in names.iter().zip(&times) {
        let (repeat, decode) = (took / times[0], took / times[2]);
        println!("| {name} | {took:.0} | {repeat:.2} | {decode:.3} |");
    }
    let [repeat, _, decode, encode, ..] = times[..] else {
        unreachable!("these are the first");
    };
    println!("\n| a whole repeat Check / only decoding and encoding by prost |\n| --- |");
    println!("| {:.3} |", repeat / (decode + encode));
}

const ROUNDS: usize = 51;
const CALLS_PER_ROUND: u32 = 1_000;

criterion_group!(benches, answers, messages);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
