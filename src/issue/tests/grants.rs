//! What a client may have at `/token`, and whose word counts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Stage, generate, profile, settings};
use crate::issue::{
    ClaimSettings, ClaimValue, Client, GrantRefusal, GrantRequest, MintError, Profile, SecretHash,
    SignError,
};
use crate::signature::Algorithm;
use crate::time::Clock as _;
use crate::token::ClaimPath;
use crate::token::json::scan_object;

fn stage() -> (Stage, Client) {
    let claim = |name: &str| ClaimSettings {
        name: name.into(),
        value: ClaimValue::From(ClaimPath::dotted(name).expect("a path")),
    };
    let mut profile = Profile {
        audiences: Box::new(["orders-api".into(), "billing-api".into()]),
        ..profile()
    };
    // A profile that hands scopes on, as one for internal tokens does.
    profile.claims.extend([claim("scope"), claim("scp")]);
    let profile = Arc::new(profile);
    let mut settings = settings(vec![generate(Algorithm::Ed25519)]);
    settings.profiles = vec![Arc::clone(&profile)];
    let hash = bcrypt::hash("x", 4).expect("made");
    let client = Client {
        name: "app".into(),
        secret: Arc::new(SecretHash::parse(&hash).expect("a hash")),
        profiles: vec![profile],
        scopes: Box::new(["read".into(), "write".into()]),
        signs: true,
    };
    (Stage::with(settings), client)
}

/// The claims of the token that is granted for `subject`.
fn grant(
    subject: Option<&Value>,
    scope: Option<&str>,
    targets: &[&str],
) -> Result<Value, GrantRefusal> {
    let (stage, client) = stage();
    let subject = subject.map(Value::to_string);
    let subject = subject
        .as_ref()
        .map(|subject| scan_object(subject.as_bytes(), 16, |_| ()).expect("an object"));
    let request = GrantRequest {
        scope,
        targets,
        subject,
        ..GrantRequest::default()
    };
    let granted = stage.desk.grant(&stage.in_force(), &client, &request)?;
    let payload = granted.issued.token.split('.').nth(1).expect("a payload");
    let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload);
    let claims: Value = serde_json::from_slice(&payload.expect("base64url")).expect("JSON");
    let in_token = claims
        .get("scope")
        .map_or("", |scope| scope.as_str().expect("a text"));
    assert_eq!(
        in_token, granted.scope,
        "the answer says what the token says"
    );
    Ok(claims)
}

#[test]
fn scopes_are_those_of_the_client_and_of_the_subject_whatever_a_profile_hands_on() {
    let wide = json!({ "sub": "alice", "scope": "read admin", "scp": ["admin"] });
    let none = json!({ "sub": "alice", "scp": ["read write"] });
    for (subject, asked, expected) in [
        (None, None, Ok("read write")),
        (None, Some("write write"), Ok("write")),
        (None, Some("admin"), Err(GrantRefusal::InvalidScope)),
        (Some(&wide), None, Ok("read")),
        (Some(&wide), Some("read"), Ok("read")),
        (Some(&wide), Some("write"), Err(GrantRefusal::InvalidScope)),
        (Some(&wide), Some("admin"), Err(GrantRefusal::InvalidScope)),
        // A space within a member of a list separates nothing, for rules as for this.
        (Some(&none), None, Ok("")),
    ] {
        let granted = grant(subject, asked, &[]);
        let scope = granted.map(|claims| {
            assert_eq!(claims.get("scp"), None, "{subject:?}");
            let scope = claims.get("scope").and_then(Value::as_str);
            scope.unwrap_or_default().to_owned()
        });
        assert_eq!(scope, expected.map(str::to_owned), "{subject:?} {asked:?}");
    }
}

#[test]
fn a_token_is_for_whom_it_is_asked_for_and_for_nobody_whom_the_profile_does_not_name() {
    for (targets, expected) in [
        (&[][..], Ok(json!(["orders-api", "billing-api"]))),
        (&["billing-api"], Ok(json!("billing-api"))),
        (
            &["billing-api", "orders-api"],
            Ok(json!(["billing-api", "orders-api"])),
        ),
        (&["orders-api", "other"], Err(GrantRefusal::InvalidTarget)),
    ] {
        let granted = grant(None, None, targets).map(|claims| claims["aud"].clone());
        assert_eq!(granted, expected, "{targets:?}");
    }
}

#[test]
fn an_exchanged_token_is_about_its_subject_and_remembers_who_acts() {
    let actor = json!({ "sub": "backend" });
    let claims = grant(Some(&json!({ "sub": "alice", "act": actor })), None, &[]);
    let claims = claims.expect("granted");
    assert_eq!((&claims["sub"], &claims["act"]), (&json!("alice"), &actor));
    assert_eq!(claims["client_id"], "app");
    let nobody = grant(Some(&json!({ "scope": "read" })), None, &[]).expect("granted");
    assert_eq!(nobody.get("sub"), None, "not the client's name");
}

#[test]
fn whoever_may_act_for_a_subject_is_who_its_token_names() {
    for (may_act, may) in [
        (json!({ "sub": "app" }), true),
        (json!({ "client_id": "app" }), true),
        (json!({ "sub": "other" }), false),
        (json!({ "sub": "app", "client_id": "other" }), false),
        (json!({}), false),
        (json!("app"), false),
        (json!(null), false),
    ] {
        let subject = json!({ "sub": "alice", "may_act": may_act });
        let granted = grant(Some(&subject), None, &[]).map(|_| ());
        let expected = if may {
            Ok(())
        } else {
            Err(GrantRefusal::MayNotAct)
        };
        assert_eq!(granted, expected, "{may_act}");
    }
}

#[test]
fn claims_that_are_sent_to_be_signed_name_no_scope_that_the_client_does_not_have() {
    let (stage, client) = stage();
    let in_force = stage.in_force();
    let profile = in_force.profile("internal").expect("a profile");
    let refused = |scope: &str| Err(SignError::Mint(MintError::Scope(scope.to_owned())));
    for (claims, expected) in [
        (json!({ "sub": "bob" }), Ok(())),
        (json!({ "scope": "read write" }), Ok(())),
        (json!({ "scp": ["read"], "scope": null }), Ok(())),
        (json!({ "scope": "read admin" }), refused("admin")),
        (json!({ "scope": "read\tadmin" }), refused("admin")),
        (json!({ "scp": ["read", "admin"] }), refused("admin")),
        (json!({ "scopes": "admin" }), refused("admin")),
        (json!({ "scopes": ["read admin"] }), refused("admin")),
        (json!({ "scope": { "a": 1 } }), refused("{\"a\":1}")),
        (json!({ "scope": [1] }), refused("[1]")),
    ] {
        let text = claims.to_string();
        let signed = in_force.sign(&client, profile, text.as_bytes(), stage.clock.now());
        assert_eq!(signed.map(|_| ()), expected, "{claims}");
    }
    // JSON that a reader of ours takes and another does not: who knows what a third one reads.
    for scopes in ["[\"read\",1e400]", "{\"a\":-1e999}", "1e400"] {
        for name in ["scope", "scp", "scopes"] {
            let claims = format!("{{\"sub\":\"bob\",\"{name}\":{scopes}}}");
            let signed = in_force.sign(&client, profile, claims.as_bytes(), stage.clock.now());
            assert_eq!(signed.map(|_| ()), refused(scopes), "{claims}");
        }
    }
}
