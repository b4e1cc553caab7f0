use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{CacheResult, Metrics, RefreshOutcome, ReloadOutcome, SignatureResult, Transport};
use crate::reason::Reason;
use crate::signature::{Algorithm, KeyDefect};
use crate::time::UnixMillis;

#[test]
fn a_fresh_instance_shows_every_series_of_the_golden_file() {
    let metrics = Metrics::new();
    let _corp = metrics.issuer("corp");
    let _partner = metrics.issuer("partner");
    let _internal = metrics.profile("internal");
    let shown = without_values(&metrics.render());

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metrics.txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &shown).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&path).expect("the golden file is there");
    assert_eq!(
        shown, golden,
        "UPDATE_GOLDEN=1 rewrites tests/golden/metrics.txt"
    );
}

#[test]
fn every_series_starts_at_zero() {
    let metrics = Metrics::new();
    let _corp = metrics.issuer("corp");
    let text = metrics.render();
    let series: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|line| !line.starts_with("jotgate_build_info"))
        .collect();
    assert!(series.len() > 200);
    for line in series {
        assert!(line.ends_with(" 0"), "{line}");
    }
}

#[test]
fn every_metric_has_help_and_a_name_that_ends_as_its_type_asks() {
    let metrics = Metrics::new();
    let _corp = metrics.issuer("corp");
    let _internal = metrics.profile("internal");
    let text = metrics.render();
    let mut types = 0;
    for line in text.lines() {
        let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        types += 1;
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
    }
    assert_eq!(types, 17);
}

#[test]
fn each_record_moves_its_own_series() {
    let metrics = Metrics::new();
    let corp = metrics.issuer("corp");
    metrics.decided(
        Transport::Check,
        Reason::TokenExpired,
        Duration::from_micros(3),
    );
    metrics.decided(Transport::Http, Reason::Ok, Duration::from_secs(2));
    metrics.cache_asked(CacheResult::Hit);
    metrics.cache_size(7, 4096);
    metrics.signature(Algorithm::Es256, SignatureResult::Invalid);
    metrics.reloaded(ReloadOutcome::Refused);
    metrics.generation(5);
    metrics.panicked();
    corp.keys(3);
    corp.keys_skipped(KeyDefect::Weak, 2);
    corp.refreshed(RefreshOutcome::Updated, Duration::from_millis(3));
    corp.last_success(UnixMillis::from_seconds(1_700_000_000));

    let text = metrics.render();
    for line in [
        r#"jotgate_decisions_total{transport="check",verdict="deny",reason="token_expired"} 1"#,
        r#"jotgate_decisions_total{transport="http",verdict="allow",reason="ok"} 1"#,
        r#"jotgate_decision_duration_seconds_bucket{transport="check",le="0.0000025"} 0"#,
        r#"jotgate_decision_duration_seconds_bucket{transport="check",le="0.000005"} 1"#,
        r#"jotgate_decision_duration_seconds_bucket{transport="http",le="1"} 0"#,
        r#"jotgate_decision_duration_seconds_bucket{transport="http",le="+Inf"} 1"#,
        r#"jotgate_cache_requests_total{result="hit"} 1"#,
        r#"jotgate_cache_requests_total{result="miss"} 0"#,
        "jotgate_cache_entries 7",
        "jotgate_cache_bytes 4096",
        r#"jotgate_signature_verifications_total{alg="ES256",result="invalid"} 1"#,
        r#"jotgate_config_reload_total{outcome="refused"} 1"#,
        "jotgate_config_generation 5",
        "jotgate_panics_total 1",
        r#"jotgate_keys{issuer="corp"} 3"#,
        r#"jotgate_keys_skipped{issuer="corp",cause="weak"} 2"#,
        r#"jotgate_key_refresh_total{issuer="corp",outcome="updated"} 1"#,
        r#"jotgate_key_refresh_duration_seconds_bucket{issuer="corp",le="0.005"} 1"#,
        r#"jotgate_keys_last_success_timestamp_seconds{issuer="corp"} 1700000000"#,
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
}

#[test]
fn a_request_in_flight_is_counted_until_its_guard_is_dropped() {
    let metrics = Metrics::new();
    let shows = |count: u8| {
        let line = format!(r#"jotgate_inflight_requests{{transport="verify"}} {count}"#);
        assert!(
            metrics.render().lines().any(|shown| shown == line),
            "{line}"
        );
    };
    let first = metrics.began(Transport::Verify);
    let second = metrics.began(Transport::Verify);
    shows(2);
    drop(first);
    shows(1);
    drop(second);
    shows(0);
}

#[test]
fn samples_are_counted_once_whether_by_upkeep_or_by_a_scrape() {
    let metrics = Metrics::new();
    let count = |expected: u32| {
        let line =
            format!(r#"jotgate_decision_duration_seconds_count{{transport="check"}} {expected}"#);
        assert!(
            metrics.render().lines().any(|shown| shown == line),
            "{line}"
        );
    };
    for _ in 0..1000 {
        metrics.decided(Transport::Check, Reason::Ok, Duration::from_micros(1));
    }
    metrics.upkeep();
    count(1000);
    metrics.decided(Transport::Check, Reason::Ok, Duration::from_micros(1));
    count(1001);
    count(1001);
}

#[test]
fn an_issuer_that_is_gone_is_shown_no_more_and_goes_on_counting_when_it_is_back() {
    let metrics = Metrics::new();
    for name in ["corp", "partner"] {
        let issuer = metrics.issuer(name);
        issuer.refreshed(RefreshOutcome::Failed, Duration::ZERO);
    }
    metrics.retain_issuers(["corp"]);
    let text = metrics.render();
    assert!(text.contains(r#"issuer="corp""#));
    assert!(!text.contains("partner"));

    let back = metrics.issuer("partner");
    back.refreshed(RefreshOutcome::Failed, Duration::ZERO);
    let line = r#"jotgate_key_refresh_total{issuer="partner",outcome="failed"} 2"#;
    assert!(metrics.render().contains(line));
}

#[test]
fn two_instances_in_one_process_count_apart() {
    let (one, other) = (Metrics::new(), Metrics::new());
    one.panicked();
    assert!(one.render().contains("jotgate_panics_total 1"));
    assert!(other.render().contains("jotgate_panics_total 0"));
}

/// Names, types and labels; sorted, because the exporter's order is not stable.
fn without_values(text: &str) -> String {
    let lines: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            if line.starts_with('#') {
                return line.to_owned();
            }
            let (series, _value) = line.rsplit_once(' ').expect("a series has a value");
            series
                .replace(env!("JOTGATE_COMMIT"), "COMMIT")
                .replace(env!("CARGO_PKG_VERSION"), "VERSION")
        })
        .collect();
    lines
        .into_iter()
        .fold(String::new(), |all, line| all + &line + "\n")
}
