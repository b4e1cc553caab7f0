//! Signatures that are none, or that could be spelled in another way.

use super::forge::{attack, changed_signature, negated, sum};
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;
use crate::support::idp::usual_claims;
use crate::support::keys::SigningKey;

pub fn attacks(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for (algorithm, order) in [
        ("ES256", P256_ORDER),
        ("ES384", P384_ORDER),
        ("ES512", P521_ORDER),
    ] {
        rows.extend(ecdsa(forge.court.key(algorithm), &hex(order)));
    }
    rows.extend(ed25519(forge.court.key("Ed25519")));
    rows.extend(rsa(forge));
    rows.extend(hmac(forge));
    rows
}

fn good(key: &SigningKey) -> String {
    key.sign(&key.header(), &usual_claims(ISSUER))
}

fn ecdsa(key: &SigningKey, order: &[u8]) -> Vec<Attack> {
    let bytes = order.len();
    let zero = vec![0; bytes];
    let mut one = zero.clone();
    one[bytes - 1] = 1;
    let mut beyond = order.to_vec();
    beyond[bytes - 1] += 1;
    let all = vec![0xff; bytes];
    let psychic = "CVE-2022-21449, CVE-2021-43568";
    let mut rows = Vec::new();
    let mut row = |name: &str, seen, change: &dyn Fn(&[u8]) -> Vec<u8>, reason| {
        let token = changed_signature(&good(key), change);
        let name = format!("{}: {name}", key.algorithm());
        rows.push(attack("signature", &name, seen, token, reason));
    };
    let numbers = [
        ("0", &zero),
        ("1", &one),
        ("n", &order.to_vec()),
        ("n + 1", &beyond),
        ("all ones", &all),
    ];
    for (r_name, r) in &numbers {
        for (s_name, s) in &numbers {
            let name = format!("r is {r_name}, s is {s_name}");
            row(
                &name,
                psychic,
                &|_| [&r[..], s].concat(),
                "signature_invalid",
            );
        }
    }
    for (name, number) in &numbers {
        let name = format!("a good r, s is {name}");
        row(
            &name,
            psychic,
            &|good| [&good[..bytes], number].concat(),
            "signature_invalid",
        );
    }
    let invalid = "signature_invalid";
    row(
        "DER instead of r and s",
        "CVE-2024-42461",
        &|good| der(good),
        invalid,
    );
    row(
        "a byte short",
        "CVE-2024-42459",
        &|good| good[1..].to_vec(),
        invalid,
    );
    row(
        "a byte long",
        "CVE-2024-42459",
        &|good| [good, &[0]].concat(),
        invalid,
    );
    row(
        "r alone",
        "CVE-2024-42459",
        &|good| good[..bytes].to_vec(),
        invalid,
    );
    row("twice", "CVE-2024-42459", &|good| good.repeat(2), invalid);
    row(
        "r and s changed places",
        "",
        &|good| [&good[bytes..], &good[..bytes]].concat(),
        invalid,
    );
    // Not one byte the same, and still the signer's: so tokens are never told apart by signature.
    row(
        "n - s instead of s, which is as good",
        "OWASP CheatSheetSeries#2235",
        &|good| [&good[..bytes], &negated(&good[bytes..], order)].concat(),
        "ok",
    );
    rows
}

fn ed25519(key: &SigningKey) -> Vec<Attack> {
    // L of RFC 8032 5.1, little-endian.
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut rows = Vec::new();
    let mut row = |name: &str, change: &dyn Fn(&[u8]) -> Vec<u8>| {
        let token = changed_signature(&good(key), change);
        let seen = "CVE-2024-48949, RFC 8032 5.1.7";
        let name = format!("Ed25519: {name}");
        rows.push(attack("signature", &name, seen, token, "signature_invalid"));
    };
    row("S + L instead of S", &|good| {
        [&good[..32], &sum(&good[32..], &order)].concat()
    });
    row("S is L", &|good| [&good[..32], &order[..]].concat());
    row("S is 0", &|good| [&good[..32], &[0; 32]].concat());
    row("S is all ones", &|good| [&good[..32], &[0xff; 32]].concat());
    row("nothing but zeros", &|_| vec![0; 64]);
    row("R is the neutral element, S is 0", &|_| {
        [&[1], &[0; 63][..]].concat()
    });
    row("R is p + 1, S is 0", &|_| {
        [&[0xee], &[0xff; 30][..], &[0x7f], &[0; 32]].concat()
    });
    row("a byte short", &|good| good[..63].to_vec());
    row("a byte long", &|good| [good, &[0]].concat());
    row("R alone", &|good| good[..32].to_vec());
    rows
}

fn rsa(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let key = forge.court.key(algorithm);
        let mut row = |name: &str, change: &dyn Fn(&[u8]) -> Vec<u8>| {
            let token = changed_signature(&good(key), change);
            let name = format!("{algorithm}: {name}");
            let seen = "CVE-2021-30246, RFC 8017 8";
            rows.push(attack("signature", &name, seen, token, "signature_invalid"));
        };
        row("0", &|good| vec![0; good.len()]);
        row("1", &|good| [&vec![0; good.len() - 1][..], &[1]].concat());
        row("as large as its bytes allow", &|good| {
            vec![0xff; good.len()]
        });
        row("a byte short", &|good| good[1..].to_vec());
        row("a zero more", &|good| [&[0], good].concat());
        row("a zero less at the end", &|good| {
            good[..good.len() - 1].to_vec()
        });
    }
    rows
}

fn hmac(forge: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for (algorithm, bytes) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let key = forge.court.key(algorithm);
        let mut row = |name: &str, change: &dyn Fn(&[u8]) -> Vec<u8>| {
            let token = changed_signature(&good(key), change);
            let name = format!("{algorithm}: {name}");
            let seen = "CVE-2016-7036, RFC 7518 3.2";
            rows.push(attack("signature", &name, seen, token, "signature_invalid"));
        };
        row("nothing", &|_| Vec::new());
        row("its first byte", &|good| good[..1].to_vec());
        row("all but its last byte", &|good| good[..bytes - 1].to_vec());
        row("half of it", &|good| good[..bytes / 2].to_vec());
        row("one byte more", &|good| [good, &[0]].concat());
        row("zeros", &|_| vec![0; bytes]);
    }
    rows
}

/// r and s as ASN.1 has them.
fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let integer = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let mut number = number[zeros..].to_vec();
        if number.first().is_none_or(|first| first & 0x80 != 0) {
            number.insert(0, 0);
        }
        [&[2, number.len() as u8], &number[..]].concat()
    };
    let body = [integer(r), integer(s)].concat();
    match body.len() {
        short @ 0..=127 => [&[0x30, short as u8], &body[..]].concat(),
        long => [&[0x30, 0x81, long as u8], &body[..]].concat(),
    }
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16);
    (0..text.len())
        .step_by(2)
        .map(|at| byte(at).expect("hexadecimal"))
        .collect()
}

// FIPS 186-4 D.1.2, the order of the base point.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
                          581a0db248b0a77aecec196accc52973";
const P521_ORDER: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                          ffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
