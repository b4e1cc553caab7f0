//! `log` of the configuration.

use tracing::level_filters::LevelFilter;

/// `log` of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// The least important level that is written.
    pub level: Level,
    /// How a line looks.
    pub format: LogFormat,
    /// Which decisions are written, if `level` lets `info` through.
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
    /// A few each second: at most ten that pass and ten that do not.
    #[default]
    Sampled,
    /// Every one.
    All,
}

impl Decisions {
    /// Every mode, in the order of the declaration.
    pub(super) const ALL: [Self; 4] = [Self::Off, Self::Denied, Self::Sampled, Self::All];
}

impl Level {
    /// As the log library has it.
    pub(super) const fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}
