//! Times of another type, out of range, and on either side of a bound.

use serde_json::{Value, json};

use super::forge::{Kind, attack};
use super::{Attack, Forge};
use crate::agreement::court::PATIENT_ISSUER;
use crate::support::idp::{merged, usual_claims};

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = wrong_types(forge);
    rows.extend(far_times(forge));
    rows.extend(bounds(forge));
    rows
}

fn wrong_types(forge: &Forge<'_>) -> Vec<Attack> {
    let soon = forge.now + 300;
    let wrapped = ((1_u128 << 64) + u128::from(soon)).to_string();
    let spelled = [
        format!("\"{soon}\""),
        "true".to_owned(),
        "null".to_owned(),
        format!("[{soon}]"),
        format!("{{\"$date\":{soon}}}"),
        "\"\"".to_owned(),
        "\"2099-01-01T00:00:00Z\"".to_owned(),
        "1e400".to_owned(),
        "-1e400".to_owned(),
        "9007199254740993".to_owned(),
        "-9007199254740993".to_owned(),
        "9223372036854775808".to_owned(),
        "-9223372036854775809".to_owned(),
        wrapped.clone(),
        "9".repeat(400),
    ];
    // The time as it is now would make another table with every run.
    let shown = |value: &str| match value {
        value if *value == wrapped => "2^64 + soon".to_owned(),
        value if value.len() > 40 => "400 digits".to_owned(),
        value => value.replace(&soon.to_string(), "soon"),
    };
    let row = |(name, value): (&str, &String)| {
        let seen = "CVE-2026-25537, CVE-2026-44459, RFC 7519 2";
        let token = forge.claim(name, value);
        let name = format!("`{name}` is {}", shown(value));
        attack("time", &name, seen, token, "claim_invalid")
    };
    let names = ["exp", "nbf", "iat"].into_iter();
    let rows = names.flat_map(|name| spelled.iter().map(move |value| (name, value)));
    rows.map(row).collect()
}

fn far_times(forge: &Forge<'_>) -> Vec<Attack> {
    let kind = |seen, reason| Kind {
        class: "time",
        seen,
        reason,
    };
    let expired = ["0", "-1", "1", "-9007199254740992", "0.1", "1e0", "-0"];
    let mut rows = forge.spelled(kind("RFC 7519 4.1.4", "token_expired"), "exp", &expired);
    let early = kind("RFC 7519 4.1.5, 4.1.6", "token_not_yet_valid");
    for value in ["9007199254740992", "1e12"] {
        rows.extend(["nbf", "iat"].map(|name| forge.spelled(early, name, &[value]).remove(0)));
    }
    let time = kind("RFC 7519 2", "ok");
    for (name, values) in [
        ("exp", &["9007199254740992", "1e12", "99999999999.999"][..]),
        ("nbf", &["-1", "0"]),
        ("iat", &["-0.5"]),
    ] {
        let good = forge.spelled(time, name, values).into_iter();
        rows.extend(good.map(|row| row.with_remark("which is a time")));
    }
    let missing = forge.claims(&json!({ "exp": null }));
    let seen = "RFC 7519 4.1.4";
    rows.push(attack("time", "no `exp`", seen, missing, "claim_missing"));
    rows
}

/// Half an hour to each side of every bound, for an issuer whose clock may be an hour off: as long as
/// that, no machine takes to ask. What lies a second and a millisecond beside them is judged with a
/// clock that stands still, in `src/verify/tests/times.rs`; only a lifetime does not depend on one.
fn bounds(forge: &Forge<'_>) -> Vec<Attack> {
    const HALF: u64 = 1_800;
    let now = forge.now;
    let of = |exp: u64, more: Value| merged(json!({ "iat": now, "exp": exp }), &more);
    let rows = [
        (
            "`exp` half an hour ago, leeway an hour",
            of(now - HALF, json!({ "iat": now - 2 * HALF })),
            "ok",
        ),
        (
            "`exp` an hour and a half ago, leeway an hour",
            of(now - 3 * HALF, json!({ "iat": now - 3 * HALF })),
            "token_expired",
        ),
        (
            "`nbf` in half an hour, leeway an hour",
            of(now + HALF, json!({ "nbf": now + HALF })),
            "ok",
        ),
        (
            "`nbf` in an hour and a half, leeway an hour",
            of(now + HALF, json!({ "nbf": now + 3 * HALF })),
            "token_not_yet_valid",
        ),
        (
            "`iat` in half an hour, leeway an hour",
            of(now + 2 * HALF, json!({ "iat": now + HALF })),
            "ok",
        ),
        (
            "`iat` in an hour and a half, leeway an hour",
            of(now + 4 * HALF, json!({ "iat": now + 3 * HALF })),
            "token_not_yet_valid",
        ),
        (
            "an hour and a half old, of an hour and a leeway of another",
            of(now - HALF, json!({ "iat": now - 3 * HALF })),
            "ok",
        ),
        (
            "two hours and a half old, of an hour and a leeway of another",
            of(now - HALF, json!({ "iat": now - 5 * HALF })),
            "token_too_old",
        ),
        (
            "a lifetime of an hour, which is the longest",
            of(now + 2 * HALF, json!({})),
            "ok",
        ),
        (
            "a lifetime of an hour and a second",
            of(now + 2 * HALF + 1, json!({})),
            "lifetime_too_long",
        ),
        (
            "a lifetime of an hour and a millisecond",
            of(0, json!({ "exp": (now + 2 * HALF) as f64 + 0.001 })),
            "lifetime_too_long",
        ),
    ];
    let key = &forge.court.patient;
    let rows = rows.into_iter().map(|(name, claims, reason)| {
        let token = key.sign(
            &key.header(),
            &merged(usual_claims(PATIENT_ISSUER), &claims),
        );
        attack("time", name, "RFC 7519 4.1.4 to 4.1.6", token, reason)
    });
    rows.collect()
}
