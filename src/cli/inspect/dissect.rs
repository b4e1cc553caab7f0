//! Taking a token apart, also where it is broken.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::finding::{Findings, quoted};
use crate::limits::{CLAIMS_DEPTH, TOKEN_BYTES};
use crate::token::base64url;
use crate::token::json::scan_object;

/// What could be read of a token.
#[derive(Debug)]
pub(super) struct Anatomy {
    /// The header, if it could be read.
    pub(super) header: Option<Map<String, Value>>,
    /// The claims, if they could be read.
    pub(super) claims: Option<Map<String, Value>>,
    /// The signature's bytes, if there is such a part.
    pub(super) signature: Option<Vec<u8>>,
}

impl Anatomy {
    /// Takes `token` apart; what is wrong with its form goes to `findings`.
    pub(super) fn of(token: &str, findings: &mut Findings) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        check_form(token, parts.len(), findings);
        // Five parts are a JWE, whose second part is a key and no claims.
        let is_encrypted = parts.len() == 5;
        let mut object = |at: usize, name| {
            let part = parts.get(at).filter(|_| parts.len() > 1)?;
            let bytes = decode(part, name, findings)?;
            read_object(&bytes, name, findings)
        };
        let header = object(0, "header");
        let claims = if is_encrypted {
            None
        } else {
            object(1, "payload")
        };
        let signature = match parts.get(2) {
            Some(part) if !is_encrypted => decode(part, "signature", findings),
            Some(_) | None => None,
        };
        Self {
            header,
            claims,
            signature,
        }
    }

    /// Whether it is a token at all, good or bad: header and claims could be read.
    pub(super) const fn is_token(&self) -> bool {
        self.header.is_some() && self.claims.is_some()
    }
}

fn check_form(token: &str, parts: usize, findings: &mut Findings) {
    if token.len() > TOKEN_BYTES {
        let message = format!(
            "{} bytes; more than {TOKEN_BYTES} are refused by default, and gateways refuse such \
             headers themselves",
            token.len()
        );
        findings.warning("too_large", message, "");
    }
    match parts {
        3 => {}
        1 if token.starts_with('{') => findings.refused(
            "json_serialization",
            "JSON serialization: only the compact form of three parts is a JWT",
            "RFC 7519 3",
        ),
        5 => findings.refused(
            "encrypted",
            "five parts: encrypted (JWE), its claims cannot be read without the key",
            "RFC 7516 3.1",
        ),
        parts => findings.refused(
            "parts",
            format!("{parts} part(s) between dots; a signed token has three"),
            "RFC 7515 7.1",
        ),
    }
}

/// The bytes of one part; leniently if strict decoding fails, which is a finding.
fn decode(part: &str, name: &str, findings: &mut Findings) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    if let Some(bytes) = base64url::decode(part.as_bytes(), &mut buffer) {
        return Some(bytes.to_vec());
    }
    let message = format!("the {name} is not strict base64url: {}", flaw(part));
    findings.refused("base64url", message, "RFC 7515 2");
    let mut cleaned: String = part
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '=')
        .map(|character| match character {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    // One character more than full groups holds less than a byte.
    if cleaned.len() % 4 == 1 {
        cleaned.pop();
    }
    LENIENT.decode(cleaned).ok()
}

/// What keeps `part` from being strict base64url.
fn flaw(part: &str) -> String {
    let is_good = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    match part.chars().position(|character| !is_good(character)) {
        Some(at) => match part.chars().nth(at).unwrap_or_default() {
            '=' => "padding (`=`)".to_owned(),
            '+' | '/' => "the alphabet of plain base64 (`+`, `/` instead of `-`, `_`)".to_owned(),
            blank if blank.is_whitespace() => format!("a blank at character {}", at + 1),
            other => format!("{other:?} at character {}", at + 1),
        },
        None if part.len() % 4 == 1 => "cut off, or a character too many".to_owned(),
        None => "unused bits of the last character are set".to_owned(),
    }
}

fn read_object(bytes: &[u8], name: &str, findings: &mut Findings) -> Option<Map<String, Value>> {
    let members: Members = match serde_json::from_slice(bytes) {
        Ok(members) => members,
        Err(error) => {
            let shown = quoted(&String::from_utf8_lossy(bytes));
            let message = format!("the {name} is not one JSON object: {error}; it reads {shown}");
            findings.refused("json", message, "RFC 7519 7.2");
            return None;
        }
    };
    let mut object = Map::new();
    let mut has_duplicates = false;
    for (member, value) in members.0 {
        if object.contains_key(&member) {
            has_duplicates = true;
            let message = format!("the {name} has {} more than once", quoted(&member));
            findings.refused("duplicate", message, "RFC 7515 4, RFC 7519 4");
        }
        object.insert(member, value);
    }
    if !has_duplicates && scan_object(bytes, CLAIMS_DEPTH, |_| ()).is_err() {
        let message = format!(
            "the {name} is no strict JSON: nested deeper than {CLAIMS_DEPTH}, more than 256 \
             members, or half a surrogate pair"
        );
        findings.refused("json", message, "RFC 8259 8");
    }
    Some(object)
}

/// The members of an object in order, repeated names and all.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
