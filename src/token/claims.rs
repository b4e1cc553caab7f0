//! The claims of a token, of which nothing is known to be true.

use super::json::{Json, scan_object};
use super::path::ClaimPath;
use crate::reason::Reason;
use crate::time::UnixMillis;

/// The payload and its registered claims (RFC 7519 4.1), whatever their type.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    payload: &'a [u8],
    object: Json<'a>,
    /// `iss`
    pub issuer: Option<Json<'a>>,
    /// `sub`
    pub subject: Option<Json<'a>>,
    /// `aud`
    pub audience: Option<Json<'a>>,
    /// `exp`
    pub expires_at: Option<Json<'a>>,
    /// `nbf`
    pub not_before: Option<Json<'a>>,
    /// `iat`
    pub issued_at: Option<Json<'a>>,
    /// `jti`
    pub token_id: Option<Json<'a>>,
    /// `cnf` (RFC 7800)
    pub confirmation: Option<Json<'a>>,
}

impl<'a> Claims<'a> {
    pub(super) fn read(payload: &'a [u8], depth: usize) -> Result<Self, Reason> {
        let mut registered = [None; REGISTERED.len()];
        let object = scan_object(payload, depth, |member| {
            if let Some(at) = member.position(&REGISTERED) {
                registered[at] = Some(member.value());
            }
        })
        .map_err(|_| Reason::TokenMalformed)?;
        let [
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            token_id,
            confirmation,
        ] = registered;
        Ok(Self {
            payload,
            object,
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            token_id,
            confirmation,
        })
    }

    /// The decoded payload, byte for byte.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// All claims.
    #[must_use]
    pub const fn object(&self) -> Json<'a> {
        self.object
    }

    /// The claim at `path`, unless it is `null`.
    #[must_use]
    pub fn find(&self, path: &ClaimPath) -> Option<Json<'a>> {
        path.find(self.object)
    }
}

/// A `NumericDate` (RFC 7519 2), fractions rounded up to the millisecond; `None` for anything but a
/// number within ±2^53 seconds.
#[must_use]
pub fn numeric_date(value: Json<'_>) -> Option<UnixMillis> {
    const SECONDS_MAX: i64 = 1 << 53;
    if let Some(seconds) = value.as_i64() {
        return (-SECONDS_MAX..=SECONDS_MAX)
            .contains(&seconds)
            .then(|| UnixMillis::from_seconds(seconds));
    }
    let seconds = value.as_f64()?;
    // Infinite where the text was beyond a double; never NaN. The range keeps the product exact
    // enough and within 64 bits.
    (seconds.abs() <= SECONDS_MAX as f64).then(|| UnixMillis((seconds * 1000.0).ceil() as i64))
}

/// The claims that are looked at in every token, in the order of the fields of [`Claims`].
const REGISTERED: [&[u8; 3]; 8] = [
    b"iss", b"sub", b"aud", b"exp", b"nbf", b"iat", b"jti", b"cnf",
];

#[cfg(test)]
mod tests {
    use super::numeric_date;
    use crate::time::UnixMillis;
    use crate::token::json::scan_object;

    #[test]
    fn a_numeric_date_is_a_finite_number_in_range() {
        for (text, millis) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("-1", Some(-1000)),
            ("1.5", Some(1500)),
            ("1.0001", Some(1001)),
            ("1e3", Some(1_000_000)),
            ("9007199254740992", Some(9_007_199_254_740_992_000)),
            ("9007199254740993", None),
            ("-9007199254740993", None),
            ("18446744073709551616", None),
            ("1e400", None),
            ("-1e400", None),
            ("\"1\"", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
        ] {
            let object = format!("{{\"exp\":{text}}}");
            let json = scan_object(object.as_bytes(), 4, |_| ()).expect("JSON");
            assert_eq!(
                numeric_date(json.get("exp").expect("exp")),
                millis.map(UnixMillis),
                "{text}"
            );
        }
    }
}
