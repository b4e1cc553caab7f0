//! Load for a gRPC server: prepared requests as HTTP/2 frames, as fast as they are answered or at a
//! fixed rate, and how long the answers took.
//!
//! A client of a well-kept library would cost as much as the server it measures, on the one core
//! that there is for it; here a request is a few bytes copied. Only what gRPC needs of HTTP/2 is
//! there, and nothing of a server's header compression is read: a call is answered if a message
//! came before its end.
//!
//! `load-generator tokens` signs tokens, one a line; `load-generator load` sends and prints JSON.

mod bodies;
mod connection;
mod frames;
mod load;
mod report;
mod socket;
mod streams;
mod tokens;

use std::error::Error;

use clap::Parser;

fn main() -> Result<(), Box<dyn Error>> {
    match Command::parse() {
        Command::Tokens(tokens) => tokens.print(),
        Command::Load(load) => load.run(),
    }
}

#[derive(Parser)]
enum Command {
    /// Prints signed tokens, each with a `jti` of its own.
    Tokens(tokens::Options),
    /// Sends requests and tells how they went.
    Load(load::Options),
}
