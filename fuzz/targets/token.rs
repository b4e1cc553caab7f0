//! Tokens beside a verifier of a few lines over serde_json: what passes has passed there too.
//!
//! The input is a token as it is, or header and claims with a 0xff byte between them, which are
//! signed, so that what comes behind the signature is reached.

use std::sync::{Arc, LazyLock};

use jotgate::consumers::Consumers;
use jotgate::explain::Explanation;
use jotgate::issuers::{Audiences, Issuer, IssuerPolicy, Issuers};
use jotgate::keys::{Key, KeyStore};
use jotgate::reason::Reason;
use jotgate::signature::{Algorithm, VerifyingKey};
use jotgate::time::UnixMillis;
use jotgate::token::{Scratch, TokenLimits, base64url};
use jotgate::verify::{Accepts, Context, Unobserved, verify};
use serde_json::Value;

pub fn run(data: &[u8]) {
    judge(data);
    if let Some(at) = data.iter().position(|byte| *byte == 0xff) {
        judge(&signed(&data[..at], &data[at + 1..]));
    }
}

fn judge(token: &[u8]) {
    let mut scratch = Scratch::default();
    let reason = outcome(token, &mut scratch);
    // What was read before makes no difference, nor does it who watches.
    assert_eq!(outcome(token, &mut scratch), reason);
    outcome(GOOD.as_slice(), &mut scratch).expect("a good token");
    assert_eq!(outcome(token, &mut scratch), reason);
    let mut explanation = Explanation::default();
    let explained = verify(token, &WORLD.context(), &mut scratch, &mut explanation);
    assert_eq!(explained.map(|_| ()), reason);
    let last = explanation.steps.last().map(|evidence| evidence.outcome);
    assert_eq!(last, Some(reason));
    if reason.is_ok() {
        assert!(is_good(token), "only we take it");
    }
}

fn outcome(token: &[u8], scratch: &mut Scratch) -> Result<(), Reason> {
    verify(token, &WORLD.context(), scratch, &mut Unobserved).map(|_| ())
}

/// Whether a verifier of a few lines takes it, which is as strict where it matters.
fn is_good(token: &[u8]) -> bool {
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, claims, signature] = parts[..] else {
        return false;
    };
    let json = |part: &[u8]| -> Option<Value> {
        let mut room = Vec::new();
        let text = base64url::decode(part, &mut room)?;
        // It says no to other spellings, or to bits that mean nothing.
        assert_eq!(base64url::encode(text).as_bytes(), part);
        serde_json::from_slice(text).ok()
    };
    let (Some(header), Some(claims)) = (json(header), json(claims)) else {
        // A double that cannot be held is read by nobody else.
        return has_huge_number(token);
    };
    let mut room = Vec::new();
    let is_signed = base64url::decode(signature, &mut room).is_some_and(|signature| {
        let input = &token[..token.len() - parts[2].len() - 1];
        WORLD.key.verify(input, signature)
    });
    let is_in_range = |name: &str, range: std::ops::Range<f64>| {
        let number = claims[name].as_f64();
        number.is_some_and(|number| range.contains(&number))
    };
    let absent_or = |name: &str, holds: bool| claims.get(name).is_none() || holds;
    let is_text = |name: &str| absent_or(name, claims[name].is_string());
    let audience = claims["aud"].as_array().map_or_else(
        || claims["aud"] == "api",
        |list| list.iter().all(Value::is_string) && list.contains(&"api".into()),
    );
    let kind = match header.get("typ") {
        None => true,
        Some(kind) => kind.as_str().is_some_and(|kind| {
            let kind = kind.to_ascii_lowercase();
            ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(&&*kind)
        }),
    };
    is_signed
        && header["alg"] == "HS256"
        && header.get("crit").is_none()
        && header.get("b64").is_none()
        && kind
        && claims["iss"] == ISSUER
        && audience
        && claims.get("cnf").is_none()
        && is_text("sub")
        && is_text("jti")
        && is_in_range("exp", NOW - 10.0..9.1e15)
        && absent_or("nbf", is_in_range("nbf", -9.1e15..NOW + 10.001))
        && absent_or("iat", is_in_range("iat", -9.1e15..NOW + 10.001))
}

fn has_huge_number(token: &[u8]) -> bool {
    let mut parts = token.split(|byte| *byte == b'.').take(2);
    parts.any(|part| {
        let mut room = Vec::new();
        base64url::decode(part, &mut room)
            .is_some_and(|text| text.iter().any(|it| b"eE".contains(it)))
    })
}

struct World {
    issuers: Issuers,
    consumers: Consumers,
    limits: TokenLimits,
    key: VerifyingKey,
}

impl World {
    fn new() -> Self {
        let key = VerifyingKey::secret(Algorithm::Hs256, SECRET).expect("long enough");
        let mut policy = IssuerPolicy::new("corp", ISSUER, Audiences::OneOf(["api".into()].into()));
        policy.algorithms = Algorithm::ALL.into_iter().collect();
        let keys = vec![Key::new(Some("k"), "t".to_owned(), key.clone())];
        let keys = Arc::new(KeyStore::fixed(keys));
        let issuer = Arc::new(Issuer { policy, keys });
        Self {
            issuers: [issuer].into_iter().collect(),
            consumers: Consumers::default(),
            limits: TokenLimits::default(),
            key,
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            issuers: &self.issuers,
            consumers: &self.consumers,
            accepts: Accepts::default(),
            limits: &self.limits,
            now: UnixMillis::from_seconds(NOW as i64),
        }
    }
}

fn signed(header: &[u8], claims: &[u8]) -> Vec<u8> {
    use jotgate::signature::SigningKey;

    static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
        let jwk = serde_json::json!({
            "kty": "oct", "alg": "HS256", "k": base64url::encode(SECRET),
        });
        SigningKey::from_jwk(&jwk).expect("a secret")
    });
    let mut token = [base64url::encode(header), base64url::encode(claims)].join(".");
    let signature = KEY.sign(token.as_bytes()).expect("a secret signs");
    token.push('.');
    token += &base64url::encode(&signature);
    token.into_bytes()
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);
static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"api","exp":{}}}"#, NOW + 60.0);
    signed(br#"{"alg":"HS256"}"#, claims.as_bytes())
});

const ISSUER: &str = "https://idp.example.com/";
const SECRET: &[u8] = b"a secret of thirty-two bytes.....";
const NOW: f64 = 1_700_000_000.0;
