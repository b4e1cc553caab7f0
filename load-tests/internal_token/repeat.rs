//! Repeat-token `Check`s, with an internal token or without; `run` beside it counts instructions.

#[path = "../../benches/common/mod.rs"]
#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod common;
#[path = "../../benches/common/gate.rs"]
#[allow(
    dead_code,
    reason = "shared with other benchmarks, which use more of it"
)]
mod gate;
#[path = "../../benches/common/repeat.rs"]
mod repeat;

use std::env;

use repeat::Repeat;

const CHECKS: usize = 500;

fn main() {
    let has_internal_token = match env::args().nth(1).as_deref() {
        Some("with") => true,
        Some("without") => false,
        _ => panic!("usage: with|without"),
    };
    let bytes = repeat_checks(&Repeat::new(has_internal_token));
    println!("{CHECKS} checks, {bytes} bytes");
}

/// What is counted. A loop, because a closure would have its name, too, and counting would stop
/// where it is entered.
#[inline(never)]
fn repeat_checks(repeat: &Repeat) -> usize {
    let mut bytes = 0;
    for _ in 0..CHECKS {
        bytes += repeat.check().message().len();
    }
    bytes
}
