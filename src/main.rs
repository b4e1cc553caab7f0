//! The life of the process: read the command, do it, say how it ended.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use jotgate::cli::{Cli, Exit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Wrong usage ends here, with an explanation and 2.
    let command = Cli::parse().command;
    // Not locked: logs and other threads write, too.
    let outcome = command.run(&mut anstream::stdout());
    match outcome {
        Ok(exit) => exit.into(),
        // `jotgate inspect … | head` is no failure.
        Err(failure) if failure.is_closed_pipe() => Exit::Good.into(),
        Err(failure) => {
            anstream::eprintln!("{failure}");
            failure.exit().into()
        }
    }
}
