//! Percent-encoding of texts in the hash of a URL.

/// Whether a link holds this byte as it is: programs that find links in running text take it for a part of the link,
/// and it does not end a field.
fn stays(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:,/@+".contains(&byte)
}

/// `text` as a link holds it. The first letter of the text "none" is encoded, because a plain `none` means no value.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        if stays(byte) && !(index == 0 && text == "none") {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The text that `text` encodes. A `%` that is not followed by two hexadecimal digits stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(16 * high + low);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_restores_every_encoded_text() {
        for text in ["model.pt", "my model (2) & more=100%.pt", "Größe#1", "none", "名前", "%41"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(encoded("a b&c"), "a%20b%26c");
        assert_ne!(encoded("none"), "none");
    }

    #[test]
    fn damaged_encodings_are_decoded_without_failing() {
        assert_eq!(decoded("100%&%4%zz%41"), "100%&%4%zzA");
        assert_eq!(decoded("%ff"), "\u{fffd}");
    }
}
