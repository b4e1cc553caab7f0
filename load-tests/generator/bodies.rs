//! What is sent: messages out of a file in turn, or one message with a token of its own each time.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::tokens::Mint;

/// Where the next message comes from.
pub(crate) enum Bodies {
    Prepared {
        messages: Vec<Vec<u8>>,
        next: usize,
    },
    Fresh {
        message: Vec<u8>,
        token: Range<usize>,
        mint: Mint,
    },
}

impl Bodies {
    /// gRPC messages one after the other, each with the five bytes that say how long it is.
    pub(crate) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        let bytes = fs::read(file)?;
        let mut messages = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (message, after) = rest
                .get(1..5)
                .and_then(|length| length.try_into().ok())
                .map(u32::from_be_bytes)
                .and_then(|length| rest.split_at_checked(5 + length as usize))
                .ok_or("a message of the file is cut off")?;
            if message.len() > MESSAGE_BYTES_MAX {
                return Err("a message does not fit into a frame".into());
            }
            messages.push(message.to_vec());
            rest = after;
        }
        if messages.is_empty() {
            return Err("there is no message in the file".into());
        }
        Ok(Self::Prepared { messages, next: 0 })
    }

    /// The first message of `self`, with a new token of `mint` each time where `sample` is now.
    pub(crate) fn with_fresh_tokens(
        self,
        sample: &str,
        mint: Mint,
    ) -> Result<Self, Box<dyn Error>> {
        let Self::Prepared { mut messages, .. } = self else {
            return Err("the tokens are fresh already".into());
        };
        let message = messages.swap_remove(0);
        let start = memchr::memmem::find(&message, sample.as_bytes());
        let start = start.ok_or("the sample is not in the message")?;
        Ok(Self::Fresh {
            message,
            token: start..start + sample.len(),
            mint,
        })
    }

    /// The next message.
    pub(crate) fn advance(&mut self) -> Result<&[u8], Box<dyn Error>> {
        match self {
            Self::Prepared { messages, next } => {
                let message = &messages[*next];
                *next = (*next + 1) % messages.len();
                Ok(message)
            }
            Self::Fresh {
                message,
                token,
                mint,
            } => {
                let fresh = mint.next_token()?;
                if fresh.len() != token.len() {
                    return Err("a token is not as long as the sample".into());
                }
                message[token.clone()].copy_from_slice(fresh.as_bytes());
                Ok(message)
            }
        }
    }
}

/// A DATA frame may be as large everywhere (RFC 9113 4.2).
const MESSAGE_BYTES_MAX: usize = 16_384;
