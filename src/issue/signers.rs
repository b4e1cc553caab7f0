//! The keys that sign, each from its time on.

use std::sync::Arc;

use super::key::NamedKey;
use crate::time::UnixMillis;

/// Keys that take turns. Which one signs depends on the time of the token alone, and not on when
/// the control plane last looked: a process that was stopped for hours signs with the right one.
#[derive(Clone, Debug, Default)]
pub(super) struct Signers(Box<[(UnixMillis, Arc<NamedKey>)]>);

impl Signers {
    /// One key, for ever.
    pub(super) fn always(key: Arc<NamedKey>) -> Self {
        [(UnixMillis(i64::MIN), key)].into_iter().collect()
    }

    /// The key that signs at `now`. If it is before the first one's time, the first one: a clock
    /// that went back must not leave nobody to sign.
    pub(super) fn at(&self, now: UnixMillis) -> Option<&Arc<NamedKey>> {
        let begun = self.0.iter().take_while(|(from, _)| *from <= now);
        let signs = begun.last().or(self.0.first());
        signs.map(|(_, key)| key)
    }
}

/// In the order of their times.
impl FromIterator<(UnixMillis, Arc<NamedKey>)> for Signers {
    fn from_iter<I: IntoIterator<Item = (UnixMillis, Arc<NamedKey>)>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{NamedKey, Signers};
    use crate::signature::Algorithm;
    use crate::time::UnixMillis;

    #[test]
    fn each_key_signs_from_its_time_on_and_somebody_always_does() {
        let key = || Arc::new(NamedKey::generate(Algorithm::Ed25519).expect("generated"));
        let keys = [key(), key()];
        let signers: Signers = [10, 20]
            .map(UnixMillis)
            .into_iter()
            .zip(keys.clone())
            .collect();
        for (now, place) in [(0, 0), (10, 0), (19, 0), (20, 1), (i64::MAX, 1)] {
            let signs = signers.at(UnixMillis(now)).expect("a key");
            assert_eq!(signs.id(), keys[place].id(), "{now}");
        }
        assert!(Signers::default().at(UnixMillis(0)).is_none());
    }
}
