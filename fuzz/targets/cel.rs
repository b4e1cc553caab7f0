//! Conditions in CEL. The input is an expression, and the claims behind a 0xff byte. What compiles
//! gives the same answer every time, and an end comes in bounded time: libFuzzer waits ten seconds.

use jotgate::requirement::{Condition, Facts, Lines, RequestFacts, Requirement, TokenFacts};
use jotgate::token::json::{Json, scan_object};

pub fn run(data: &[u8]) {
    let (expression, claims) = match data.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, CLAIMS),
    };
    let Ok(expression) = std::str::from_utf8(expression) else {
        return;
    };
    let Ok(condition) = Condition::new(expression) else {
        return;
    };
    let object = |text| scan_object(text, 16, |_| ());
    let (Ok(claims), Ok(header)) = (object(claims), object(HEADER)) else {
        return;
    };
    let lines = Lines::new([Requirement::Cel(condition.clone())]);
    let opposite = Lines::new([Requirement::Not(Box::new(Requirement::Cel(condition)))]);
    let facts = facts(claims, header);
    let outcome = lines.check(&facts);
    assert_eq!(lines.check(&facts), outcome);
    // What cannot be decided lets nobody in either way.
    assert!(outcome.is_err() || opposite.check(&facts).is_err());
    for line in lines.explain(&facts) {
        assert_eq!(line.outcome, outcome);
    }
}

fn facts<'a>(claims: Json<'a>, header: Json<'a>) -> Facts<'a> {
    Facts {
        token: TokenFacts {
            claims,
            header,
            consumer: None,
        },
        request: RequestFacts {
            method: "GET",
            host: "api.example.com",
            path: "/orders/1",
            query: "a=b",
            headers: Some(&|visit| visit(b"x-env", b"prod")),
        },
    }
}

const HEADER: &[u8] = br#"{"alg":"ES256","kid":"k1"}"#;
const CLAIMS: &[u8] =
    br#"{"sub":"alice","level":3,"roles":["admin","ops"],"a":{"b":[1,2.5,null,true]}}"#;
