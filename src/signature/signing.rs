//! Keys that sign.

/// Under construction.
#[derive(Debug)]
pub struct SigningKey;
/// Under construction.
#[derive(Debug)]
pub struct SigningError;
