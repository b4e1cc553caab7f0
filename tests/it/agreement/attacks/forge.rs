//! The forger's workshop: tokens that differ from a good one in one thing.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Attack;
use crate::agreement::corpus::Case;
use crate::agreement::court::{Court, ISSUER};
use crate::support::idp::{merged, now, usual_claims};
use crate::support::keys::{SigningKey, base64url};

/// A key that jotgate trusts, and one that it does not.
pub struct Forge<'c> {
    pub court: &'c Court,
    /// ES256.
    pub key: &'c SigningKey,
    pub stranger: SigningKey,
    /// Where an attacker has keys to offer.
    pub trap: String,
    pub now: u64,
}

impl<'c> Forge<'c> {
    pub fn new(court: &'c Court, trap: String) -> Self {
        Self {
            court,
            key: court.key("ES256"),
            stranger: SigningKey::generate("ES256", "mallory"),
            trap,
            now: now(),
        }
    }

    pub fn good(&self) -> String {
        self.header(&json!({}))
    }

    /// A good token but for these members of its header; `null` takes one away.
    pub fn header(&self, changes: &Value) -> String {
        self.header_text(merged(self.key.header(), changes).to_string())
    }

    /// A good token but for its header, which is this text.
    pub fn header_text(&self, header: impl AsRef<[u8]>) -> String {
        self.key.sign_text(header, usual_claims(ISSUER).to_string())
    }

    /// A good token but for these claims.
    pub fn claims(&self, changes: &Value) -> String {
        self.claims_text(merged(usual_claims(ISSUER), changes).to_string())
    }

    /// A good token but for its claims, which are this text.
    pub fn claims_text(&self, claims: impl AsRef<[u8]>) -> String {
        self.key.sign_text(self.key.header().to_string(), claims)
    }

    /// A good token but for what stands in place of the claim, spelled as it is.
    pub fn claim(&self, name: &str, spelled: &str) -> String {
        let others = merged(usual_claims(ISSUER), &json!({ name: null })).to_string();
        let others = others.strip_suffix('}').expect("an object");
        self.claims_text(format!(r#"{others},"{name}":{spelled}}}"#))
    }

    /// A row for each of these spellings of the claim.
    pub fn spelled(&self, kind: Kind, claim: &str, values: &[&str]) -> Vec<Attack> {
        let row = |value: &&str| {
            let name = format!("`{claim}` is {value}");
            attack(
                kind.class,
                &name,
                kind.seen,
                self.claim(claim, value),
                kind.reason,
            )
        };
        values.iter().map(row).collect()
    }

    /// A good token but for these further members at the end of its header, spelled as they are.
    pub fn header_with(&self, members: &str) -> String {
        let header = self.key.header().to_string();
        let header = header.strip_suffix('}').expect("an object");
        self.header_text(format!("{header},{members}}}"))
    }
}

/// This token with another signature, made of the one that it has.
pub fn changed_signature(token: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("our own");
    format!("{message}.{}", base64url(change(&signature)))
}

/// A token with an HMAC under this secret.
pub fn hmac_token(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = [header, claims].map(|part| base64url(part.to_string()));
    let message = message.join(".");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", base64url(tag))
}

/// What rows of the table have in common.
#[derive(Clone, Copy)]
pub struct Kind {
    pub class: &'static str,
    pub seen: &'static str,
    pub reason: &'static str,
}

/// A row of the table.
pub fn attack(
    class: &'static str,
    name: &str,
    seen: &'static str,
    token: String,
    reason: &'static str,
) -> Attack {
    let case = Case::new(name, token, reason);
    Attack { class, seen, case }
}

impl Attack {
    /// With more words behind its name.
    pub fn with_remark(mut self, remark: &str) -> Self {
        self.case.name = format!("{}, {remark}", self.case.name);
        self
    }

    /// Where the token stands in a field of a request.
    pub fn in_a_field(mut self, reason: &'static str) -> Self {
        self.case.reason_in_a_field = reason;
        self
    }
}

/// `-a`, big-endian, modulo `modulus`, for `a` below it.
pub fn negated(a: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut difference = vec![0; a.len()];
    let mut borrow = 0;
    for index in (0..a.len()).rev() {
        let value = i16::from(modulus[index]) - i16::from(a[index]) - borrow;
        borrow = i16::from(value < 0);
        difference[index] = u8::try_from(value.rem_euclid(256)).expect("a byte");
    }
    difference
}

/// `a + b`, little-endian, as long as `a`.
pub fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let bytes = a.iter().zip(b).map(|(a, b)| {
        let value = u16::from(*a) + u16::from(*b) + carry;
        carry = value >> 8;
        value.to_le_bytes()[0]
    });
    bytes.collect()
}
