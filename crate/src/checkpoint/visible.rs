//! Text from a file as a page may show it.

/// Most characters of a name.
const LONGEST_NAME: usize = 80;

/// The text with an escape in place of every character that is invisible, ends a line or turns the direction of the text
/// beside it. Markup stays as it is: whoever shows the text shows it as text.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| {
        let turns =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        c.is_control() || turns
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// A name, cut short if it is long.
pub fn short(name: &str) -> String {
    let mut short: String = name.chars().take(LONGEST_NAME).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_left_and_markup_stays() {
        assert_eq!(visible("<b>é名</b> a\u{202e}b\n\0"), "<b>é名</b> a\\u{202e}b\\n\\u{0}");
        assert_eq!(short(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
        assert_eq!(short("x"), "x");
    }
}
