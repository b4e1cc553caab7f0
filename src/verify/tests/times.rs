use std::time::Duration;

use serde_json::json;

use crate::reason::Reason;
use crate::time::UnixMillis;

use super::world::{NOW, World, over};

#[test]
fn times_are_judged_to_the_millisecond_with_leeway() {
    let world = World::new();
    let leeway = 10_000;
    for (claims, good, bad, reason) in [
        (
            json!({ "exp": NOW }),
            NOW * 1000 + leeway - 1,
            NOW * 1000 + leeway,
            Reason::TokenExpired,
        ),
        (
            json!({ "exp": NOW as f64 + 0.5 }),
            NOW * 1000 + 500 + leeway - 1,
            NOW * 1000 + 500 + leeway,
            Reason::TokenExpired,
        ),
        (
            json!({ "nbf": NOW, "exp": NOW + 99 }),
            NOW * 1000 - leeway,
            NOW * 1000 - leeway - 1,
            Reason::TokenNotYetValid,
        ),
        (
            json!({ "iat": NOW, "exp": NOW + 99 }),
            NOW * 1000 - leeway,
            NOW * 1000 - leeway - 1,
            Reason::TokenNotYetValid,
        ),
    ] {
        let token = world.token(json!({}), over(json!({ "iat": NOW - 60 }), claims.clone()));
        assert_eq!(
            world.judge_at(&token, UnixMillis(good)),
            Ok(()),
            "{claims} at {good}"
        );
        assert_eq!(
            world.judge_at(&token, UnixMillis(bad)),
            Err(reason),
            "{claims} at {bad}"
        );
    }
}

#[test]
fn age_and_lifetime_are_bounded_where_the_issuer_says_so() {
    let world = World::with(|policy| {
        policy.times.max_age = Some(Duration::from_secs(100));
        policy.times.max_lifetime = Some(Duration::from_secs(200));
        policy.times.leeway = Duration::ZERO;
    });
    for (claims, outcome) in [
        (json!({ "iat": NOW - 100, "exp": NOW + 100 }), Ok(())),
        (
            json!({ "iat": NOW - 101, "exp": NOW + 1 }),
            Err(Reason::TokenTooOld),
        ),
        (
            json!({ "iat": NOW - 100, "exp": NOW + 101 }),
            Err(Reason::LifetimeTooLong),
        ),
        (json!({ "iat": null }), Err(Reason::ClaimMissing)),
        (json!({ "exp": NOW }), Err(Reason::TokenExpired)),
        (
            json!({ "iat": -9_007_199_254_740_992_i64 }),
            Err(Reason::TokenTooOld),
        ),
    ] {
        let token = world.token(json!({}), claims.clone());
        assert_eq!(world.judge(&token), outcome, "{claims}");
    }
}

/// Each bound of each claim, and what lies a millisecond and a second to its sides.
#[test]
fn every_bound_is_where_the_leeway_puts_it_and_nowhere_else() {
    for leeway_seconds in [0, 10] {
        let world = World::with(|policy| {
            policy.times.leeway = Duration::from_secs(leeway_seconds);
            policy.times.max_age = Some(Duration::from_secs(100));
        });
        let leeway =
            UnixMillis::from_seconds(0).saturating_add(Duration::from_secs(leeway_seconds));
        let leeway = leeway.0;
        let claims = |nbf: Option<i64>, iat, exp| json!({ "nbf": nbf, "iat": iat, "exp": exp });
        // The claims, the first moment on the other side, and the reason before it or from it on.
        let begins = Reason::TokenNotYetValid;
        for (claims, bound, before, after) in [
            (
                claims(None, NOW - 50, NOW),
                NOW * 1000 + leeway,
                Ok(()),
                Err(Reason::TokenExpired),
            ),
            (
                claims(Some(NOW), NOW - 50, NOW + 50),
                NOW * 1000 - leeway,
                Err(begins),
                Ok(()),
            ),
            (
                claims(None, NOW, NOW + 50),
                NOW * 1000 - leeway,
                Err(begins),
                Ok(()),
            ),
            (
                claims(None, NOW - 100, NOW + 50),
                NOW * 1000 + leeway + 1,
                Ok(()),
                Err(Reason::TokenTooOld),
            ),
        ] {
            let token = world.token(json!({}), claims.clone());
            for (offset, expected) in [
                (-1000, before),
                (-1, before),
                (0, after),
                (1, after),
                (1000, after),
            ] {
                let outcome = world.judge_at(&token, UnixMillis(bound + offset));
                assert_eq!(
                    outcome, expected,
                    "{claims} {offset} ms from {bound}, {leeway_seconds}"
                );
            }
        }
    }
}

#[test]
fn a_lifetime_has_no_leeway() {
    let world = World::with(|policy| policy.times.max_lifetime = Some(Duration::from_secs(200)));
    for (lifetime, outcome) in [
        (199.0, Ok(())),
        (200.0, Ok(())),
        (200.001, Err(Reason::LifetimeTooLong)),
        (201.0, Err(Reason::LifetimeTooLong)),
    ] {
        let iat = NOW - 100;
        let token = world.token(
            json!({}),
            json!({ "iat": iat, "exp": iat as f64 + lifetime }),
        );
        assert_eq!(world.judge(&token), outcome, "{lifetime}");
    }
}
