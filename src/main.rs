//! The `jotgate` binary: see the library for what it is made of.

#![forbid(unsafe_code)]

fn main() {}
