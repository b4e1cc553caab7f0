//! What is worth saying about a token.

/// How bad it is. The worst come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// jotgate refuses such a token, whatever the configuration.
    Refused,
    /// It is dangerous, or refused by default.
    Warning,
    /// It could be better.
    Note,
}

impl Level {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing worth saying.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// A stable name.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Where it is written, such as `RFC 8725 3.11`.
    pub(super) reference: &'static str,
}

/// Everything worth saying.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn refused(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        reference: &'static str,
    ) {
        self.add(Level::Refused, code, message.into(), reference);
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        reference: &'static str,
    ) {
        self.add(Level::Warning, code, message.into(), reference);
    }

    pub(super) fn note(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        reference: &'static str,
    ) {
        self.add(Level::Note, code, message.into(), reference);
    }

    /// The worst first, otherwise in the order they were found.
    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|finding| finding.level);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    fn add(&mut self, level: Level, code: &'static str, message: String, reference: &'static str) {
        self.0.push(Finding {
            level,
            code,
            message,
            reference,
        });
    }
}

/// A text out of a token, escaped and cut, to stand in a message.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{rest}")
}
