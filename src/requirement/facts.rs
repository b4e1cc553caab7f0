//! What requirements look at, borrowed.

use crate::consumers::Consumer;
use crate::token::json::Json;

/// Everything a requirement may look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The token.
    pub token: TokenFacts<'a>,
    /// The request it came with.
    pub request: RequestFacts<'a>,
}

/// A verified token and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct TokenFacts<'a> {
    /// The payload.
    pub claims: Json<'a>,
    /// The JOSE header.
    pub header: Json<'a>,
    /// The consumer with whose credential it was verified, if it was one's.
    pub consumer: Option<&'a Consumer>,
}

/// A request. What is unknown is empty.
#[derive(Clone, Copy)]
pub struct RequestFacts<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The host that rules match: in lower case, without port.
    pub host: &'a str,
    /// The path that rules match: decoded, without dot segments and the query.
    pub path: &'a str,
    /// What follows the `?`, as sent.
    pub query: &'a str,
    /// The headers, for those conditions that ask for them; `None` if there is no request.
    pub headers: Option<EachHeader<'a>>,
}

/// Calls back with name and value of every header field, in order. Names may be in any case and
/// repeat. A function and no [`RequestView`](crate::request::RequestView), whose lifetime would
/// have to be the claims' too.
pub type EachHeader<'a> = &'a dyn Fn(&mut dyn FnMut(&[u8], &[u8]));

impl RequestFacts<'_> {
    /// No request: a token is judged by itself.
    pub const NONE: Self = Self {
        method: "",
        host: "",
        path: "",
        query: "",
        headers: None,
    };
}
