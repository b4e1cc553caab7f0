//! Everything that a provider can do wrong, at once, next to one that does all right.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Client, Load, config};
use crate::support::idp::{Idp, Mood, merged};
use crate::support::jotgate::Jotgate;
use crate::support::wait;

#[test]
fn a_fault_costs_its_own_issuer_what_it_never_had_and_nobody_anything_else() {
    let files = tempfile::tempdir().expect("a directory for certificates");
    let elsewhere = Idp::start();
    let healthy = Idp::start();
    let issuers: Vec<Faulty> = faults(&elsewhere)
        .into_iter()
        .flat_map(|fault| [When::FromTheStart, When::Later].map(|when| Faulty::new(fault, when)))
        .collect();
    let configuration = |now: Now| {
        let mut all = Map::new();
        all.insert(
            "healthy".to_owned(),
            healthy.trusted(&source(&healthy, files.path())),
        );
        for issuer in &issuers {
            all.insert(issuer.name(), issuer.entry(now, files.path()));
        }
        config(&Value::Object(all))
    };

    enter(&issuers, Now::Before);
    let jotgate = Jotgate::start(configuration(Now::Before));
    let mut client = Client::grpc(&jotgate);
    let mut wait_until_good = |idp: &Idp| {
        let token = idp.token(&json!({}));
        wait::until("an issuer has keys", || {
            (client.ask(&token) == "ok").then_some(())
        });
    };
    wait_until_good(&healthy);
    let later = issuers.iter().filter(|issuer| issuer.when == When::Later);
    later.for_each(|issuer| wait_until_good(&issuer.idp));

    let memory_before = jotgate.memory_peak_kib();
    enter(&issuers, Now::Faulty);
    jotgate.reconfigure(configuration(Now::Faulty));
    let ask = |client: &mut Client| assert_eq!(client.ask(&healthy.token(&json!({}))), "ok");
    Load::during(&jotgate, ask, |load| {
        let mut client = Client::http(&jotgate);
        for issuer in &issuers {
            let (name, told) = (issuer.name(), issuer.fault.told);
            wait::until(&format!("{name}: {told}"), || {
                error_of(&jotgate, &name)?.contains(told).then_some(())
            });
            let expected = match issuer.when {
                When::FromTheStart => "keys_unavailable",
                When::Later => "ok",
            };
            let token = issuer.idp.token(&json!({}));
            assert_eq!(client.ask(&token), expected, "{name}");
        }
        load.go_on();
    });
    let requests = elsewhere.requests();
    assert_eq!(requests, 0, "nobody went where a redirect pointed");
    let memory_added = jotgate.memory_peak_kib() - memory_before;
    assert!(memory_added < MEMORY_ADDED_KIB_MAX, "{memory_added} KiB");

    enter(&issuers, Now::Repaired);
    jotgate.reconfigure(configuration(Now::Repaired));
    issuers
        .iter()
        .for_each(|issuer| wait_until_good(&issuer.idp));
}

/// Something that a provider does wrong.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    kind: Kind,
    /// What the status says about it.
    told: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It answers so.
    Mood(Mood),
    /// The same, asked by discovery: only metadata can name a wrong issuer.
    Metadata(Mood),
    /// Its certificate is not valid any more.
    Certificate,
    /// Its name cannot be resolved.
    Name,
}

fn faults(elsewhere: &Idp) -> Vec<Fault> {
    let redirecting = Mood::Redirecting(elsewhere.address());
    let faults = [
        ("down", Kind::Mood(Mood::Down), "error"),
        ("silent", Kind::Mood(Mood::Hanging), "timed out"),
        ("slow-loris", Kind::Mood(Mood::Trickling), "timed out"),
        ("status-500", Kind::Mood(Mood::Broken), "answered 500"),
        (
            "garbage",
            Kind::Mood(Mood::Garbage),
            "not a JSON Web Key Set",
        ),
        ("empty-set", Kind::Mood(Mood::Empty), "no usable key"),
        ("50-mib", Kind::Mood(Mood::Oversized), "longer than"),
        (
            "50-mib-unannounced",
            Kind::Mood(Mood::Endless),
            "longer than",
        ),
        ("zip-bomb", Kind::Mood(Mood::Bomb), "longer than"),
        ("redirect", Kind::Mood(redirecting), "another host"),
        (
            "other-issuer",
            Kind::Metadata(Mood::OtherIssuer),
            "of another issuer",
        ),
        ("expired-certificate", Kind::Certificate, "expired"),
        ("no-such-name", Kind::Name, "dns error"),
    ];
    let fault = |(name, kind, told)| Fault { name, kind, told };
    faults.into_iter().map(fault).collect()
}

/// When a provider goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    FromTheStart,
    Later,
}

/// Where in its story a provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    Before,
    Faulty,
    Repaired,
}

/// A provider of its own for each fault and each time.
struct Faulty {
    fault: Fault,
    when: When,
    idp: Idp,
}

impl Faulty {
    fn new(fault: Fault, when: When) -> Self {
        let idp = match fault.kind {
            Kind::Certificate => Idp::start_with_tls(),
            Kind::Mood(_) | Kind::Metadata(_) | Kind::Name => Idp::start(),
        };
        Self { fault, when, idp }
    }

    fn name(&self) -> String {
        format!("{:?}-{}", self.when, self.fault.name)
    }

    fn is_faulty(&self, now: Now) -> bool {
        match now {
            Now::Before => self.when == When::FromTheStart,
            Now::Faulty => true,
            Now::Repaired => false,
        }
    }

    fn mood(&self, now: Now) -> Mood {
        if !self.is_faulty(now) {
            return Mood::Good;
        }
        match self.fault.kind {
            Kind::Mood(mood) | Kind::Metadata(mood) => mood,
            Kind::Certificate => Mood::Expired,
            Kind::Name => Mood::Good,
        }
    }

    /// Its entry of `issuers`.
    fn entry(&self, now: Now, files: &Path) -> Value {
        let mut source = source(&self.idp, files);
        match self.fault.kind {
            Kind::Metadata(_) => {
                source = merged(source, &json!({ "discovery": {}, "jwks_url": null }));
            }
            Kind::Name => {
                source["jwks_url"] = json!(format!("http://{}.invalid/jwks.json", no_name()));
                source["allow_http"] = json!(true);
                if !self.is_faulty(now) {
                    // A proxy that does not have to resolve it.
                    source["proxy"] = json!(format!("http://{}", self.idp.address()));
                }
            }
            Kind::Mood(_) | Kind::Certificate => {}
        }
        self.idp.trusted(&source)
    }
}

fn enter(issuers: &[Faulty], now: Now) {
    for issuer in issuers {
        issuer.idp.set_mood(issuer.mood(now));
    }
}

/// Where the keys of a provider are, asked for often.
fn source(idp: &Idp, files: &Path) -> Value {
    let refresh = json!({ "every": "500ms", "min_interval": "500ms", "timeout": "2s" });
    let mut source = idp.source(&refresh);
    source["max_bytes"] = json!("64KiB");
    if let Some(authority) = idp.authority() {
        let path = files.join(format!("{}.pem", idp.address().port()));
        fs::write(&path, authority).expect("the directory can be written to");
        source["ca_file"] = json!(path);
    }
    source
}

/// A label that is too long for the DNS, so that no name server is asked: tests do not leave this
/// machine.
fn no_name() -> String {
    "x".repeat(64)
}

/// Why the keys of an issuer could not be fetched, if that was so the last time.
fn error_of(jotgate: &Jotgate, issuer: &str) -> Option<String> {
    let status = jotgate.status();
    let issuers = status["issuers"].as_array().expect("a list");
    let issuer = issuers.iter().find(|entry| entry["name"] == issuer);
    let source = &issuer.expect("it is configured")["sources"][0];
    source["error"].as_str().map(str::to_owned)
}

/// Less than one of the answers of 50 MiB, and more than anything else takes.
const MEMORY_ADDED_KIB_MAX: u64 = 32 * 1024;
