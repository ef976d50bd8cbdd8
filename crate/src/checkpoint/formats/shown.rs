//! What a file says, as people see it: errors and notes end on a page as text.
//!
//! Nothing in them may act on the page or mislead its reader, so control characters and invisible ones (zero widths,
//! marks that turn the direction of writing) are written as escapes, and whatever is long is cut. Markup stays as it
//! is: the page shows it as text.

use crate::error::Error;

/// How many characters of a name from the file are shown.
const LONGEST_NAME: usize = 80;

/// How many characters an error or a note has at most.
const LONGEST_SENTENCE: usize = 1500;

/// `text` with what cannot be seen escaped, and cut after `longest` characters.
fn escaped(text: &str, longest: usize, quotes: bool) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' if !quotes => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// A text from the file in quotes, on one line, and cut if it is long.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, LONGEST_NAME, true))
}

/// Bytes from the file that should be text, as [`quoted`] shows them.
pub fn quoted_bytes(bytes: &[u8]) -> String {
    // A character has four bytes at most.
    quoted(&String::from_utf8_lossy(bytes.get(..4 * LONGEST_NAME + 4).unwrap_or(bytes)))
}

/// `module.name`, of which no more than the start is kept.
pub fn joined(module: &str, name: &str) -> String {
    fn start(text: &str) -> &str {
        text.get(..text.floor_char_boundary(100)).unwrap_or("")
    }
    format!("{}.{}", start(module), start(name))
}

/// A sentence that may hold parts of a file, made fit to be shown.
pub fn sentence(text: &str) -> String {
    escaped(text, LONGEST_SENTENCE, false)
}

/// An error with the place where it happened in front.
pub fn at(place: impl std::fmt::Display, error: Error) -> Error {
    Error::new(format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_file_are_shown_on_one_short_line() {
        assert_eq!(quoted("a\n\"b\""), r#""a\n\"b\"""#);
        assert!(quoted(&"x".repeat(10_000)).chars().count() < 90);
        assert!(quoted_bytes(&[0xff; 10_000]).chars().count() < 90);
        assert_eq!(joined("torch", "float32"), "torch.float32");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped_and_markup_stays_text() {
        for hidden in
            ['\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{ad}', '\u{61c}', '\u{200b}', '\u{2028}', '\u{feff}', '\u{e0041}']
                .into_iter()
                .chain('\u{200e}'..='\u{200f}')
                .chain('\u{202a}'..='\u{202e}')
                .chain('\u{2066}'..='\u{2069}')
        {
            let text = format!("a{hidden}b");
            assert!(!sentence(&text).contains(hidden) && !quoted(&text).contains(hidden), "{hidden:?}");
        }
        assert_eq!(sentence("<b onclick=\"x('\\')\">é…</b>"), "<b onclick=\"x('\\')\">é…</b>");
        assert_eq!(sentence(&"x".repeat(5000)).chars().count(), LONGEST_SENTENCE + 1);
    }
}
