//! The binary from outside: real processes, real gateways, real sockets.
//!
//! Nothing here sleeps, uses a fixed port or reaches beyond this machine. A program that is
//! missing is a failure with a remedy: `scripts/test` installs what is needed.

#![allow(
    unreachable_pub,
    reason = "a test exports nothing; `pub` marks what a module is for"
)]

mod agreement;
mod cli;
mod config_errors;
mod consumers;
mod demo;
mod docs;
mod envoy;
mod examples;
mod fuzz;
mod issuing;
mod keys_under_load;
mod lifecycle;
mod load_tests;
mod nginx;
mod operations;
mod rules;
mod stress;
mod support;
mod test_command;
mod tls;
mod traces;
mod verify_command;
