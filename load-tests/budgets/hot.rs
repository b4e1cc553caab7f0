//! A worker's part in one kind of request, over and over; `run` beside it counts instructions.
//! Takes the name of a scenario; prints how often the request was answered.

#[path = "../../benches/common/mod.rs"]
#[allow(dead_code, reason = "shared with the benchmarks, which use more of it")]
mod common;
#[path = "../../benches/common/gate.rs"]
#[allow(dead_code, reason = "shared with the benchmarks, which set more")]
mod gate;

use std::env;
use std::hint::black_box;
use std::time::Duration;

use common::{NOW, World};
use gate::{check_request, gate};
use jotgate::grpc::proto::jotgate::v1::VerifyRequest;
use jotgate::grpc::{check, verifier};
use jotgate::signature::Algorithm;
use jotgate::telemetry::TraceContext;
use jotgate::token::Scratch;
use jotgate::verify::{Unobserved, verify};

const TURNS: usize = 400;

fn main() {
    let scenario = env::args().nth(1).unwrap_or_default();
    let mut turn = turn(&scenario);
    // The cache and the buffers get to know the token.
    for _ in 0..4 {
        turn();
    }
    count(&mut turn);
    println!("{TURNS} turns");
}

/// What is counted.
#[inline(never)]
fn count(turn: &mut dyn FnMut()) {
    for _ in 0..TURNS {
        turn();
    }
}

/// One request of the scenario and its answer.
fn turn(scenario: &str) -> Box<dyn FnMut()> {
    let world = World::new(match scenario {
        "verify_hs256" => Algorithm::Hs256,
        _ => Algorithm::Es256,
    });
    let refused = common::refused(&world);
    let refused = |reason: &str| {
        let found = refused.iter().find(|(name, _)| *name == reason);
        found.expect("there is such a token").1.clone()
    };
    let (kind, reason) = scenario.split_once('_').expect("a kind and a reason");
    let token = match reason {
        "repeat" | "expired" | "hs256" => world.token.clone(),
        "missing" => String::new(),
        reason => refused(reason),
    };
    match kind {
        "check" => {
            let (gate, clock) = gate(world.issuers, NOW);
            let request = check_request(&token);
            if reason == "expired" {
                // It gets into the cache while it is good.
                black_box(check::answer(&gate, &request));
                clock.set(NOW.saturating_add(Duration::from_secs(86_400)));
            }
            Box::new(move || drop(black_box(check::answer(&gate, &request))))
        }
        "rpc" => {
            let (gate, _) = gate(world.issuers, NOW);
            let request = VerifyRequest {
                token,
                ..VerifyRequest::default()
            };
            Box::new(move || {
                drop(black_box(verifier::answer(
                    &gate,
                    &TraceContext::default(),
                    &request,
                )))
            })
        }
        "verify" => {
            let mut scratch = Scratch::default();
            Box::new(move || {
                let context = world.context();
                let verified = verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved);
                black_box(verified.is_ok());
            })
        }
        _ => panic!("no scenario is called {scenario}"),
    }
}
