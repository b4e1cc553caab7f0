//! Requests that somebody wrote down, judged by a configuration as a gateway would ask: without a
//! network, without anything kept from before, at any time of day.
//!
//! A token that is made for a case is signed by a key that lives as long as the [`Court`], in
//! place of its issuer's own; a real token is judged by the keys that are on this machine. The two
//! kinds never meet: a key that was made up must not make a real token ambiguous.

mod request;
mod ruling;
mod signers;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use request::CaseRequest;
pub use ruling::{HeaderFate, Ruling};
pub use signers::{MadeBy, MadeToken, Signed};

use super::authority::{authorizer, passing_minter};
use crate::authorizer::{Authorizer, Buffers, Question, Unmetered};
use crate::cache::{CacheSettings, TokenCache};
use crate::config::{Config, IssuerSettings};
use crate::keys::KeyStore;
use crate::refresh::load_static;
use crate::signature::SigningError;
use crate::time::UnixMillis;
use request::View;
use signers::Signers;

/// One request and what it comes with. Like all that may hold a token it has no `Debug`.
#[derive(Clone)]
pub struct Case {
    /// The request, without the token.
    pub request: CaseRequest,
    /// The name of the rule to judge by, instead of the one that the request meets.
    pub rule: Option<Box<str>>,
    /// Its token.
    pub token: CaseToken,
    /// What time it is.
    pub at: UnixMillis,
}

/// The token of a case. It is put where the rule looks first.
#[derive(Clone)]
pub enum CaseToken {
    /// There is none beyond what the request has itself.
    None,
    /// A token that was signed elsewhere.
    Real(Box<str>),
    /// A token to sign now.
    Made(Box<MadeToken>),
}

/// A configuration, ready to judge cases.
#[derive(Debug)]
pub struct Court {
    signers: Signers,
    for_made: Authorizer,
    for_real: Authorizer,
    unheard: Vec<String>,
    /// How many rules there are.
    rules: usize,
}

impl Court {
    /// A court that judges by `config` and can sign what `cases` ask for.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub fn new<'c>(
        config: &Config,
        cases: impl IntoIterator<Item = &'c Case>,
    ) -> Result<Self, SigningError> {
        let made = cases.into_iter().filter_map(|case| match &case.token {
            CaseToken::Made(token) => Some(&**token),
            CaseToken::None | CaseToken::Real(_) => None,
        });
        let signers = Signers::new(config, &made.collect::<Vec<_>>())?;
        // Every case is judged as if it were the first.
        let no_cache = CacheSettings {
            max_bytes: 0,
            ..config.cache
        };
        let mut unheard = Vec::new();
        let real: BTreeMap<_, _> = config
            .issuers
            .iter()
            .map(|issuer| {
                let local = load_static(&issuer.sources, issuer.policy.algorithms);
                let name = &issuer.policy.name;
                if local.remote > 0 {
                    unheard.push(format!(
                        "{name}: keys of URLs and discovery are not fetched"
                    ));
                }
                for (place, error) in &local.errors {
                    unheard.push(format!("{name}: keys[{place}]: {error}"));
                }
                (name.clone(), Arc::new(local.into_store()))
            })
            .collect();
        let mut made = BTreeMap::new();
        for issuer in &config.issuers {
            let name = &issuer.policy.name;
            made.insert(name.clone(), signers.keys(name)?);
        }
        let minter = passing_minter(config);
        let judge_by = |keys: &BTreeMap<Box<str>, Arc<KeyStore>>, consumers: &Arc<_>| {
            let cache = TokenCache::new(no_cache);
            let keys = |issuer: &IssuerSettings| keys.get(&issuer.policy.name).cloned();
            authorizer(
                config,
                keys,
                Arc::clone(consumers),
                cache,
                1,
                minter.clone(),
            )
        };
        Ok(Self {
            for_made: judge_by(&made, signers.consumers()),
            for_real: judge_by(&real, &config.consumers),
            signers,
            unheard,
            rules: config.rules.len(),
        })
    }

    /// Judges one case.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub fn judge(&self, case: &Case) -> Result<Ruling, SigningError> {
        let authorizer = match case.token {
            CaseToken::Real(_) => &self.for_real,
            CaseToken::None | CaseToken::Made(_) => &self.for_made,
        };
        let mut buffers = Buffers::default();
        let rule = case.rule.as_deref();
        // Without its token the request meets the same rule, which says where the token goes.
        let met = authorizer.decide(
            &View(&case.request),
            rule,
            case.at,
            &mut buffers,
            &Unmetered,
        );
        let settings = &authorizer.rule(&met).settings;
        let token = match &case.token {
            CaseToken::None => None,
            CaseToken::Real(token) => Some(token.to_string()),
            CaseToken::Made(token) => Some(self.signers.sign(
                token,
                settings.audiences.as_ref(),
                case.at,
            )?),
        };
        let mut request = case.request.clone();
        if let (Some(token), Some(place)) = (token, settings.credentials.sources.first()) {
            request.carry(&token, place);
        }
        let decision = authorizer.decide(&View(&request), rule, case.at, &mut buffers, &Unmetered);
        let question = Question {
            rule,
            ..Question::default()
        };
        let (_, explanation) =
            authorizer.explain(&question, Some(&View(&request)), case.at, &mut buffers);
        let steps = explanation.steps;
        Ok(Ruling::new(
            authorizer,
            &decision,
            &View(&request),
            self.rules,
            steps,
        ))
    }

    /// Keys that real tokens may need and that are not here: the issuer's name and why.
    #[must_use]
    pub fn unheard(&self) -> &[String] {
        &self.unheard
    }
}

#[cfg(test)]
mod tests;
