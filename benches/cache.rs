//! What it takes to know a token: a decision about one that the worker keeps for itself, about one
//! that is in the cache of all workers, and the look-up alone: among few, among many, in vain.
//!
//! `cargo bench --bench cache` prints, at the end, the ratios.

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

use criterion::{Criterion, criterion_group};
use jotgate::authorizer::{Authorizer, Buffers, Question, Unmetered};
use jotgate::grpc::wire::CheckView;
use jotgate::reason::Reason;
use jotgate::signature::Algorithm;
use serde_json::json;

use common::{NOW, World};
use gate::{GENERATION, Setup};
use timing::{nanoseconds, undisturbed};

/// Tokens in a cache that has room for them, asked for in turn.
struct Known {
    authorizer: Authorizer,
    buffers: Buffers,
    tokens: Vec<String>,
    /// As many that are not there.
    strangers: Vec<String>,
    next: usize,
}

impl Known {
    fn new(count: usize) -> Self {
        // The quickest to sign and to verify; a hit is the same for all.
        let world = World::new(Algorithm::Hs256);
        let numbered = |kind: &str| {
            let token = |number| world.token_with(json!({ "jti": format!("{kind}-{number}") }));
            (0..count).map(token).collect::<Vec<_>>()
        };
        let (tokens, strangers) = (numbered("known"), numbered("stranger"));
        let mut setup = Setup::new(world.issuers);
        setup.cache.max_bytes = CACHE_BYTES;
        let mut known = Self {
            authorizer: setup.authorizer(),
            buffers: Buffers::default(),
            tokens,
            strangers,
            next: 0,
        };
        // Verified, kept, and kept by the worker if there are not too many.
        for _ in 0..3 * count {
            assert_eq!(known.decide(), Reason::Ok);
        }
        known.authorizer.cache().settle();
        let (kept, _) = known.authorizer.cache().fill();
        assert_eq!(usize::try_from(kept), Ok(count), "all are there");
        known
    }

    /// A decision about the next one.
    fn decide(&mut self) -> Reason {
        let place = self.advance();
        let question = Question {
            token: self.tokens[place].as_bytes(),
            ..Question::default()
        };
        let request = None::<&CheckView<'_>>;
        let (authorizer, buffers) = (&self.authorizer, &mut self.buffers);
        let decision = authorizer.verify(black_box(&question), request, NOW, buffers, &Unmetered);
        decision.reason
    }

    /// Looks the next one up.
    fn find(&mut self) {
        let place = self.advance();
        let found = self.look_up(&self.tokens[place]);
        assert!(black_box(found), "it is there");
    }

    /// Looks one up that is not there.
    fn miss(&mut self) {
        let place = self.advance();
        let found = self.look_up(&self.strangers[place]);
        assert!(!black_box(found), "it is not there");
    }

    fn look_up(&self, token: &str) -> bool {
        let cache = self.authorizer.cache();
        cache.get(black_box(token.as_bytes()), GENERATION).is_some()
    }

    fn advance(&mut self) -> usize {
        self.next = (self.next + 1) % self.tokens.len();
        self.next
    }
}

/// What is done with which of [`SIZES`].
struct Case {
    name: &'static str,
    size: usize,
    work: fn(&mut Known),
}

const fn case(name: &'static str, size: usize, work: fn(&mut Known)) -> Case {
    Case { name, size, work }
}

const CASES: [Case; 6] = [
    case("decision, kept by the worker", 0, decide),
    case("decision, among 10,000 tokens", 1, decide),
    case("decision, among 100,000 tokens", 2, decide),
    case("look-up, one token", 0, Known::find),
    case("look-up, among 100,000 tokens", 2, Known::find),
    case("look-up, not among 100,000 tokens", 2, Known::miss),
];

fn decide(known: &mut Known) {
    black_box(known.decide());
}

fn hits(criterion: &mut Criterion) {
    let mut sizes = SIZES.map(Known::new);
    let mut group = criterion.benchmark_group("cache");
    for case in CASES {
        let known = &mut sizes[case.size];
        group.bench_function(case.name, |bencher| bencher.iter(|| (case.work)(known)));
    }
    group.finish();
}

/// In turns, so that drift hits all alike.
fn print_ratios() {
    let mut sizes = SIZES.map(Known::new);
    let mut found = CASES.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (case, found) in CASES.iter().zip(&mut found) {
            let known = &mut sizes[case.size];
            found.push(nanoseconds(CALLS_PER_ROUND, || (case.work)(known)));
        }
    }
    let times = found.map(undisturbed);
    println!("\n| what | ns | / kept by the worker |\n| --- | --- | --- |");
    for (case, took) in CASES.iter().zip(times) {
        println!("| {} | {took:.0} | {:.2} |", case.name, took / times[0]);
    }
}

/// Of the second there are some twenty for each place in a worker's own table: it keeps none of them.
const SIZES: [usize; 3] = [1, 10_000, 100_000];
/// Room for them all.
const CACHE_BYTES: u64 = 1 << 30;
const ROUNDS: usize = 51;
const CALLS_PER_ROUND: u32 = 2_000;

criterion_group!(benches, hits);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
