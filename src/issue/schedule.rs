//! When a generated key signs and how long it is published: pure functions of the time.
//!
//! There is always one key more than signs. It is published as soon as the one before it begins to
//! sign, so that whoever keeps the published set for its `max-age` has it long before it is
//! needed. A key that stopped stays published until the last token it signed has expired.

use std::time::Duration;

use crate::limits::{PUBLISHED_KEYS_MAX_AGE, SIGNING_KEYS};
use crate::time::UnixMillis;

/// The times of one generated key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// From when on everybody knows it who follows what he was told about the published keys.
    pub(super) known_from: UnixMillis,
    /// Since when, or from when on, it signs.
    pub(super) signs_from: UnixMillis,
    /// How long it stays published after it stopped: the longest life of a token that it signed,
    /// and a little for clocks.
    pub(super) keep: Duration,
    /// The rotation that `signs_from` was reckoned with.
    pub(super) rotation: Rotation,
    /// For how long others were told, at most, that they may keep a set in which it is the newest.
    pub(super) told: Duration,
}

/// How often keys change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotation {
    /// The time that one key signs.
    pub(super) every: Duration,
}

impl Rotation {
    /// How long others may keep the published keys.
    pub(super) fn max_age(self) -> Duration {
        PUBLISHED_KEYS_MAX_AGE.min(self.every / 4)
    }
}

/// What the keys are for at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Which one signs; none only if there is none.
    pub(super) signs: Option<usize>,
    /// Which ones are published.
    pub(super) published: Vec<usize>,
    /// If there is no key after the one that signs: from when on the one to be made signs, if
    /// others know it by then.
    pub(super) wanted: Option<UnixMillis>,
    /// When this plan is over.
    pub(super) until: UnixMillis,
}

/// What `lives`, in the order of `signs_from`, are for at `now`.
pub(super) fn plan(now: UnixMillis, lives: &[Life], rotation: Rotation) -> Plan {
    let begun = lives.iter().take_while(|life| life.signs_from <= now);
    // A clock that went back must not leave nobody to sign: the oldest does.
    let signs = begun.count().saturating_sub(1);
    let Some(signing) = lives.get(signs) else {
        return Plan {
            signs: None,
            published: Vec::new(),
            wanted: Some(now),
            until: now,
        };
    };
    let end = |index: usize| {
        let after: &Life = &lives[index + 1];
        after.signs_from.saturating_add(lives[index].keep)
    };
    let kept = (0..signs).filter(|index| now < end(*index));
    let mut until = lives.get(signs + 1).map(|next| next.signs_from);
    for index in kept.clone() {
        let end = end(index);
        until = Some(until.map_or(end, |until| until.min(end)));
    }
    let wanted =
        (signs + 1 == lives.len()).then(|| signing.signs_from.saturating_add(rotation.every));
    Plan {
        signs: Some(signs),
        published: kept.chain(signs..lives.len()).collect(),
        wanted,
        until: until.unwrap_or_else(|| now.saturating_add(rotation.every)),
    }
}

/// How long a key that is made now beside `lives` has to be published before it signs: twice what
/// others may keep, because an answer may be on its way for a while. They may have been told to keep
/// a set for as long as an earlier rotation allowed.
pub(super) fn lead(lives: &[Life], rotation: Rotation) -> Duration {
    let told = lives.iter().map(|life| life.told);
    2 * told.fold(rotation.max_age(), Duration::max)
}

/// Why the next key cannot sign yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Others may not know it.
    #[error(
        "the next key is published, but others may not know it yet: try again in {} s",
        .wait.as_secs().max(1)
    )]
    TooSoon {
        /// Until they do.
        wait: Duration,
    },
    /// There is none.
    #[error("there is no next key yet: try again in a moment, and look at the log")]
    NoNext,
    /// Tokens of many earlier keys are still valid.
    #[error("{SIGNING_KEYS} keys are published already: wait until tokens of the oldest expire")]
    TooMany,
    /// Nothing is generated.
    #[error("no key is generated here (`issue.keys` has no `generate`): replace the key file")]
    NotGenerated,
}

/// The key after the one that signs, if it may sign from `now` on.
///
/// # Errors
/// [`RotateError`].
pub(super) fn rotate(
    now: UnixMillis,
    lives: &[Life],
    rotation: Rotation,
) -> Result<usize, RotateError> {
    let plan = plan(now, lives, rotation);
    let next = plan.signs.map_or(0, |signs| signs + 1);
    let life = lives.get(next).ok_or(RotateError::NoNext)?;
    if plan.published.len() >= SIGNING_KEYS {
        return Err(RotateError::TooMany);
    }
    if now < life.known_from {
        let wait = life.known_from.since(now);
        return Err(RotateError::TooSoon { wait });
    }
    Ok(next)
}

#[cfg(test)]
mod tests;
