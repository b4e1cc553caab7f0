//! Keys that nobody should trust, although they are published: whoever knows their weakness could
//! sign. They are skipped, so that a token which names one finds none.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::forge::{attack, changed_signature, hmac_token};
use super::{Attack, Forge};
use crate::agreement::court::ISSUER;
use crate::support::idp::usual_claims;
use crate::support::keys::base64url;

/// The sources of the issuer that hold them, beside a good key.
pub fn published() -> Vec<Value> {
    let mut keys = vec![VECTORS["jwk"].clone()];
    keys.extend(weak().into_iter().map(|weak| weak.jwk));
    vec![json!({ "jwks": { "keys": keys } })]
}

/// An RSA key with the exponent 3, and tokens that only lax readers of its signatures take.
pub static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../vectors/rsa_e3.json")).expect("JSON")
});

struct Weak {
    name: String,
    seen: &'static str,
    jwk: Value,
    /// What such a key would take for a signature.
    signature: fn(&[u8]) -> Vec<u8>,
}

pub fn attacks(_: &Forge<'_>) -> Vec<Attack> {
    let mut rows = Vec::new();
    for weak in weak() {
        let algorithm = weak.jwk.get("alg").cloned().unwrap_or(json!("RS256"));
        let header = json!({ "alg": algorithm, "kid": weak.jwk["kid"] });
        let message = [header.to_string(), usual_claims(ISSUER).to_string()];
        let message = message.map(base64url).join(".");
        let signature = base64url((weak.signature)(message.as_bytes()));
        let token = format!("{message}.{signature}");
        rows.push(attack("key", &weak.name, weak.seen, token, "key_unknown"));
    }
    let header = json!({ "alg": "HS256", "kid": "symmetric" });
    let token = hmac_token(&header, &usual_claims(ISSUER), &[7; 64]);
    let name = "HS256 with a secret that no source holds";
    rows.push(attack("key", name, "CVE-2026-48526", token, "key_unknown"));
    // The good one among them is good.
    for (name, token) in VECTORS["tokens"].as_object().expect("an object") {
        let token = token.as_str().expect("a token").to_owned();
        let (name, seen, reason) = match &**name {
            "good" => ("e=3 and a good signature", "RFC 7518 6.3.1.2", "ok"),
            "cube_root" => (
                "e=3 and a cube root, made without the key",
                "CVE-2006-4339, CVE-2006-4340",
                "signature_invalid",
            ),
            "no_null" => (
                "PKCS #1 without the parameters of the hash",
                "CVE-2022-24771",
                "signature_invalid",
            ),
            "block_type_2" => (
                "PKCS #1 of another block type",
                "CVE-2021-30246",
                "signature_invalid",
            ),
            "short_padding" => (
                "PKCS #1 with short padding and zeros behind",
                "CVE-2006-4339",
                "signature_invalid",
            ),
            other => panic!("nobody knows what {other} is"),
        };
        rows.push(attack("signature", name, seen, token, reason));
    }
    let cube = VECTORS["tokens"]["good"].as_str().expect("a token");
    let stretched = changed_signature(cube, |signature| [&[0], signature].concat());
    let name = "RSA with a zero before it";
    rows.push(attack(
        "signature",
        name,
        "RFC 8017 8.2.2",
        stretched,
        "signature_invalid",
    ));
    rows
}

fn weak() -> Vec<Weak> {
    let mut weak = small_orders();
    weak.extend(rsa());
    weak.extend(others());
    weak
}

/// Points of Ed25519 whose eightfold is nothing, and other spellings of them: R = 1, S = 0 is their
/// signature over anything, or over every eighth message.
fn small_orders() -> Vec<Weak> {
    let low = |first: u8| {
        let mut point = [0; 32];
        point[0] = first;
        point
    };
    let high = |first: u8, last: u8| {
        let mut point = [0xff; 32];
        (point[0], point[31]) = (first, last);
        point
    };
    let hex = |text: &str| {
        let bytes = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16));
        let bytes: Vec<u8> = bytes.map(|byte| byte.expect("hexadecimal")).collect();
        <[u8; 32]>::try_from(bytes).expect("32")
    };
    let signed = |mut point: [u8; 32]| {
        point[31] |= 0x80;
        point
    };
    let eighth = hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    let other_eighth = hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    let points = [
        ("1, the neutral element", low(1)),
        ("0", low(0)),
        ("0 with a sign", signed(low(0))),
        ("p - 1", high(0xec, 0x7f)),
        ("p, which is 0", high(0xed, 0x7f)),
        ("p + 1, which is 1", high(0xee, 0x7f)),
        ("1 with a sign", signed(low(1))),
        ("p + 1 with a sign", high(0xee, 0xff)),
        ("of order 8", eighth),
        ("of order 8 with a sign", signed(eighth)),
        ("of order 8, too", other_eighth),
        ("p + 3, which nobody should write so", high(0xf0, 0x7f)),
    ];
    let weak = |(index, (name, point)): (usize, (&str, [u8; 32]))| Weak {
        name: format!("Ed25519, y is {name}"),
        seen: "RFC 8032 8.4, RFC 8725 3.4",
        jwk: json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "use": "sig",
            "kid": format!("point-{index}"), "x": base64url(point),
        }),
        signature: |_| {
            let mut signature = vec![0; 64];
            signature[0] = 1;
            signature
        },
    };
    points.into_iter().enumerate().map(weak).collect()
}

fn rsa() -> Vec<Weak> {
    let odd = |bytes: usize| {
        let mut modulus = vec![0xd1; bytes];
        modulus[bytes - 1] |= 1;
        modulus
    };
    let mut even = odd(256);
    even[255] = 0xd0;
    let weak = |name: &str, seen, kid: &str, modulus: &[u8], exponent: &[u8]| Weak {
        name: format!("RSA, {name}"),
        seen,
        jwk: json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid,
            "n": base64url(modulus), "e": base64url(exponent),
        }),
        signature: padded,
    };
    vec![
        weak("the exponent is 1", "RFC 8725 3.2", "e1", &odd(256), &[1]),
        weak(
            "the exponent is 1 after zeros",
            "RFC 8725 3.2",
            "e01",
            &odd(256),
            &[0, 0, 1],
        ),
        weak("the exponent is 0", "RFC 8017 3.1", "e0", &odd(256), &[0]),
        weak(
            "the exponent is even",
            "RFC 8017 3.1",
            "e2",
            &odd(256),
            &[2],
        ),
        weak("the exponent has 64 bits", "", "e64", &odd(256), &[0x81; 8]),
        weak(
            "the modulus is even",
            "RFC 8017 3.1",
            "even",
            &even,
            &[1, 0, 1],
        ),
        weak("512 bits", "RFC 7518 3.3", "n512", &odd(64), &[1, 0, 1]),
        weak("1024 bits", "RFC 7518 3.3", "n1024", &odd(128), &[1, 0, 1]),
        weak(
            "2040 bits after zeros",
            "RFC 7518 3.3",
            "n2040",
            &[vec![0; 8], odd(255)].concat(),
            &[1, 0, 1],
        ),
        weak(
            "of the generator that made primes which can be guessed",
            "CVE-2017-15361",
            "roca",
            &powers_of_65537(),
            &[1, 0, 1],
        ),
        weak(
            "16384 bits",
            "CVE-2023-6237",
            "n16384",
            &odd(2048),
            &[1, 0, 1],
        ),
    ]
}

/// A modulus that is a power of 65537 modulo everything, as those of the broken generator are modulo
/// small primes: (2^16 + 1)^128, of 2049 bits.
fn powers_of_65537() -> Vec<u8> {
    let mut number = vec![0; 257];
    number[0] = 1;
    for _ in 0..128 {
        let shifted = [&[0, 0], &number[..255]].concat();
        number = super::forge::sum(&number, &shifted);
    }
    number.reverse();
    number
}

fn others() -> Vec<Weak> {
    let ec = |x: &[u8], y: &[u8], kid: &str| {
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid,
            "x": base64url(x), "y": base64url(y),
        })
    };
    let good = crate::support::keys::SigningKey::generate("ES256", "k").jwk();
    let but = |kid: &str, changes: Value| {
        let changes = crate::support::idp::merged(changes, &json!({ "kid": kid }));
        crate::support::idp::merged(good.clone(), &changes)
    };
    let weak = |name: &str, seen, jwk: Value| Weak {
        name: name.to_owned(),
        seen,
        jwk,
        signature: |_| vec![1; 64],
    };
    vec![
        weak(
            "EC, no point of the curve",
            "CVE-2017-12974",
            ec(&[1; 32], &[1; 32], "off"),
        ),
        weak(
            "EC, the point is 0, 0",
            "CVE-2022-21449",
            ec(&[0; 32], &[0; 32], "zero"),
        ),
        weak(
            "EC, too short",
            "RFC 7518 6.2.1.2",
            ec(&[1; 31], &[1; 32], "short"),
        ),
        weak(
            "EC, too long",
            "RFC 7518 6.2.1.2",
            ec(&[0; 33], &[1; 32], "long"),
        ),
        weak(
            "EC, the curve of another algorithm",
            "RFC 8725 3.1",
            but("es384", json!({ "alg": "ES384" })),
        ),
        weak(
            "EC, the curve is secp256k1",
            "RFC 8812",
            but("k1", json!({ "crv": "secp256k1" })),
        ),
        weak(
            "for encryption",
            "RFC 7517 4.2",
            but("enc", json!({ "use": "enc" })),
        ),
        weak(
            "for signing only",
            "RFC 7517 4.3",
            but("sign", json!({ "key_ops": ["sign"] })),
        ),
        weak(
            "a key for key agreement",
            "RFC 8037 2",
            json!({
                "kty": "OKP", "crv": "X25519", "kid": "x25519", "x": base64url([9; 32]),
            }),
        ),
    ]
}

/// What RSA with the exponent 1 takes for a signature: the padded hash itself.
fn padded(message: &[u8]) -> Vec<u8> {
    const SHA256: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message);
    let tail = [&[0], &SHA256[..], digest.as_ref()].concat();
    let ones = vec![0xff; 256 - 2 - tail.len()];
    [&[0, 1], &ones[..], &tail].concat()
}
