use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Case, CaseRequest, CaseToken, Court, HeaderFate, MadeBy, MadeToken, Ruling, Signed};
use crate::config;
use crate::reason::Reason;
use crate::signature::Algorithm;
use crate::time::UnixMillis;

const NOW: UnixMillis = UnixMillis::from_seconds(1_767_225_600);

#[test]
fn a_token_is_put_where_the_rule_looks_first() {
    for (credentials, path) in [
        (
            json!([{ "header": "authorization", "scheme": "Bearer" }]),
            "/",
        ),
        (json!([{ "header": "x-token" }, { "cookie": "t" }]), "/"),
        (json!([{ "cookie": "t" }]), "/"),
        (json!([{ "query": "t" }]), "/"),
        (json!([{ "query": "t" }]), "/?a=b"),
    ] {
        let rules =
            json!([{ "name": "r", "credentials": credentials, "forward": { "token": "strip" } }]);
        let request = CaseRequest {
            headers: vec![("Cookie".to_owned(), "theme=dark".to_owned())],
            ..request(path)
        };
        let ruling = judge(&json!({ "rules": rules }), request, made("corp", json!({})));
        assert_eq!(ruling.reason, Reason::Ok, "{credentials}");
        let cookie = ruling.headers.get(&http::header::COOKIE);
        if credentials[0]["cookie"] == "t" {
            let others = HeaderFate::Set("theme=dark".to_owned());
            assert_eq!(cookie, Some(&others), "{credentials}");
        } else {
            assert_eq!(cookie, None, "{credentials}");
        }
    }
}

#[test]
fn what_a_case_leaves_out_is_as_its_issuer_and_the_rule_ask() {
    for (changes, rule) in [
        (json!({}), json!({})),
        (json!({ "audiences": "any" }), json!({})),
        (json!({}), json!({ "audiences": ["of the rule"] })),
        (json!({ "types": ["secevent+jwt"] }), json!({})),
        (json!({ "types": ["absent"] }), json!({})),
        (json!({ "max_lifetime": "10s", "max_age": "1m" }), json!({})),
        (json!({ "require_kid": true }), json!({})),
    ] {
        let config = json!({ "issuer": changes, "rules": [rule] });
        let ruling = judge(&config, request("/"), made("corp", json!({})));
        assert_eq!(
            ruling.reason,
            Reason::Ok,
            "{changes} {rule}: {:?}",
            ruling.steps
        );
        assert_eq!(ruling.issuer.as_deref(), Some("corp"));
    }
}

#[test]
fn every_algorithm_signs_for_issuers_and_for_consumers() {
    // RSA keys take their time, and one of them is like the other.
    let quick = Algorithm::ALL.into_iter().filter(|algorithm| {
        !matches!(
            algorithm.name(),
            "PS256" | "PS384" | "PS512" | "RS384" | "RS512"
        )
    });
    for algorithm in quick {
        let name = algorithm.name();
        let source = match name.starts_with("HS") {
            true => json!({ "secret": { "value": "x".repeat(64) }, "alg": name }),
            false => json!({ "jwks_url": "https://idp/keys" }),
        };
        let config = json!({ "issuer": { "algorithms": [name], "keys": [source] } });
        let ruling = judge(&config, request("/"), made("corp", json!({})));
        assert_eq!(ruling.reason, Reason::Ok, "{name}");
    }
    let secret = |key: &str| json!({ "key": key, "algorithm": "HS384", "secret": { "value": "x".repeat(48) } });
    let config = json!({ "consumers": {
        "app": { "credentials": [secret("first"), secret("second")] },
        "other": { "credentials": [secret("third")] },
    }});
    for (claims, signed, expected) in [
        (json!({}), Signed::Usually, Reason::Ok),
        (json!({ "iss": "second" }), Signed::Usually, Reason::Ok),
        (
            json!({ "iss": "third" }),
            Signed::Usually,
            Reason::SignatureInvalid,
        ),
        (
            json!({ "iss": "fourth" }),
            Signed::Usually,
            Reason::ConsumerUnknown,
        ),
        (
            json!({}),
            Signed::With(Algorithm::Hs256),
            Reason::AlgNotAllowed,
        ),
        (json!({}), Signed::Not, Reason::AlgNotAllowed),
    ] {
        let token = MadeToken {
            by: MadeBy::Consumer("app".into()),
            signed,
            header: Map::new(),
            claims: object(claims.clone()),
        };
        let token = CaseToken::Made(Box::new(token));
        let ruling = judge(&config, request("/"), token);
        assert_eq!(ruling.reason, expected, "{claims} {signed:?}");
        let consumer = (expected == Reason::Ok).then_some("app");
        assert_eq!(ruling.consumer.as_deref(), consumer);
    }
}

#[test]
fn a_refusal_is_what_the_client_gets() {
    let redirect = json!({ "url": "https://login.example.com/?to={url}" });
    let config = json!({ "deny": { "format": "text", "message": "no", "redirect": redirect } });
    let ruling = judge(&config, request("/"), CaseToken::None);
    assert_eq!((ruling.status, &*ruling.body), (401, "no\n"));
    let challenge = ruling.headers.get(&http::header::WWW_AUTHENTICATE);
    assert!(matches!(challenge, Some(HeaderFate::Set(value)) if value.starts_with("Bearer ")));
    let browser = CaseRequest {
        headers: vec![("accept".to_owned(), "text/html".to_owned())],
        ..request("/a?b")
    };
    let ruling = judge(&config, browser, CaseToken::None);
    let location =
        HeaderFate::Set("https://login.example.com/?to=https%3A%2F%2Fapi%2Fa%3Fb".to_owned());
    assert_eq!(ruling.status, 302);
    assert_eq!(ruling.headers.get(&http::header::LOCATION), Some(&location));
    let no_store = HeaderFate::Set("no-store".to_owned());
    let cached = ruling.headers.get(&http::header::CACHE_CONTROL);
    assert_eq!(cached, Some(&no_store));
}

/// Judges a request by a configuration with the issuer `corp`; what `config` says of `issuer` is
/// said of that.
fn judge(config: &Value, request: CaseRequest, token: CaseToken) -> Ruling {
    let mut config = config.clone();
    let mut issuer = json!({
        "issuer": "https://idp/", "audiences": ["api"], "keys": [{ "jwks_url": "https://idp/keys" }],
    });
    let changes = config.as_object_mut().expect("object").remove("issuer");
    let changes = object(changes.unwrap_or_else(|| json!({})));
    issuer.as_object_mut().expect("object").extend(changes);
    config["issuers"] = json!({ "corp": issuer });
    let config = config::parse(&config.to_string(), Path::new(".")).expect("good");
    let case = Case {
        request,
        rule: None,
        token,
        at: NOW,
    };
    let court = Court::new(&config, [&case]).expect("keys are made");
    court.judge(&case).expect("signed")
}

fn request(path: &str) -> CaseRequest {
    CaseRequest {
        method: "GET".to_owned(),
        host: "api".to_owned(),
        scheme: "https".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
    }
}

fn made(issuer: &str, claims: Value) -> CaseToken {
    CaseToken::Made(Box::new(MadeToken {
        by: MadeBy::Issuer(issuer.into()),
        signed: Signed::Usually,
        header: Map::new(),
        claims: object(claims),
    }))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("object").clone()
}
