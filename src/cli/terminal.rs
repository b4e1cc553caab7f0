//! How things look on a terminal. Where the output is no terminal, `anstream` drops the colours.

use anstyle::{AnsiColor, Style};

/// Headings.
pub(super) const TITLE: Style = Style::new().bold();
/// Refusals and errors.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What to be careful about.
pub(super) const CAUTION: Style = AnsiColor::Yellow.on_default().bold();
/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// By the way.
pub(super) const FAINT: Style = AnsiColor::Cyan.on_default();

/// `text` without what could steer a terminal or turn the reading around: JSON escapes the control
/// characters below space, not the others and not the marks that reverse the direction.
pub(super) fn visible(text: &str) -> String {
    let is_trick = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(
                character,
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            )
    };
    let harmless = |character| {
        if is_trick(character) {
            '\u{fffd}'
        } else {
            character
        }
    };
    text.chars().map(harmless).collect()
}
