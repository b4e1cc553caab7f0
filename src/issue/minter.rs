//! Tokens for requests that pass: what the core knows of issuing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::settings::IssueSettings;
use super::{Desk, mint};
use crate::forward::{Minted, Minter};
use crate::limits::INTERNAL_TOKEN_MARGIN;
use crate::metrics::IssueOutcome;
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
    fn mint(&self, profile: &str, claims: Json<'_>, now: UnixMillis) -> Option<Minted> {
        let mut profiles = self.settings.profiles.iter();
        let profile = profiles.find(|known| &*known.name == profile)?;
        let in_force = self.desk.in_force.load();
        let in_force = in_force.as_ref()?;
        let order = mint::Order {
            profile,
            facts: Some(claims),
            claims: &[],
        };
        let key = in_force.signs.as_ref()?;
        let issued = mint::mint(&self.settings.issuer, key, &order, now);
        let outcome = match issued {
            Ok(_) => IssueOutcome::Issued,
            Err(_) => IssueOutcome::Refused,
        };
        in_force.count(&profile.name, outcome);
        let issued = issued.ok()?;
        Some(Minted {
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
