//! Tokens, and who may sign them.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, json};
use zeroize::Zeroizing;

use super::written::audiences;
use crate::consumers::{Consumer, Consumers, ConsumersBuilder, Material};
use crate::fixture::NOW;
use crate::issuers::{Issuer, IssuerPolicy, Issuers};
use crate::keys::{Key, KeyStore};
use crate::signature::{Algorithm, SigningKey, sign_token};
use crate::token::base64url;

/// A token: whom it names, who signed it, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    /// `iss`: an issuer, a consumer, or neither.
    pub(super) names: Option<&'static str>,
    /// Whether that stands in the header instead, where only consumers are looked for.
    pub(super) in_header: bool,
    /// Whose key it is signed with.
    pub(super) signer: &'static str,
    pub(super) audience: Audience,
    pub(super) scopes: &'static str,
    pub(super) expires_at: i64,
}

/// What `aud` is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Audience {
    Absent,
    /// These, as a list, or alone as a string.
    Names(&'static [&'static str]),
    /// A list with something else in it.
    Wrong,
}

impl Bearer {
    pub(super) fn token(&self) -> String {
        let mut claims = json!({
            "sub": "u1", "exp": self.expires_at, "scope": self.scopes,
        });
        let mut header = Map::new();
        header.insert("kid".to_owned(), json!(KID));
        match self.names.map(|name| json!(name)) {
            Some(name) if self.in_header => drop(header.insert("iss".to_owned(), name)),
            Some(name) => claims["iss"] = name,
            None => {}
        }
        match self.audience {
            Audience::Absent => {}
            Audience::Names([name]) => claims["aud"] = json!(name),
            Audience::Names(names) => claims["aud"] = json!(names),
            Audience::Wrong => claims["aud"] = json!(["api", 1]),
        }
        sign_token(&header, &claims, key(self.signer)).expect("signed")
    }
}

/// Two with keys under the same kid, and one whose keys nobody has.
pub(super) fn issuers() -> Issuers {
    let issuers = ISSUERS.iter().map(|name| {
        let policy = IssuerPolicy::new(name, name, audiences(audiences_of(name).unwrap_or(&[])));
        let keys = match *name {
            "away" => KeyStore::loading(),
            name => {
                let key = key(name);
                let verifying = key.verifying_key().expect("public");
                KeyStore::fixed(vec![Key::new(Some(KID), name.to_owned(), verifying)])
            }
        };
        Arc::new(Issuer {
            policy,
            keys: Arc::new(keys),
        })
    });
    issuers.collect()
}

pub(super) fn consumers(are_there: bool, has_guest: bool) -> Consumers {
    let mut builder = ConsumersBuilder::new("iss");
    for name in CONSUMERS.iter().filter(|_| are_there) {
        let consumer = Consumer {
            audiences: audiences_of(name).map(audiences),
            ..Consumer::named(name)
        };
        let added = builder.add(&consumer).expect("another name");
        let jwk = key(name).to_private_jwk("k").expect("a JWK");
        let secret = jwk["k"].as_str().expect("a secret");
        let secret = decoded(secret);
        builder
            .add_credential(added, name, Algorithm::Hs256, &Material::Secret(secret))
            .expect("another key");
    }
    builder.finish(has_guest.then(|| Consumer::named("guest")))
}

/// For whom the tokens of this signer have to be where a rule does not say; empty for anybody.
pub(super) fn audiences_of(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "corp" => Some(&["api"]),
        "partner" => Some(&["api", "shop"]),
        "bob" => Some(&["shop"]),
        _ => None,
    }
}

pub(super) fn bearer() -> impl Strategy<Value = Bearer> {
    let names = prop_oneof![
        6 => select(ISSUERS).prop_map(Some),
        4 => select(CONSUMERS).prop_map(Some),
        1 => Just(Some("nobody")),
        1 => Just(None),
    ];
    let audience = prop_oneof![
        1 => Just(Audience::Absent),
        8 => select(AUDIENCE_LISTS).prop_map(Audience::Names),
        1 => Just(Audience::Wrong),
    ];
    let signer = prop_oneof![4 => Just(None), 1 => select(SIGNERS).prop_map(Some)];
    let expires_at = select(&[NOW + 100, NOW + 10_000][..]);
    let scopes = select(&["", "read", "write", "read write"][..]);
    let in_header = prop_oneof![5 => Just(false), 1 => Just(true)];
    (names, in_header, signer, audience, scopes, expires_at).prop_map(
        |(names, in_header, signer, audience, scopes, expires_at)| {
            // Mostly whoever it names.
            let named = names.filter(|name| SIGNERS.contains(name));
            Bearer {
                names,
                in_header,
                signer: signer.or(named).unwrap_or("corp"),
                audience,
                scopes,
                expires_at,
            }
        },
    )
}

fn key(signer: &str) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
        let generate = |name: &&str| {
            let algorithm = if CONSUMERS.contains(name) {
                Algorithm::Hs256
            } else {
                Algorithm::Ed25519
            };
            SigningKey::generate(algorithm).expect("generated")
        };
        SIGNERS.iter().map(generate).collect()
    });
    let place = SIGNERS.iter().position(|name| *name == signer);
    &KEYS[place.expect("one of the signers")]
}

fn decoded(secret: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Vec::new();
    base64url::decode(secret.as_bytes(), &mut bytes).expect("our own");
    Zeroizing::new(bytes)
}

pub(super) const ISSUERS: &[&str] = &["corp", "partner", "away"];
pub(super) const CONSUMERS: &[&str] = &["alice", "bob"];
pub(super) const AUDIENCES: &[&str] = &["api", "shop"];
pub(super) const SCOPES: &[&str] = &["read", "write"];
/// Whoever has a key.
const SIGNERS: &[&str] = &["corp", "partner", "alice", "bob", "mallory"];
const AUDIENCE_LISTS: &[&[&str]] = &[&["api"], &["shop"], &["api", "shop"], &["other"], &[]];
const KID: &str = "k1";
