//! The whole decision of a table of rules, against an evaluator that was written without a look at
//! ours: it tries every rule, splits strings, and keeps nothing between two requests.
//!
//! The real one judges the requests of a case one after the other, with one cache and the buffers of
//! one worker, so that what was made of a token by one rule is there when the next one asks, and what
//! was made of it before a reload, too.

mod asked;
mod bearer;
mod evaluator;
mod written;

use proptest::collection::vec;
use proptest::prelude::*;

use self::asked::{Asked, asked};
use self::bearer::{Bearer, bearer, consumers, issuers};
use self::evaluator::{Verdict, expected};
use self::written::{Written, written};
use super::{Buffers, Question, Unmetered};
use crate::authorizer::{Authorizer, Parts};
use crate::cache::{CacheSettings, TokenCache};
use crate::rules::{RuleId, RuleSettings, Rules};
use crate::time::UnixMillis;
use crate::token::TokenLimits;

/// What a case is about, but for the requests.
#[derive(Clone, Copy, Debug)]
struct House<'h> {
    rules: &'h [Written],
    bearers: &'h [Bearer],
    has_consumers: bool,
    has_guest: bool,
}

impl House<'_> {
    fn authorizer(&self, cache: &TokenCache, generation: u64) -> Authorizer {
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(place, rule)| rule.settings(&name(place)));
        Authorizer::new(Parts {
            issuers: issuers(),
            consumers: consumers(self.has_consumers, self.has_guest).into(),
            rules: Rules::new(rules.collect(), RuleSettings::default()),
            limits: TokenLimits::default(),
            cache: cache.clone(),
            minter: None,
            bypass_cors_preflight: false,
            generation,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_decision_is_what_a_naive_reader_of_the_rules_comes_to(
        configurations in vec((vec(written(), 0..6), any::<bool>(), any::<bool>()), 1..3),
        bearers in vec(bearer(), 1..4),
        requests in vec(asked(), 1..12),
    ) {
        let tokens: Vec<String> = bearers.iter().map(Bearer::token).collect();
        let cache = TokenCache::new(CacheSettings::default());
        let mut buffers = Buffers::default();
        for (generation, (rules, has_consumers, has_guest)) in (1..).zip(&configurations) {
            let house = House {
                rules,
                bearers: &bearers,
                has_consumers: *has_consumers,
                has_guest: *has_guest,
            };
            let authorizer = house.authorizer(&cache, generation);
            for asked in &requests {
                judge(&house, &authorizer, asked, &tokens, &mut buffers)?;
            }
        }
    }
}

/// Asks about the request in every way, and compares.
fn judge(
    house: &House<'_>,
    authorizer: &Authorizer,
    asked: &Asked,
    tokens: &[String],
    buffers: &mut Buffers,
) -> Result<(), TestCaseError> {
    let expected = expected(house, asked);
    let request = &asked.with(tokens);
    let now = UnixMillis::from_seconds(asked.now);
    let rule = asked.rule.map(name);
    let rule = rule.as_deref();
    // Anew, from the shared cache, and from the worker's own.
    for _ in 0..3 {
        let decision = authorizer.decide(&request, rule, now, buffers, &Unmetered);
        let mut places = 0..house.rules.len();
        let found = Verdict {
            reason: decision.reason,
            rule: places.find(|it| RuleId::from_place(*it) == decision.rule),
            consumer: authorizer.consumer(&decision).map(str::to_owned),
            has_token: decision.token.is_some(),
        };
        prop_assert_eq!(&found, &expected, "{:?}", asked);
    }
    let question = Question {
        rule,
        ..Question::default()
    };
    let (explained, _) = authorizer.explain(&question, Some(&request), now, buffers);
    prop_assert_eq!(explained.reason, expected.reason, "explained, {:?}", asked);
    Ok(())
}

/// Of the rule in this place. There is one more that nobody has.
fn name(place: usize) -> String {
    format!("rule-{place}")
}

#[test]
fn the_cases_come_to_every_reason_that_rules_can_give() {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let cases = (
        vec(written(), 0..6),
        vec(bearer(), 1..4),
        vec(asked(), 1..12),
    );
    let mut seen = BTreeSet::new();
    for round in 0..3_000 {
        let case = cases.new_tree(&mut runner).expect("there is one");
        let (rules, bearers, requests) = case.current();
        let (has_consumers, has_guest) = (round % 2 == 0, round % 3 == 0);
        let house = House {
            rules: &rules,
            bearers: &bearers,
            has_consumers,
            has_guest,
        };
        seen.extend(
            requests
                .iter()
                .map(|asked| expected(&house, asked).reason.code()),
        );
    }
    // Else the property would say nothing of them.
    let reasons = "alg_not_allowed audience_mismatch claim_invalid condition_false consumer_unknown \
                   issuer_missing issuer_unknown keys_unavailable ok ok_anonymous ok_public \
                   path_ambiguous rule_denied rule_unknown rule_unmatched scope_insufficient \
                   signature_invalid token_ambiguous token_expired token_malformed token_missing";
    assert_eq!(seen, reasons.split_whitespace().collect());
}
