//! Claims become header values, once per token.

use http::HeaderName;

use super::{Format, ForwardPolicy};
use crate::limits::FORWARD_VALUE_BYTES;
use crate::token::base64url;
use crate::token::json::{Json, Kind, Text};

impl ForwardPolicy {
    /// Makes the headers of one verified token; `payload` is the text that `claims` was read from.
    /// A header that the token does not provide is not among them.
    #[must_use]
    pub fn render(&self, claims: Json<'_>, payload: &[u8]) -> Vec<(HeaderName, Box<str>)> {
        let mut set = Vec::with_capacity(self.headers.len());
        for header in &self.headers {
            let claim = header.claim.find(claims);
            if let Some(value) = claim.and_then(|claim| value(claim, header.format)) {
                set.push((header.name.clone(), value.into()));
            }
        }
        if let Some(name) = &self.payload_header
            && let Some(value) = within_limit(base64url::encode(payload))
        {
            set.push((name.clone(), value.into()));
        }
        set
    }
}

/// The claim as a header value; `None` if there is nothing to say or no safe way to say it.
fn value(claim: Json<'_>, format: Format) -> Option<String> {
    let value = match format {
        Format::Csv if claim.kind() == Kind::Array => csv(claim),
        Format::First if claim.kind() == Kind::Array => plain(claim.elements().next()?),
        Format::Csv | Format::First => plain(claim),
        Format::Json => json(claim),
    };
    value.and_then(within_limit)
}

/// A value without any format of its own; JSON for what has members.
fn plain(claim: Json<'_>) -> Option<String> {
    match claim.kind() {
        Kind::Null => None,
        Kind::Bool | Kind::Number => Some(claim.raw().to_owned()),
        Kind::Array | Kind::Object => json(claim),
        Kind::String => {
            let text: String = claim.as_text()?.chars().collect();
            // Space at the ends is no part of a field value (RFC 9110 5.5): it would be lost.
            let survives = !text.is_empty() && text.trim_matches(' ') == text;
            (survives && !text.contains(char::is_control)).then_some(text)
        }
    }
}

/// The members with commas between them, if splitting at the commas gives the members again.
fn csv(array: Json<'_>) -> Option<String> {
    let mut line = String::new();
    for member in array.elements() {
        let text = match member.kind() {
            Kind::Array | Kind::Object => None,
            Kind::Bool | Kind::Null | Kind::Number | Kind::String => plain(member),
        };
        let text = text.filter(|text| !text.contains(','))?;
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(&text);
    }
    (!line.is_empty()).then_some(line)
}

/// The value as JSON in ASCII without white space; `None` if it is an empty string or holds a
/// control character anywhere, which a reader upstream would bring to life again.
fn json(claim: Json<'_>) -> Option<String> {
    if claim.is_null() || claim.as_text().is_some_and(|text| text == *"") {
        return None;
    }
    let mut out = String::with_capacity(claim.raw().len());
    write_json(claim, &mut out)?;
    Some(out)
}

/// Recurses as deep as `limits.claims_depth` let the claims nest.
fn write_json(value: Json<'_>, out: &mut String) -> Option<()> {
    match value.kind() {
        Kind::Bool | Kind::Null | Kind::Number => out.push_str(value.raw()),
        Kind::String => write_string(value.as_text()?, out)?,
        Kind::Array => {
            out.push('[');
            for (index, element) in value.elements().enumerate() {
                separate(index, out);
                write_json(element, out)?;
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            for (index, (name, member)) in value.members().enumerate() {
                separate(index, out);
                write_string(name, out)?;
                out.push(':');
                write_json(member, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn write_string(text: Text<'_>, out: &mut String) -> Option<()> {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => return None,
            ascii if ascii.is_ascii() => out.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    Some(())
}

fn within_limit(value: String) -> Option<String> {
    (!value.is_empty() && value.len() <= FORWARD_VALUE_BYTES).then_some(value)
}
