//! Finding the one token: one pass over the headers, nothing copied, nothing allocated.

use std::fmt;

use super::places::{self, Credential};
use super::{CredentialSource, Credentials, OnMultiple};
use crate::reason::Reason;
use crate::request::{Lengths, RequestView, are_twins};

/// The token of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its bytes as they were sent.
    pub token: &'a [u8],
    /// Which of [`Credentials::sources`] it was found in; the first if in several.
    pub source: usize,
}

impl fmt::Debug for Found<'_> {
    /// Without the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Found")
            .field("token_bytes", &self.token.len())
            .field("source", &self.source)
            .finish()
    }
}

impl Credentials {
    /// Finds the one token of a request.
    ///
    /// # Errors
    /// [`Reason::TokenMissing`] if there is none, [`Reason::TokenAmbiguous`] if two readers could
    /// take different tokens from it, [`Reason::TokenMalformed`] if a place for tokens holds
    /// something else.
    pub fn find<'a>(&self, request: &impl RequestView<'a>) -> Result<Found<'a>, Reason> {
        let mut search = Search {
            credentials: self,
            lengths: self.lengths(),
            lines_seen: 0,
            best: None,
        };
        request.for_each_header(&mut |name, value| search.header(name, value));
        search.query(request.target());
        match search.best {
            None => Err(Reason::TokenMissing),
            Some((source, credential)) => credential.map(|token| Found { token, source }),
        }
    }
}

impl Credentials {
    /// Whether it is the name of a header that is looked at itself.
    pub(super) fn is_source(&self, name: &[u8]) -> bool {
        self.sources.iter().any(|source| match source {
            CredentialSource::Header { name: ours, .. } => {
                name.eq_ignore_ascii_case(ours.as_str().as_bytes())
            }
            CredentialSource::Cookie(_) | CredentialSource::Query(_) => false,
        })
    }

    fn lengths(&self) -> Lengths {
        let sources = self.sources.iter();
        sources.fold(Lengths::default(), |lengths, source| match source {
            CredentialSource::Header { name, .. } => lengths.with(name.as_str().as_bytes()),
            CredentialSource::Cookie(_) => lengths.with(COOKIE),
            CredentialSource::Query(_) => lengths,
        })
    }
}

/// What was found so far.
struct Search<'c, 'a> {
    credentials: &'c Credentials,
    /// Those of the headers that are looked at.
    lengths: Lengths,
    /// One bit for each source whose header was there.
    lines_seen: u64,
    best: Option<(usize, Credential<'a>)>,
}

impl<'a> Search<'_, 'a> {
    fn header(&mut self, name: &'a [u8], value: &'a [u8]) {
        if !self.lengths.have(name) {
            return;
        }
        let credentials = self.credentials;
        for (source, place) in credentials.sources.iter().enumerate() {
            match place {
                CredentialSource::Header {
                    name: wanted,
                    scheme,
                } => {
                    let wanted = wanted.as_str().as_bytes();
                    if name.eq_ignore_ascii_case(wanted) {
                        self.line(source, value, scheme.as_deref());
                    } else if are_twins(name, wanted) && !credentials.is_source(name) {
                        self.add(source, Err(Reason::TokenAmbiguous));
                    }
                }
                CredentialSource::Cookie(cookie) => {
                    if name.eq_ignore_ascii_case(COOKIE) {
                        places::cookies(value)
                            .filter_map(|pair| places::cookie_value(pair, cookie))
                            .filter_map(|value| {
                                value.map_or_else(|why| Some(Err(why)), places::in_value)
                            })
                            .for_each(|credential| self.add(source, credential));
                    }
                }
                CredentialSource::Query(_) => {}
            }
        }
    }

    /// One line of a header that carries credentials. A second line is a refusal whatever it says:
    /// readers disagree on which of them counts.
    fn line(&mut self, source: usize, value: &'a [u8], scheme: Option<&str>) {
        // Sources beyond the width share the last bit, which can only refuse too much.
        let bit = 1 << source.min(u64::BITS as usize - 1);
        if self.lines_seen & bit != 0 {
            self.add(source, Err(Reason::TokenAmbiguous));
        } else if let Some(credential) = places::in_header(value, scheme) {
            self.add(source, credential);
        }
        self.lines_seen |= bit;
    }

    fn query(&mut self, target: &'a [u8]) {
        let credentials = self.credentials;
        for (source, place) in credentials.sources.iter().enumerate() {
            if let CredentialSource::Query(name) = place {
                places::parameters(target)
                    .filter_map(|parameter| parameter.credential(name))
                    .for_each(|credential| self.add(source, credential));
            }
        }
    }

    /// Takes one more credential into account. The result does not depend on the order in which
    /// they come, for the client chooses that.
    fn add(&mut self, source: usize, credential: Credential<'a>) {
        let Some((best_source, best)) = self.best else {
            self.best = Some((source, credential));
            return;
        };
        let is_same_place = source == best_source;
        self.best = match self.credentials.on_multiple {
            OnMultiple::First if !is_same_place => {
                let first = if source < best_source {
                    credential
                } else {
                    best
                };
                Some((source.min(best_source), first))
            }
            OnMultiple::First | OnMultiple::Reject => {
                let agreed = if credential == best {
                    best
                } else {
                    Err(Reason::TokenAmbiguous)
                };
                Some((source.min(best_source), agreed))
            }
        };
    }
}

const COOKIE: &[u8] = b"cookie";
