//! What a decision needs to see of a request, whichever way it was asked.

/// A request as a gateway describes it. Everything is as the client sent it: bytes that may be
/// no text, names that may repeat.
pub trait RequestView<'a> {
    /// `GET`, `POST`, …; empty if unknown.
    fn method(&self) -> &'a [u8];
    /// Host, perhaps with a port; empty if unknown.
    fn host(&self) -> &'a [u8];
    /// `http` or `https`; empty if unknown.
    fn scheme(&self) -> &'a [u8];
    /// Path and query; empty if unknown.
    fn target(&self) -> &'a [u8];
    /// Calls `visit` with name and value of every header field, in order. Names may be in any
    /// case. One pass is all a decision makes.
    fn for_each_header(&self, visit: &mut dyn FnMut(&'a [u8], &'a [u8]));

    /// Whether a gRPC client asked: its content type is `application/grpc` and perhaps more.
    fn is_grpc(&self) -> bool {
        let mut is_grpc = false;
        self.for_each_header(&mut |name, value| {
            is_grpc |= name.eq_ignore_ascii_case(b"content-type")
                && value.len() >= GRPC.len()
                && value[..GRPC.len()].eq_ignore_ascii_case(GRPC);
        });
        is_grpc
    }
}

/// Whether two names of headers, which are not the same in any case, are one to an upstream behind
/// CGI, WSGI or PHP: there `x-user-id`, `x_user_id` and `x.user.id` all end up as `HTTP_X_USER_ID`.
#[must_use]
pub fn are_twins(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| mangled(*one) == mangled(*other))
        && !one.eq_ignore_ascii_case(other)
}

/// The byte of a header name as it arrives in the name of an environment variable.
const fn mangled(byte: u8) -> u8 {
    match byte {
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' => b'_',
        // No other byte can be in a name (RFC 9110 5.6.2).
        byte => byte.to_ascii_uppercase(),
    }
}

/// The lengths that some names of headers have, so that most headers of a request are none of them, nor
/// their twins, at a glance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lengths(u64);

impl Lengths {
    /// With the length of one more name. Those beyond 62 bytes share a bit.
    #[must_use]
    pub const fn with(self, name: &[u8]) -> Self {
        Self(self.0 | Self::bit(name))
    }

    /// Whether one of the names may be as long as this.
    #[must_use]
    pub const fn have(self, name: &[u8]) -> bool {
        self.0 & Self::bit(name) != 0
    }

    const fn bit(name: &[u8]) -> u64 {
        let length = name.len();
        1 << if length < 63 { length } else { 63 }
    }
}

const GRPC: &[u8] = b"application/grpc";
