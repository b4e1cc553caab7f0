//! Headers of a request.

use http::HeaderName;

use crate::request::RequestView;

/// A header with exactly this value. Repeated lines count as one, joined with `, ` (RFC 9110 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPattern {
    /// The header's name.
    pub name: HeaderName,
    /// Its value, compared byte for byte.
    pub value: Box<[u8]>,
}

impl HeaderPattern {
    /// Whether the request has it.
    pub(super) fn matches<'r>(&self, request: &impl RequestView<'r>) -> bool {
        // What of the value has not been seen yet; `None` once a line was another.
        let mut rest = Some(&*self.value);
        let mut is_first = true;
        request.for_each_header(&mut |name, line| {
            if !name.eq_ignore_ascii_case(self.name.as_str().as_bytes()) {
                return;
            }
            let separator: &[u8] = if is_first { b"" } else { b", " };
            rest = rest
                .and_then(|rest| rest.strip_prefix(separator))
                .and_then(|rest| rest.strip_prefix(line));
            is_first = false;
        });
        !is_first && rest.is_some_and(<[u8]>::is_empty)
    }
}
