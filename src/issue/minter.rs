//! Tokens for requests that pass: what the core knows of issuing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Desk;
use super::mint::{MintError, Order};
use super::settings::IssueSettings;
use crate::forward::{Minted, Minter};
use crate::limits::INTERNAL_TOKEN_MARGIN;
use crate::reason::Reason;
use crate::time::UnixMillis;
use crate::token::json::Json;

/// Makes tokens by the settings of one configuration, with the keys of whatever time it is. So a
/// request that is judged by the configuration before never asks for a profile that is gone.
pub struct InternalTokens {
    desk: Arc<Desk>,
    settings: Arc<IssueSettings>,
}

impl InternalTokens {
    /// By `settings`, with the keys of `desk`.
    #[must_use]
    pub const fn new(desk: Arc<Desk>, settings: Arc<IssueSettings>) -> Self {
        Self { desk, settings }
    }
}

impl Minter for InternalTokens {
    fn mint(&self, profile: &str, claims: Json<'_>, now: UnixMillis) -> Result<Minted, Reason> {
        let mut profiles = self.settings.profiles.iter();
        let profile = profiles.find(|known| &*known.name == profile);
        let profile = profile.ok_or(Reason::Internal)?;
        let in_force = self.desk.in_force.load();
        let in_force = in_force.as_ref().ok_or(Reason::Internal)?;
        let order = Order::new(profile, claims);
        let issued = in_force.issue_as(&self.settings.issuer, &order, now);
        let issued = issued.inspect_err(|_| in_force.refused(&profile.name));
        let issued = issued.map_err(|error| match error {
            MintError::NoKey | MintError::Signing(_) => Reason::Internal,
            MintError::TooLarge => Reason::TokenTooLarge,
            MintError::Undecided(_) | MintError::Scope(_) => Reason::ConditionFalse,
        })?;
        Ok(Minted {
            token: issued.token.into(),
            fresh_until: issued.expires_at.saturating_sub(margin(profile.ttl)),
        })
    }
}

/// How long before its end a token is not sent any more: an upstream may hold a request for a
/// while, and its clock may be ahead.
fn margin(ttl: Duration) -> Duration {
    INTERNAL_TOKEN_MARGIN.min(ttl / 4)
}

impl fmt::Debug for InternalTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InternalTokens")
            .finish_non_exhaustive()
    }
}
