//! Good tokens in the wrong place.

use serde_json::{Value, json};

use super::forge::{attack, changed_signature, hmac_token};
use super::{Attack, CONSUMER, Forge};
use crate::agreement::court::{Court, DOWN_ISSUER, ISSUER, STRICT_ISSUER, TWIN_ISSUER};
use crate::support::idp::{AUDIENCE, merged, now, usual_claims};
use crate::support::keys::SigningKey;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let Forge {
        court, key, now, ..
    } = forge;
    let row = |name: &str, seen, token, reason| attack("replay", name, seen, token, reason);
    let h1 = "RFC 8725 3.8, CVE-2026-49998";
    let strict = &court.strict;
    let named = |key: &SigningKey, kid: Value, issuer| {
        let header = merged(key.header(), &json!({ "kid": kid }));
        key.sign(&header, &usual_claims(issuer))
    };
    vec![
        row(
            "a key of the issuer signs in the name of another",
            h1,
            key.sign(&key.header(), &usual_claims(STRICT_ISSUER)),
            "key_unknown",
        ),
        row(
            "the same, with the other's kid",
            h1,
            named(key, json!("strict"), STRICT_ISSUER),
            "signature_invalid",
        ),
        row(
            "the same, without kid",
            h1,
            named(key, json!(null), STRICT_ISSUER),
            "signature_invalid",
        ),
        row(
            "another's key signs in the name of the issuer",
            h1,
            strict.sign(&strict.header(), &usual_claims(ISSUER)),
            "key_unknown",
        ),
        row(
            "the same, with the issuer's kid",
            h1,
            named(strict, json!("ES256"), ISSUER),
            "signature_invalid",
        ),
        row(
            "one key of two, without kid",
            "RFC 8725 3.10",
            named(&court.twin, json!(null), TWIN_ISSUER),
            "key_ambiguous",
        ),
        row(
            "of an issuer whose keys nobody has",
            "CVE-2021-21378",
            named(&court.twin, json!("twin"), DOWN_ISSUER),
            "keys_unavailable",
        ),
        row(
            "an ID token, for the client",
            "CVE-2026-41164, RFC 9068 5",
            forge.claims(&json!({ "aud": "web-client", "nonce": "n", "at_hash": "x" })),
            "audience_mismatch",
        ),
        row(
            "a token for another service",
            "CVE-2026-45069",
            forge.claims(&json!({ "aud": "billing-api" })),
            "audience_mismatch",
        ),
        row(
            "expired a while ago",
            "CVE-2024-51744",
            forge.claims(&json!({ "exp": now - 60 })),
            "token_expired",
        ),
        row(
            "expired, and the signature is wrong",
            "CVE-2024-51744",
            changed_signature(&forge.claims(&json!({ "exp": now - 60 })), |_| vec![1; 64]),
            "signature_invalid",
        ),
        row(
            "not yet valid",
            "RFC 7519 4.1.5",
            forge.claims(&json!({ "nbf": now + 60 })),
            "token_not_yet_valid",
        ),
        row(
            "the claims of one token, the signature of another",
            "RFC 7515 5.2",
            {
                let other = forge.claims(&json!({ "sub": "admin" }));
                let message = other.rsplit_once('.').expect("parts").0;
                let signature = forge.good();
                let signature = signature.rsplit_once('.').expect("parts").1;
                format!("{message}.{signature}")
            },
            "signature_invalid",
        ),
    ]
}

/// Against consumers, whose credentials are found by what a token says.
pub fn attacks_on_consumers(court: &Court, key: &SigningKey) -> Vec<Attack> {
    let claims = json!({ "iss": CONSUMER, "aud": AUDIENCE, "sub": "u1", "exp": now() + 300 });
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let signed = |header_changes: Value, claim_changes: Value| {
        key.sign(
            &merged(header.clone(), &header_changes),
            &merged(claims.clone(), &claim_changes),
        )
    };
    let row = |name: &str, seen, token, reason| attack("consumer", name, seen, token, reason);
    let es256 = court.key("ES256");
    vec![
        row(
            "a good token of a consumer",
            "",
            signed(json!({}), json!({})),
            "ok",
        ),
        row(
            "`none`",
            "CVE-2015-9235",
            changed_signature(&signed(json!({ "alg": "none" }), json!({})), |_| Vec::new()),
            "alg_not_allowed",
        ),
        row(
            "another algorithm than the credential's",
            "RFC 8725 3.1",
            signed(json!({ "alg": "HS512" }), json!({})),
            "alg_not_allowed",
        ),
        row(
            "signed by an issuer",
            "RFC 8725 3.8",
            es256.sign(&es256.header(), &claims),
            "alg_not_allowed",
        ),
        row(
            "the consumer signs in the name of an issuer",
            "RFC 8725 3.8",
            signed(json!({}), json!({ "iss": ISSUER })),
            "signature_invalid",
        ),
        row(
            "the secret is the credential's name",
            "",
            hmac_token(&header, &claims, CONSUMER.as_bytes()),
            "signature_invalid",
        ),
        row(
            "the secret is nothing",
            "CVE-2026-44699",
            hmac_token(&header, &claims, b""),
            "signature_invalid",
        ),
        row(
            "no `exp`",
            "kong schema.lua",
            signed(json!({}), json!({ "exp": null })),
            "claim_missing",
        ),
        row(
            "expired",
            "kong schema.lua",
            signed(json!({}), json!({ "exp": now() - 60 })),
            "token_expired",
        ),
        row(
            "a name in another case",
            "",
            signed(json!({}), json!({ "iss": CONSUMER.to_uppercase() })),
            "consumer_unknown",
        ),
        row(
            "a name with a NUL behind",
            "",
            signed(json!({}), json!({ "iss": format!("{CONSUMER}\0") })),
            "consumer_unknown",
        ),
        row(
            "the name in the header and another in the claims",
            "",
            signed(json!({ "iss": CONSUMER }), json!({ "iss": "mallory" })),
            "consumer_unknown",
        ),
        row(
            "the name in a list",
            "CVE-2025-30144",
            signed(json!({}), json!({ "iss": [CONSUMER] })),
            "claim_invalid",
        ),
        row(
            "`crit`",
            "CVE-2025-59420",
            signed(json!({ "crit": ["exp"] }), json!({})),
            "crit_unsupported",
        ),
        row(
            "bound to a key",
            "RFC 7800 3.1",
            signed(json!({}), json!({ "cnf": {} })),
            "binding_unsupported",
        ),
        row(
            "another kind of token",
            "RFC 8725 3.11",
            signed(json!({ "typ": "dpop+jwt" }), json!({})),
            "type_not_allowed",
        ),
    ]
}

impl SigningKey {
    /// The entry of a consumer's `credentials` for this secret.
    pub fn credential(&self) -> Value {
        let secret = &self.source()["secret"]["value"];
        json!({
            "key": CONSUMER, "algorithm": "HS256",
            "secret": { "value": secret }, "secret_is_base64": true,
        })
    }
}
