//! The five headers by which Kong tells upstreams who calls.

use http::HeaderName;

use super::Consumer;

/// Who calls, as far as consumers are concerned.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'c> {
    /// A consumer, by the credential with this key.
    Consumer(&'c Consumer, &'c str),
    /// The anonymous consumer: there is no token.
    Anonymous(&'c Consumer),
    /// No consumer.
    Nobody,
}

/// All five: none of them may come from outside.
pub const HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-consumer-id"),
    HeaderName::from_static("x-consumer-custom-id"),
    HeaderName::from_static("x-consumer-username"),
    HeaderName::from_static("x-credential-identifier"),
    HeaderName::from_static("x-anonymous-consumer"),
];

/// What goes upstream for `caller`; those of [`HEADERS`] that are not in it are to be removed.
/// Texts with control characters are withheld; the configuration has none.
#[must_use]
pub fn headers(caller: &Caller<'_>) -> Vec<(HeaderName, Box<str>)> {
    let (consumer, credential, anonymous) = match *caller {
        Caller::Consumer(consumer, credential) => (Some(consumer), Some(credential), None),
        Caller::Anonymous(consumer) => (Some(consumer), None, Some("true")),
        Caller::Nobody => (None, None, None),
    };
    let values = [
        consumer.and_then(|consumer| consumer.id.as_deref()),
        consumer.and_then(|consumer| consumer.custom_id.as_deref()),
        consumer.map(|consumer| &*consumer.name),
        credential,
        anonymous,
    ];
    let is_safe = |value: &&str| !value.chars().any(char::is_control);
    HEADERS
        .into_iter()
        .zip(values)
        .filter_map(|(name, value)| Some((name, value.filter(is_safe)?.into())))
        .collect()
}
