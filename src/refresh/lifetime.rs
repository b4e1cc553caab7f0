//! How long an HTTP answer stays fresh (RFC 9111 4.2.1), as far as a key set is concerned.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName};

/// The lifetime that is left, from `max-age` or `Expires`, less `Age`.
///
/// `None` where HTTP says nothing, or that the answer is not to be kept: then the schedule of the
/// configuration counts. Reading `no-store` as "fetch at once again" would hammer the many
/// identity providers that put it on everything.
#[must_use]
pub(super) fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().ok()?.split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return None,
                "max-age" => {
                    let seconds = argument.trim().trim_matches('"').parse().ok();
                    max_age = max_age.or(seconds.map(Duration::from_secs));
                }
                _ => {}
            }
        }
    }
    let total = match max_age {
        Some(max_age) => max_age,
        None => date(headers, EXPIRES)?
            .duration_since(date(headers, DATE)?)
            .ok()?,
    };
    let age = headers.get(AGE).and_then(|value| value.to_str().ok());
    let age = age.and_then(|value| value.trim().parse().ok());
    let left = total.saturating_sub(Duration::from_secs(age.unwrap_or(0)));
    (!left.is_zero()).then_some(left)
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::lifetime;

    #[test]
    fn the_lifetime_is_what_the_headers_say() {
        const NOON: &str = "Thu, 01 Jan 2026 12:00:00 GMT";
        const LATER: &str = "Thu, 01 Jan 2026 12:10:00 GMT";
        for (headers, seconds) in [
            (&[][..], None),
            (&[("cache-control", "public, max-age=3600")], Some(3600)),
            (&[("cache-control", "Max-Age=\"60\"")], Some(60)),
            (&[("cache-control", "max-age=60"), ("age", "50")], Some(10)),
            (&[("cache-control", "max-age=60"), ("age", "70")], None),
            (&[("cache-control", "max-age=0")], None),
            (&[("cache-control", "max-age=60, no-store")], None),
            (
                &[
                    ("cache-control", "max-age=60"),
                    ("cache-control", "no-cache"),
                ],
                None,
            ),
            (&[("cache-control", "max-age=-1")], None),
            (
                &[("cache-control", "max-age=99999999999999999999999")],
                None,
            ),
            (&[("expires", LATER), ("date", NOON)], Some(600)),
            (&[("expires", NOON), ("date", LATER)], None),
            (&[("expires", "0"), ("date", NOON)], None),
            (&[("expires", LATER)], None),
            (
                &[
                    ("cache-control", "max-age=5"),
                    ("expires", LATER),
                    ("date", NOON),
                ],
                Some(5),
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            assert_eq!(
                lifetime(&map),
                seconds.map(Duration::from_secs),
                "{headers:?}"
            );
        }
    }
}
