//! Reading a token without judging it: split, decoded, and its header and claims as JSON, beside the
//! base64 crate and serde_json on the same token.
//!
//! `cargo bench --bench parse` prints, at the end, the ratios.

#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod common;
#[path = "common/timing.rs"]
mod timing;

use std::borrow::Cow;
use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group};
use jotgate::signature::Algorithm;
use jotgate::token::json::scan_object;
use jotgate::token::{PartsRoom, TokenLimits, UnverifiedToken, base64url};
use serde::Deserialize;
use serde_json::Value;

use common::World;
use timing::{nanoseconds, undisturbed};

/// A token, and its payload as it is sent and as it is read.
struct Sample {
    token: String,
    encoded: String,
    payload: Vec<u8>,
}

impl Sample {
    fn new() -> Self {
        let token = World::new(Algorithm::Es256).token;
        let encoded = token.split('.').nth(1).expect("three parts").to_owned();
        let payload = BASE64_URL_SAFE_NO_PAD.decode(&encoded).expect("base64url");
        Self {
            token,
            encoded,
            payload,
        }
    }

    /// Each step by each library: what it is part of, by whom, and how.
    fn steps(&self) -> Vec<Step<'_>> {
        let (mut room, limits) = (PartsRoom::default(), TokenLimits::default());
        let mut buffer = Vec::new();
        vec![
            Step::new("parse", "jotgate", move || {
                let token = black_box(self.token.as_bytes());
                let read = UnverifiedToken::parse(token, &limits, &mut room).expect("well-formed");
                black_box(read.unverified_claims().payload().len());
            }),
            Step::new("parse", "base64 + serde_json, structs", || {
                let [header, payload, _signature] = decoded(black_box(&self.token));
                black_box(serde_json::from_slice::<Header<'_>>(&header).expect("a header"));
                black_box(serde_json::from_slice::<Claims<'_>>(&payload).expect("claims"));
            }),
            Step::new("parse", "base64 + serde_json, values", || {
                let [header, payload, _signature] = decoded(black_box(&self.token));
                black_box(serde_json::from_slice::<Value>(&header).expect("a header"));
                black_box(serde_json::from_slice::<Value>(&payload).expect("claims"));
            }),
            Step::new("base64url of the payload", "jotgate", move || {
                let encoded = black_box(self.encoded.as_bytes());
                black_box(base64url::decode(encoded, &mut buffer).expect("base64url"));
            }),
            Step::new("base64url of the payload", "base64", || {
                let encoded = black_box(self.encoded.as_bytes());
                black_box(BASE64_URL_SAFE_NO_PAD.decode(encoded).expect("base64url"));
            }),
            Step::new("claims", "jotgate", || {
                let mut members = 0;
                let visit = |_| members += 1;
                scan_object(black_box(&self.payload), 8, visit).expect("an object");
                black_box(members);
            }),
            Step::new("claims", "serde_json, struct", || {
                let payload = black_box(&self.payload);
                black_box(serde_json::from_slice::<Claims<'_>>(payload).expect("claims"));
            }),
            Step::new("claims", "serde_json, value", || {
                let payload = black_box(&self.payload);
                black_box(serde_json::from_slice::<Value>(payload).expect("claims"));
            }),
        ]
    }
}

struct Step<'s> {
    what: &'static str,
    by: &'static str,
    take: Box<dyn FnMut() + 's>,
}

impl<'s> Step<'s> {
    fn new(what: &'static str, by: &'static str, take: impl FnMut() + 's) -> Self {
        let take = Box::new(take);
        Self { what, by, take }
    }
}

/// The three parts, as one decodes them with the crate that everybody has.
fn decoded(token: &str) -> [Vec<u8>; 3] {
    let mut parts = token.split('.');
    [(); 3].map(|()| {
        let part = parts.next().expect("three parts");
        BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")
    })
}

/// What a verification needs of a header.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, and not looked at")]
struct Header<'t> {
    #[serde(borrow)]
    alg: Cow<'t, str>,
    #[serde(borrow)]
    kid: Option<Cow<'t, str>>,
    #[serde(borrow)]
    typ: Option<Cow<'t, str>>,
}

/// What a verification needs of the claims.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, and not looked at")]
struct Claims<'t> {
    #[serde(borrow)]
    iss: Cow<'t, str>,
    #[serde(borrow)]
    sub: Option<Cow<'t, str>>,
    aud: Value,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

fn steps(criterion: &mut Criterion) {
    let sample = Sample::new();
    let mut group = criterion.benchmark_group("parse");
    for mut step in sample.steps() {
        group.bench_function(format!("{}/{}", step.what, step.by), |bencher| {
            bencher.iter(|| (step.take)());
        });
    }
    group.finish();
}

/// In turns, so that drift hits all alike.
fn print_ratios() {
    let sample = Sample::new();
    let mut steps = sample.steps();
    let mut found = vec![Vec::new(); steps.len()];
    for _ in 0..ROUNDS {
        for (step, found) in steps.iter_mut().zip(&mut found) {
            found.push(nanoseconds(CALLS_PER_ROUND, &mut step.take));
        }
    }
    let mut ours = f64::NAN;
    println!("\n| what | by | ns | / jotgate |\n| --- | --- | --- | --- |");
    for (step, found) in steps.iter().zip(found) {
        let took = undisturbed(found);
        if step.by == "jotgate" {
            ours = took;
        }
        let Step { what, by, .. } = step;
        println!("| {what} | {by} | {took:.0} | {:.2} |", took / ours);
    }
}

const ROUNDS: usize = 51;
const CALLS_PER_ROUND: u32 = 1_000;

criterion_group!(benches, steps);

fn main() {
    benches();
    // `cargo bench -- --test` runs every benchmark once and judges nothing.
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios();
    }
    Criterion::default().configure_from_args().final_summary();
}
