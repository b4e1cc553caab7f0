//! What rules made of a token, kept with it.

use std::ops::Range;
use std::sync::OnceLock;

use crate::forward::Forwarded;
use crate::limits::RULES_PER_TOKEN;
use crate::prepared::Prepared;
use crate::reason::Reason;
use crate::requirement::Verdict;
use crate::rules::RuleId;
use crate::time::UnixMillis;

/// What one rule makes of a token, as far as the token alone decides.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The rule.
    pub rule: RuleId,
    /// Whether it takes tokens of this issuer at all: asked before the times.
    pub accepted: Result<(), Reason>,
    /// Whether the token is for its audience: asked after the times.
    pub audience: Result<(), Reason>,
    /// Whether it meets the requirements that do not look at the request.
    pub verdict: Verdict,
    /// Whether the token of ours that is to go upstream could be made: asked last.
    pub minted: Result<(), Reason>,
    /// What goes upstream.
    pub forwarded: Forwarded,
    /// When that may be sent, where it holds a token of ours, or should.
    pub fresh: Option<Range<UnixMillis>>,
    /// The answer to a `Check` that needs nothing else.
    pub prepared: Prepared,
}

impl Judgement {
    /// Nothing speaks against the token.
    #[must_use]
    pub const fn empty(rule: RuleId, forwarded: Forwarded) -> Self {
        Self {
            rule,
            accepted: Ok(()),
            audience: Ok(()),
            verdict: Verdict::GOOD,
            minted: Ok(()),
            forwarded,
            fresh: None,
            prepared: Prepared::new(),
        }
    }

    /// Whether what goes upstream may be sent now: not after its time, nor before it if the clock was
    /// set back.
    #[must_use]
    pub fn is_fresh(&self, now: UnixMillis) -> bool {
        self.fresh.as_ref().is_none_or(|fresh| fresh.contains(&now))
    }
}

/// The judgements on one token: a list that only grows, up to a bound. Reading takes no lock, and
/// of two writers one goes on behind the other.
#[derive(Clone, Debug, Default)]
pub struct Judgements(OnceLock<Box<Link>>);

#[derive(Clone, Debug)]
struct Link {
    judgement: Judgement,
    rest: Judgements,
}

impl Judgements {
    /// The one of this rule.
    #[must_use]
    pub fn find(&self, rule: RuleId) -> Option<&Judgement> {
        self.iter().find(|judgement| judgement.rule == rule)
    }

    /// Keeps `judgement`.
    ///
    /// # Errors
    /// The judgement again, if there are as many as there may be.
    pub fn keep(&self, judgement: Judgement) -> Result<(), Box<Judgement>> {
        let mut end = self;
        let mut link = Box::new(Link {
            judgement,
            rest: Self::default(),
        });
        for _ in 0..RULES_PER_TOKEN {
            while let Some(taken) = end.0.get() {
                end = &taken.rest;
            }
            if self.iter().count() >= RULES_PER_TOKEN {
                break;
            }
            match end.0.set(link) {
                Ok(()) => return Ok(()),
                Err(refused) => link = refused,
            }
        }
        Err(Box::new(link.judgement))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Judgement> {
        let first = self.0.get();
        let links = std::iter::successors(first, |link| link.rest.0.get());
        links.map(|link| &link.judgement)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::{Judgement, Judgements};
    use crate::forward::Forwarded;
    use crate::limits::RULES_PER_TOKEN;
    use crate::rules::RuleId;

    fn judgement(place: usize) -> Judgement {
        Judgement::empty(RuleId::from_place(place), Forwarded::default())
    }

    #[test]
    fn as_many_judgements_are_kept_as_there_is_room() {
        let judgements = Judgements::default();
        for place in 0..RULES_PER_TOKEN {
            judgements.keep(judgement(place)).expect("room");
        }
        let refused = judgements.keep(judgement(99)).expect_err("no room");
        assert_eq!(refused.rule, RuleId::from_place(99));
        for place in 0..RULES_PER_TOKEN {
            let id = RuleId::from_place(place);
            assert_eq!(judgements.find(id).expect("kept").rule, id);
        }
        assert!(judgements.find(RuleId::BESIDE).is_none());
    }

    #[test]
    fn of_many_writers_none_is_lost() {
        let judgements = Arc::new(Judgements::default());
        let writers = (0..RULES_PER_TOKEN).map(|place| {
            let judgements = Arc::clone(&judgements);
            thread::spawn(move || judgements.keep(judgement(place)).is_ok())
        });
        for writer in writers.collect::<Vec<_>>() {
            assert!(writer.join().expect("no panic"));
        }
        assert_eq!(judgements.iter().count(), RULES_PER_TOKEN);
    }
}
