use clap::Parser;
use serde_json::{Value, json};

use super::{AskedRequest, Verify, exit, header, print, question};
use crate::cli::Exit;
use crate::fixture::{Fixture, NOW};
use crate::grpc::proto::jotgate::v1::VerifyResponse;
use crate::grpc::verifier;
use crate::telemetry::TraceContext;
use crate::time::UnixMillis;

#[test]
fn a_good_token_is_allowed_with_every_step_and_what_is_known_of_it() {
    let fixture = Fixture::new();
    let response = answer(&fixture, &fixture.token(json!({})));
    assert_eq!(exit(&response), Exit::Good);
    let text = text(&response);
    assert!(text.starts_with("ALLOW ok"), "{text}");
    for line in [
        "  ok signature",
        "  ok time",
        "  issuer   corp",
        "  subject  alice",
        "  key      k1",
        "  expires  2023-11-14T22:14:20Z, in 60 seconds",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn a_refusal_shows_what_was_expected_and_what_was_found_and_no_claims() {
    let fixture = Fixture::new();
    let token = fixture.token(json!({"aud": "other", "email": "alice@example.com"}));
    let response = answer(&fixture, &token);
    assert_eq!(exit(&response), Exit::No);
    let text = text(&response);
    assert!(text.starts_with("DENY audience_mismatch"), "{text}");
    assert!(text.contains("  no audience\n"), "{text}");
    assert!(
        text.contains("expected aud [api]\n     found \"other\""),
        "{text}"
    );
    assert!(!text.contains("alice@example.com"), "{text}");
}

#[test]
fn keys_that_could_not_be_had_are_no_verdict() {
    let fixture = Fixture::new();
    let response = answer(&fixture, &fixture.token(json!({"iss": "https://away/"})));
    assert_eq!(exit(&response), Exit::Undecided);
    assert!(text(&response).starts_with("UNAVAILABLE keys_unavailable"));
}

#[test]
fn the_json_is_that_of_the_service() {
    let fixture = Fixture::new();
    let response = answer(&fixture, &fixture.token(json!({})));
    let mut out = Vec::new();
    print::json(&response, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["verdict"], "ALLOW");
    assert_eq!(document["claims"]["sub"], "alice");
    assert_eq!(document["trace"][0]["ok"], true);
}

#[test]
fn the_request_is_part_of_the_question_only_if_something_is_said_of_it() {
    let ask = |arguments: &[&str]| {
        let command = Command::parse_from([&["verify"], arguments, &["token"]].concat());
        let Verify {
            token,
            request,
            rule,
            ..
        } = command.verify;
        question(token, request, rule)
    };
    assert_eq!(ask(&[]).unwrap().request, None);
    let asked = ask(&["--path", "/a?b", "--header", "X-Env:  prod ", "--rule", "r"]).unwrap();
    let request = asked.request.unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("", "/a?b")
    );
    assert_eq!(request.headers["x-env"], "prod");
    assert_eq!(asked.rule, "r");
    let repeated = ask(&["--header", "a: 1", "--header", "A: 2"]);
    assert_eq!(repeated.unwrap_err().exit(), Exit::Usage);
}

#[test]
fn headers_are_a_name_and_a_value() {
    assert_eq!(
        header("X-A: b: c"),
        Ok(("x-a".to_owned(), "b: c".to_owned()))
    );
    for text in ["", "x-a", ": b", "x a: b"] {
        assert!(header(text).is_err(), "{text:?}");
    }
}

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    verify: Verify,
}

fn answer(fixture: &Fixture, token: &str) -> VerifyResponse {
    let nothing = AskedRequest {
        method: None,
        host: None,
        path: None,
        headers: Vec::new(),
    };
    let question = question(token.to_owned(), nothing, None).unwrap();
    verifier::answer(&fixture.gate, &TraceContext::default(), &question)
}

fn text(response: &VerifyResponse) -> String {
    let mut out = Vec::new();
    print::text(response, UnixMillis::from_seconds(NOW), &mut out).unwrap();
    let styled = String::from_utf8(out).unwrap();
    anstream::adapter::strip_str(&styled).to_string()
}
