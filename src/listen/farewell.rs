//! The best moment to end a connection.

use std::cell::Cell;

/// Whether a connection is to be ended with its next answer.
///
/// Then its client is listening. At any other moment its next call may be on the way, and some
/// clients give up a call that crosses a GOAWAY, although we would answer it.
#[derive(Debug, Default)]
pub struct Farewell(Cell<bool>);

impl Farewell {
    /// From here on.
    pub fn due(&self) {
        self.0.set(true);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.0.get()
    }
}
