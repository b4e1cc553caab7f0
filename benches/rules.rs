//! Finding the rule that a request meets: among one rule and among a thousand.
//!
//! `cargo bench --bench rules` prints, at the end, the ratios that the goals name.

#[path = "common/timing.rs"]
mod timing;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use jotgate::matching::{Match, MatchIndex};
use jotgate::path::PathScratch;
use jotgate::request::RequestView;

use timing::{nanoseconds, undisturbed};

/// A request, and rules of which it meets the last.
struct Case {
    name: &'static str,
    index: MatchIndex,
    asked: Asked,
}

impl Case {
    /// Each kind of rule that a large table is made of. The rule that is met is the last.
    fn all(rules: usize) -> [Self; 3] {
        let last = rules - 1;
        let paths = |rule: usize| Match {
            paths: [format!("/service-{rule}/orders/{{id}}")
                .parse()
                .expect("a path")]
            .into(),
            methods: ["GET".parse().expect("a method")].into(),
            ..Match::default()
        };
        let hosts = |rule: usize| Match {
            hosts: [format!("api-{rule}.example.com").parse().expect("a host")].into(),
            ..Match::default()
        };
        let both = |rule: usize| Match {
            hosts: [format!("*.tenant-{rule}.example.com")
                .parse()
                .expect("a host")]
            .into(),
            paths: ["/orders/**".parse().expect("a path")].into(),
            ..Match::default()
        };
        [
            Self {
                name: "paths",
                index: MatchIndex::new((0..rules).map(paths)),
                asked: Asked::new(
                    "api.example.com",
                    format!("/service-{last}/orders/4711?x=y"),
                ),
            },
            Self {
                name: "hosts",
                index: MatchIndex::new((0..rules).map(hosts)),
                asked: Asked::new(
                    &format!("api-{last}.example.com"),
                    "/orders/4711".to_owned(),
                ),
            },
            Self {
                name: "both",
                index: MatchIndex::new((0..rules).map(both)),
                asked: Asked::new(
                    &format!("api.tenant-{last}.example.com:8080"),
                    "/orders/4711".to_owned(),
                ),
            },
        ]
    }

    fn find(&self, scratch: &mut PathScratch) -> usize {
        let asked = black_box(&self.asked);
        let path = scratch.read(asked.target()).expect("one reading");
        let found = self.index.find(&asked, path.as_ref());
        found.expect("one reading").expect("met")
    }
}

fn find(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("find");
    for rules in SIZES {
        for case in Case::all(rules) {
            group.bench_function(BenchmarkId::new(case.name, rules), |bencher| {
                let mut scratch = PathScratch::default();
                bencher.iter(|| case.find(&mut scratch));
            });
        }
    }
    group.finish();
}

/// The ratios of the goals, measured in turns so that drift hits both sides alike.
fn print_ratios() {
    println!("\n| rules for | 1,000 rules / 1 rule |\n| --- | --- |");
    let [few, many] = SIZES.map(Case::all);
    let mut scratch = PathScratch::default();
    for (few, many) in few.iter().zip(&many) {
        let [mut short, mut long] = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            short.push(nanoseconds(CALLS_PER_ROUND, || few.find(&mut scratch)));
            long.push(nanoseconds(CALLS_PER_ROUND, || many.find(&mut scratch)));
        }
        let (short, long) = (undisturbed(short), undisturbed(long));
        println!(
            "| {} | {:.3} ({long:.0} ns / {short:.0} ns) |",
            few.name,
            long / short
        );
    }
}

/// A request with nothing but what rules look at.
struct Asked {
    host: String,
    target: String,
}

impl Asked {
    fn new(host: &str, target: String) -> Self {
        let host = host.to_owned();
        Self { host, target }
    }
}

impl<'a> RequestView<'a> for &'a Asked {
    fn method(&self) -> &'a [u8] {
        b"GET"
    }

    fn host(&self) -> &'a [u8] {
        self.host.as_bytes()
    }

    fn scheme(&self) -> &'a [u8] {
        b"https"
    }

    fn target(&self) -> &'a [u8] {
        self.target.as_bytes()
    }

    fn for_each_header(&self, _: &mut dyn FnMut(&'a [u8], &'a [u8])) {}
}

const SIZES: [usize; 2] = [1, 1_000];
const ROUNDS: usize = 101;
const CALLS_PER_ROUND: u32 = 10_000;

criterion_group!(benches, find);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
