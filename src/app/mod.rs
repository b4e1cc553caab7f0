//! The composition root.
mod phase;
