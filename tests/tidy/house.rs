//! The plan of the house, and the exceptions from its rules.

/// Every module of the library, from the bottom up: it may know those above it in this list, and
/// none below. A new room needs a place here, and in `ARCHITECTURE.md`.
pub const HOUSE: [(Plane, &str); 34] = [
    (Plane::Core, "limits"),
    (Plane::Core, "reason"),
    (Plane::Core, "time"),
    (Plane::Core, "token"),
    (Plane::Core, "signature"),
    (Plane::Core, "keys"),
    (Plane::Core, "issuers"),
    (Plane::Core, "consumers"),
    (Plane::Core, "verify"),
    (Plane::Core, "explain"),
    (Plane::Core, "request"),
    (Plane::Core, "path"),
    (Plane::Core, "prepared"),
    (Plane::Core, "credentials"),
    (Plane::Core, "forward"),
    (Plane::Core, "deny"),
    (Plane::Core, "requirement"),
    (Plane::Core, "matching"),
    (Plane::Core, "rules"),
    (Plane::Core, "cache"),
    (Plane::Core, "authorizer"),
    (Plane::Control, "secret"),
    (Plane::Control, "threads"),
    (Plane::Control, "metrics"),
    (Plane::Control, "telemetry"),
    (Plane::Control, "issue"),
    (Plane::Control, "refresh"),
    (Plane::Edge, "gate"),
    (Plane::Edge, "listen"),
    (Plane::Edge, "grpc"),
    (Plane::Edge, "http"),
    (Plane::Edge, "admin"),
    (Plane::Top, "config"),
    (Plane::Top, "app"),
];

/// Modules that everything may be known to: they stand above the house.
pub const ROOF: [&str; 1] = ["cli"];

/// Imports against the direction: who, whom, why.
pub const AGAINST_THE_DIRECTION: [(&str, &str, &str); 1] = [(
    "verify",
    "explain",
    "the sentences of the evidence; `explain` in turn only watches `verify`",
)];

/// Rooms of the house by what they may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// No I/O, no clock, no async.
    Core,
    /// Learns, at its own pace.
    Control,
    /// Answers; decides nothing.
    Edge,
    /// Puts it together.
    Top,
}

/// What the core never names.
pub const NOT_IN_CORE: [&str; 11] = [
    "hyper::",
    "metrics::",
    "reqwest::",
    "std::fs",
    "std::net",
    "std::thread",
    "tokio::",
    "tokio_stream::",
    "tonic::",
    "tracing::",
    "Instant::now",
];

/// Files longer than [`FILE_LINES`]. Shorten them and take them out.
pub const LONG_FILES: [&str; 0] = [];

/// Functions longer than [`FUNCTION_LINES`]. Shorten them and take them out.
pub const LONG_FUNCTIONS: [(&str, &str); 1] = [
    // A table with a row for each reason.
    ("src/reason.rs", "row"),
];

/// Types whose values are secrets, as fields name them.
pub const SECRETS: [&str; 5] = [
    "Zeroizing<",
    "hmac::Key",
    "EcdsaKeyPair",
    "Ed25519KeyPair",
    "RsaKeyPair",
];

/// Where a thread may sleep, and why.
pub const SLEEPERS: [(&str, &str); 1] = [(
    "tests/it/support/wait.rs",
    "polls another process, with a bound",
)];

pub const FILE_LINES: usize = 400;
pub const FUNCTION_LINES: usize = 70;
