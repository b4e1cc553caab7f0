//! The answer to "may it pass".

use std::sync::Arc;

use super::Authorizer;
use crate::cache::{Judgement, VerifiedToken};
use crate::reason::Reason;
use crate::rules::RuleId;

/// May it pass, and why.
#[derive(Debug)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// The rule that was met.
    pub rule: RuleId,
    /// The token, if one was verified and it passes.
    pub token: Option<Arc<VerifiedToken>>,
    /// What the rule made of the token, where that could not be kept with it.
    judgement: Option<Box<Judgement>>,
}

impl Decision {
    /// A refusal before any rule was met.
    #[must_use]
    pub const fn refusal(reason: Reason) -> Self {
        Self::without_token(RuleId::BESIDE, reason)
    }

    /// A decision by this rule without a token.
    #[must_use]
    pub const fn without_token(rule: RuleId, reason: Reason) -> Self {
        Self {
            reason,
            rule,
            token: None,
            judgement: None,
        }
    }

    /// The token passes by this rule.
    pub(super) fn admitted(rule: RuleId, admitted: Admitted) -> Self {
        Self {
            reason: Reason::Ok,
            rule,
            token: Some(admitted.token),
            judgement: admitted.judgement,
        }
    }

    /// What goes upstream if it passes. Where nobody knows, nothing does.
    #[must_use]
    pub fn judgement<'d>(&'d self, authorizer: &'d Authorizer) -> &'d Judgement {
        let of_token = self.token.as_ref();
        let kept = of_token.and_then(|token| token.judgements.find(self.rule));
        match self.judgement.as_deref().or(kept) {
            Some(judgement) => judgement,
            None if self.reason == Reason::OkAnonymous => &authorizer.anonymous,
            None => &authorizer.public,
        }
    }
}

/// A token that passes, with the judgement that found no room in it.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) token: Arc<VerifiedToken>,
    pub(super) judgement: Option<Box<Judgement>>,
}
