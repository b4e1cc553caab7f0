use super::{PartsRoom, TokenLimits, UnverifiedToken};
use crate::reason::Reason;
use crate::token::base64url::encode;

fn token(header: &str, payload: &str) -> String {
    format!(
        "{}.{}.{}",
        encode(header.as_bytes()),
        encode(payload.as_bytes()),
        encode(b"signature")
    )
}

fn parse(token: &str) -> Result<(), Reason> {
    let limits = TokenLimits::default();
    UnverifiedToken::parse(token.as_bytes(), &limits, &mut PartsRoom::default()).map(|_| ())
}

#[test]
fn reads_header_claims_and_signature() {
    let text = token(
        r#"{"alg":"RS256","kid":"a\/b"}"#,
        r#"{"iss":"https:\/\/idp","n":[1]}"#,
    );
    let mut room = PartsRoom::default();
    let limits = TokenLimits::default();
    let token = UnverifiedToken::parse(text.as_bytes(), &limits, &mut room).expect("well-formed");
    assert!(token.header.algorithm().expect("alg") == *"RS256");
    assert!(token.header.key_id().expect("kid") == *"a/b");
    assert!(!token.header.demands_extension());
    assert_eq!(token.signature, b"signature");
    assert_eq!(
        token.signing_input,
        text.rsplit_once('.').expect("dots").0.as_bytes()
    );
    let issuer = token
        .unverified_claims()
        .issuer
        .and_then(|iss| iss.as_text())
        .expect("iss");
    assert_eq!(issuer.to_cow(), "https://idp");
}

#[test]
fn refuses_what_is_no_compact_jws_of_json_objects() {
    let good = token(r#"{"alg":"RS256"}"#, r#"{"iss":"x"}"#);
    assert_eq!(parse(&good), Ok(()));
    let (header, rest) = good.split_once('.').expect("dots");
    let (payload, signature) = rest.split_once('.').expect("dots");
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        token("[]", "{}"),
        token("{}", "[]"),
        token("{}", "\"x\""),
        token("{}", "{} x"),
        token("{}x", "{}"),
        token("{}", "\u{feff}{}"),
        token(r#"{"alg":1}"#, "{}"),
        token(r#"{"kid":1}"#, "{}"),
        token(r#"{"kid":null}"#, "{}"),
        token(r#"{"typ":["JWT"]}"#, "{}"),
        token(r#"{"cty":{}}"#, "{}"),
        token(r#"{"alg":"a","\u0061lg":"b"}"#, "{}"),
        token("{}", r#"{"sub":1,"sub":2}"#),
        token(&format!(r#"{{"kid":"{}"}}"#, "k".repeat(1025)), "{}"),
        r#"{"payload":"e30","signature":"","protected":"e30"}"#.into(),
    ] {
        assert_eq!(parse(&bad), Err(Reason::TokenMalformed), "{bad}");
    }
}

#[test]
fn an_unsecured_token_is_well_formed_and_left_to_the_algorithm_check() {
    assert_eq!(
        parse(&format!(
            "{}.{}.",
            encode(br#"{"alg":"none"}"#),
            encode(b"{}")
        )),
        Ok(())
    );
}

#[test]
fn the_size_is_checked_before_anything_is_decoded() {
    assert_eq!(
        parse(&"!".repeat(crate::limits::TOKEN_BYTES + 1)),
        Err(Reason::TokenTooLarge)
    );
}

#[test]
fn a_header_that_demands_an_extension_says_so_whatever_its_value() {
    for header in [
        r#"{"crit":[]}"#,
        r#"{"crit":["exp"]}"#,
        r#"{"b64":true}"#,
        r#"{"b64":null}"#,
    ] {
        let text = token(header, "{}");
        let mut room = PartsRoom::default();
        let limits = TokenLimits::default();
        let token = UnverifiedToken::parse(text.as_bytes(), &limits, &mut room).expect(header);
        assert!(token.header.demands_extension(), "{header}");
    }
}
