//! A table of one worker without collisions to resolve: found by the tail of the token, whose bytes the
//! entry has to compare in full. A token that comes twice in a row is worth an entry.

/// So many entries, a power of two.
pub(super) struct Slots<T, const COUNT: usize>(Box<[Slot<T>]>);

struct Slot<T> {
    /// The tail of the token that was here last.
    candidate: u64,
    kept: Option<T>,
}

impl<T, const COUNT: usize> Default for Slots<T, COUNT> {
    /// Empty until something is seen: most threads of a process never judge a token.
    fn default() -> Self {
        const { assert!(COUNT.is_power_of_two()) };
        Self(Box::default())
    }
}

impl<T, const COUNT: usize> Slots<T, COUNT> {
    /// What is kept where the token would be: of it, or of another one.
    pub(super) fn get(&self, token: &[u8]) -> Option<&T> {
        self.0.get(place::<COUNT>(tail(token)))?.kept.as_ref()
    }

    /// Tells of a token. What `copy` makes of it is kept if it was the last one here, too.
    pub(super) fn saw(&mut self, token: &[u8], copy: impl FnOnce() -> Option<T>) {
        if self.0.is_empty() {
            let vacant = || Slot {
                candidate: 0,
                kept: None,
            };
            self.0 = (0..COUNT).map(|_| vacant()).collect();
        }
        let tail = tail(token);
        let slot = &mut self.0[place::<COUNT>(tail)];
        if slot.candidate == tail
            && let Some(copied) = copy()
        {
            slot.kept = Some(copied);
        }
        slot.candidate = tail;
    }
}

/// The end of the signature. Whoever chooses it can only make entries push each other out.
fn tail(token: &[u8]) -> u64 {
    token
        .last_chunk()
        .map_or(0, |tail| u64::from_le_bytes(*tail))
}

/// Spreads the tail over the slots: only six bits of each of its bytes differ (Fibonacci hashing).
const fn place<const COUNT: usize>(tail: u64) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    (tail.wrapping_mul(GOLDEN) >> (u64::BITS - COUNT.ilog2())) as usize
}
