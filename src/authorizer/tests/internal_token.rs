//! The token of ours that an allowed request carries upstream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::json;

use super::{Asked, decide, rule};
use crate::authorizer::{Buffers, Unmetered};
use crate::credentials::Stripped;
use crate::fixture::{Fixture, NOW};
use crate::forward::{ForwardPolicy, InternalToken, Minted, Minter, TokenHandling};
use crate::limits::RULES_PER_TOKEN;
use crate::reason::{Class, Reason};
use crate::rules::{Access, RuleSettings};
use crate::time::{Clock as _, UnixMillis};
use crate::token::json::Json;

/// Makes tokens that say how many there were, good for a minute; none while it is out of order, and
/// none for whoever has no name.
#[derive(Debug, Default)]
struct CountingMinter {
    made: AtomicU64,
    is_broken: AtomicBool,
}

impl Minter for CountingMinter {
    fn mint(&self, profile: &str, claims: Json<'_>, now: UnixMillis) -> Result<Minted, Reason> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(Reason::Internal);
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let subject = claims.get("sub").map_or("null", Json::raw);
        match subject {
            "\"nobody\"" => return Err(Reason::ConditionFalse),
            "\"giant\"" => return Err(Reason::TokenTooLarge),
            _ => {}
        }
        Ok(Minted {
            token: format!("{profile} {subject} {number}").into(),
            fresh_until: now.saturating_add(Duration::from_secs(60)),
        })
    }
}

/// What goes upstream in the header, if the request passes.
fn internal_token(fixture: &Fixture, token: Option<&str>) -> Result<Option<String>, Reason> {
    let decision = decide(fixture, "internal", token);
    if decision.reason.class() != Class::Allowed {
        return Err(decision.reason);
    }
    let authorizer = fixture.gate.authorizer();
    let forwarded = &decision.judgement(&authorizer).forwarded;
    let mut set = forwarded.set.iter();
    let found = set.find(|(name, _)| name == "x-internal-token");
    let is_removed = forwarded
        .absent
        .iter()
        .any(|name| name == "x-internal-token");
    assert_ne!(found.is_some(), is_removed, "set or removed, never left");
    Ok(found.map(|(_, value)| value.to_string()))
}

fn with_internal_token(minter: &Arc<CountingMinter>) -> Fixture {
    let minter = Arc::clone(minter);
    Fixture::with(|setup| {
        setup.minter = Some(minter);
        let forward = ForwardPolicy {
            internal_token: Some(InternalToken {
                profile: "internal".into(),
                header: HeaderName::from_static("x-internal-token"),
            }),
            ..ForwardPolicy::default()
        };
        let rule = |name: &str, access| RuleSettings {
            forward: forward.clone(),
            ..rule(name, access)
        };
        let more = (0..MORE).map(|number| rule(&number.to_string(), Access::Required));
        setup.rules = more.collect();
        setup.rules.push(rule("internal", Access::Optional));
        setup.rules.push(rule("permissive", Access::Permissive));
    })
}

/// More rules than a token has room for.
const MORE: usize = RULES_PER_TOKEN + 2;

#[test]
fn rules_that_want_the_same_internal_token_share_it_however_many_they_are() {
    let minter: Arc<CountingMinter> = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({ "exp": NOW + 600 }));
    for _ in 0..3 {
        for number in 0..MORE {
            let decision = decide(&fixture, &number.to_string(), Some(&token));
            assert_eq!(decision.reason, Reason::Ok);
        }
    }
    assert_eq!(minter.made.load(Ordering::Relaxed), 1);
    // Once all that is kept is over, one is made, and kept although there was no room.
    fixture.clock.advance(Duration::from_secs(60));
    for _ in 0..3 {
        for number in [MORE - 1, 0, MORE - 1] {
            decide(&fixture, &number.to_string(), Some(&token));
        }
    }
    assert_eq!(minter.made.load(Ordering::Relaxed), 2);
}

#[test]
fn an_internal_token_from_the_future_is_not_sent() {
    let minter = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({ "exp": NOW + 600 }));
    assert!(internal_token(&fixture, Some(&token)).is_ok());
    fixture.clock.set(UnixMillis::from_seconds(NOW - 10));
    let anew = Ok(Some("internal \"alice\" 2".to_owned()));
    assert_eq!(internal_token(&fixture, Some(&token)), anew);
}

#[test]
fn a_repeated_request_costs_no_signature_until_the_internal_token_is_about_to_expire() {
    let minter = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({ "exp": NOW + 600 }));
    let other = fixture.token(json!({ "sub": "bob" }));
    let first = Ok(Some("internal \"alice\" 1".to_owned()));
    for _ in 0..3 {
        assert_eq!(internal_token(&fixture, Some(&token)), first);
    }
    let bob = Ok(Some("internal \"bob\" 2".to_owned()));
    assert_eq!(internal_token(&fixture, Some(&other)), bob);
    assert_eq!(internal_token(&fixture, None), Ok(None));
    fixture.clock.advance(Duration::from_secs(59));
    assert_eq!(internal_token(&fixture, Some(&token)), first);
    fixture.clock.advance(Duration::from_secs(1));
    let renewed = Ok(Some("internal \"alice\" 3".to_owned()));
    for _ in 0..3 {
        assert_eq!(internal_token(&fixture, Some(&token)), renewed);
    }
}

#[test]
fn without_its_internal_token_a_request_does_not_pass_and_the_next_one_tries_again() {
    let minter: Arc<CountingMinter> = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({}));
    minter.is_broken.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(
            internal_token(&fixture, Some(&token)),
            Err(Reason::Internal)
        );
    }
    minter.is_broken.store(false, Ordering::Relaxed);
    assert!(internal_token(&fixture, Some(&token)).is_ok());
}

#[test]
fn a_token_of_which_no_internal_token_can_be_made_is_refused_at_last_and_asked_once() {
    let minter: Arc<CountingMinter> = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({ "sub": "nobody", "exp": NOW + 60 }));
    let asked = || minter.made.load(Ordering::Relaxed);
    for _ in 0..2 {
        let refused = internal_token(&fixture, Some(&token));
        // Of the class of refusals: no gateway lets it pass as if jotgate were out of order.
        assert_eq!(refused, Err(Reason::ConditionFalse));
        assert_eq!(asked(), 1);
    }
    fixture.clock.advance(Duration::from_secs(120));
    let expired = internal_token(&fixture, Some(&token));
    assert_eq!(expired, Err(Reason::TokenExpired));
}

#[test]
fn a_good_token_of_which_no_internal_token_can_be_made_is_not_as_if_there_were_none() {
    let minter: Arc<CountingMinter> = Arc::default();
    let fixture = with_internal_token(&minter);
    let token = fixture.token(json!({ "sub": "giant" }));
    for _ in 0..2 {
        let decision = decide(&fixture, "permissive", Some(&token));
        assert_eq!(decision.reason, Reason::TokenTooLarge);
    }
    let bad = decide(&fixture, "permissive", Some("a.b.c"));
    assert_eq!(bad.reason, Reason::OkAnonymous);
}

#[test]
fn an_internal_token_in_the_place_of_the_stripped_one_stays() {
    let fixture = Fixture::with(|setup| {
        setup.minter = Some(Arc::<CountingMinter>::default());
        setup.rules = vec![RuleSettings {
            forward: ForwardPolicy {
                token: TokenHandling::Strip,
                internal_token: Some(InternalToken {
                    profile: "internal".into(),
                    header: AUTHORIZATION,
                }),
                ..ForwardPolicy::default()
            },
            ..rule("internal", Access::Optional)
        }];
    });
    let authorizer = fixture.gate.authorizer();
    let authorization = format!("Bearer {}", fixture.token(json!({})));
    let request = Asked {
        target: "/",
        authorization: Some(&authorization),
    };
    let (now, mut buffers) = (fixture.clock.now(), Buffers::default());
    let decision = authorizer.decide(&request, Some("internal"), now, &mut buffers, &Unmetered);
    assert_eq!(decision.reason, Reason::Ok);
    let stripped = authorizer.stripped(&decision, &request);
    assert_eq!(stripped, Some(Stripped::default()));
}
