//! The forms of texts in a record: which texts are accepted, and their canonical form.

use std::fmt::Display;
use std::str::FromStr;

/// The largest token number.
pub const MAX_TOKEN: u64 = 99_999;

/// The last position of the longest context: the largest `n_ctx`, less one.
pub const MAX_POSITION: usize = 4095;

/// The longest packed weights, in characters. Most programs still pass on a link of this length.
pub const MAX_PACKED: usize = 32_000;

/// What a link can hide or open: the page's panels, and controls that are not settings. Links refer to these names for
/// ever, so that names can be added, but not changed.
pub const PANELS: &[&str] = &[
    "sequence",
    "list",
    "predictions",
    "undo",
    "presets",
    "generation",
    "ablate",
    "attention",
    "view",
    "numbers",
    "transport",
    "reset",
    "play",
    "step",
    "seed",
    "readouts",
    "loss",
    "file",
    "export",
    "ablations",
    "claims",
    "comparison",
    "runs",
    "settings",
    "tour",
    "help",
    "open",
    "device",
    "share",
    "theme",
];

/// The stops of the page's tour, in order.
const STOPS: [&str; 8] = ["train", "read_pattern", "inject_mid", "remove_mid", "shorten", "bos", "claims", "your_turn"];

/// The name of a tour stop, given its name or its number, counted from 1.
pub fn stop(text: &str) -> Option<String> {
    let named = STOPS.iter().find(|stop| stop.eq_ignore_ascii_case(text));
    let counted = || whole(text, STOPS.len()).and_then(|number| STOPS.get(number.checked_sub(1)?));
    named.or_else(counted).map(|stop| (*stop).into())
}

/// A whole number of at most nine decimal digits, at most `max`.
pub fn whole(text: &str, max: usize) -> Option<usize> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= max)
}

/// The canonical form of a text that is read as a `T`: what the value is written as.
pub fn canonical<T: FromStr + Display>(text: &str) -> Option<String> {
    text.parse::<T>().ok().map(|value| value.to_string())
}

/// A fingerprint: the first 8 to 64 hexadecimal digits of a SHA-256.
pub fn hash(text: &str) -> Option<String> {
    let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hexadecimal && (8..=64).contains(&text.len())).then(|| text.to_ascii_lowercase())
}

/// A version of Tinylens, such as 0.1.0.
pub fn version(text: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    ((1..=40).contains(&text.len()) && text.bytes().all(known)).then(|| text.into())
}

/// A file's name or format: up to 200 characters. Control characters are not accepted, nor are characters that are
/// invisible or change the direction of the text around them.
pub fn file_text(text: &str) -> Option<String> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let length = text.chars().count();
    ((1..=200).contains(&length) && !text.chars().any(hidden)).then(|| text.into())
}

/// Packed weights: base64url. The content is checked by `unpack_weights`, against the model.
pub fn packed(text: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=MAX_PACKED).contains(&text.len()) && text.bytes().all(known)).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_digits_only() {
        assert_eq!(whole("4095", MAX_POSITION), Some(4095));
        for bad in ["4096", "", "-1", "+1", "1.0", "1e3", " 1", "999999999999999999999", "٣"] {
            assert_eq!(whole(bad, MAX_POSITION), None, "{bad}");
        }
    }

    #[test]
    fn a_tour_stop_has_a_name_and_a_number() {
        assert_eq!(stop("3").as_deref(), Some("inject_mid"));
        assert_eq!(stop("BOS").as_deref(), Some("bos"));
        assert!(stop("0").is_none() && stop("9").is_none() && stop("nowhere").is_none());
    }

    #[test]
    fn file_names_have_no_invisible_characters() {
        assert_eq!(file_text("my model (2).pt").as_deref(), Some("my model (2).pt"));
        for bad in ["", "a\nb", "a\u{202e}tp.exe", "\u{200b}", &"x".repeat(201)] {
            assert_eq!(file_text(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_fingerprint_can_be_shortened() {
        assert_eq!(hash("ABCDEF01").as_deref(), Some("abcdef01"));
        assert!(hash("abcdef0").is_none() && hash("abcdefgh").is_none() && hash(&"a".repeat(65)).is_none());
    }
}
