//! The life of key sets: one loop per source, a pure schedule beside it.

mod settings;

pub use settings::{Encoding, HttpSettings, RefreshSettings, SourceKind, SourceSettings};
