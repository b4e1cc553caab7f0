//! Logs (tracing). No token, secret or claim ever appears in one, at any level.

/// `log` of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// The least important level that is written.
    pub level: Level,
    /// How a line looks.
    pub format: LogFormat,
    /// Which decisions are written.
    pub decisions: Decisions,
}

/// `log.level`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// `log.format`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// `log.decisions`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decisions {
    /// None.
    Off,
    /// Every refusal.
    Denied,
    /// A few each second.
    #[default]
    Sampled,
    /// Every one.
    All,
}
