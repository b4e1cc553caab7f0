//! Metadata that is late, moves, lies or is missing.

use super::*;

/// A metadata document, and keys at `/keys`.
fn discovery(issuer: &str, jwks_uri: &str) -> impl Fn(&str) -> Vec<u8> + Send + Sync + use<> {
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#);
    move |request| match path(request) {
        "/realm/.well-known/openid-configuration" => ok(metadata.as_bytes()),
        "/keys" => ok(&keys(&["found"])),
        _ => response("404 Not Found", &[], b""),
    }
}

fn discovery_source() -> SourceSettings {
    SourceSettings {
        kind: SourceKind::Discovery(HttpSettings::default()),
        refresh: refresh(),
    }
}

#[tokio::test]
async fn discovery_finds_the_keys_and_finds_them_again_after_they_moved() {
    let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
    let issuer = format!("{}/realm", idp.url);
    let ring = start(&issuer, vec![discovery_source()]);
    eventually(|| ring.status().sources[0].last_error.is_some()).await;
    idp.answers(discovery(&issuer, &format!("{}/keys", idp.url)));
    eventually(|| kids(&ring) == ["found"]).await;
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}/moved"}}"#, idp.url);
    idp.answers(move |request| match path(request) {
        "/realm/.well-known/openid-configuration" => ok(metadata.as_bytes()),
        "/moved" => ok(&keys(&["moved"])),
        _ => response("404 Not Found", &[], b""),
    });
    eventually(|| kids(&ring) == ["moved"]).await;
}

#[tokio::test]
async fn discovery_falls_back_to_rfc_8414_where_there_is_no_openid_document() {
    let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
    let issuer = format!("{}/realm", idp.url);
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}/keys"}}"#, idp.url);
    idp.answers(move |request| match path(request) {
        "/.well-known/oauth-authorization-server/realm" => ok(metadata.as_bytes()),
        "/keys" => ok(&keys(&["oauth"])),
        _ => response("404 Not Found", &[], b""),
    });
    let ring = start(&issuer, vec![discovery_source()]);
    eventually(|| kids(&ring) == ["oauth"]).await;
}

#[tokio::test]
async fn metadata_of_another_issuer_or_with_unsafe_keys_is_refused() {
    for (issuer, jwks_uri, told) in [
        ("https://evil.example.com", "SELF/keys", "of another issuer"),
        ("SELF/realm/", "SELF/keys", "of another issuer"),
        (
            "SELF/realm",
            "http://idp.example.com/keys",
            "plain http is refused",
        ),
        (
            "SELF/realm",
            "file:///etc/passwd",
            "not an http or https address",
        ),
        ("SELF/realm", "keys", "not a metadata document"),
    ] {
        let idp = Idp::start(|_| response("503 Not Yet", &[], b"")).await;
        let own = |text: &str| text.replace("SELF", &idp.url);
        idp.answers(discovery(&own(issuer), &own(jwks_uri)));
        let ring = start(&own("SELF/realm"), vec![discovery_source()]);
        let error = || ring.status().sources[0].last_error.clone();
        eventually(|| error().is_some_and(|error| error.contains(told))).await;
        assert_eq!(kids(&ring), [""; 0]);
        assert!(
            !idp.requests()
                .iter()
                .any(|request| path(request) == "/keys")
        );
    }
}
