//! The values that protocol 0 writes as lines of text.

use std::borrow::Cow;

use crate::checkpoint::formats::budget::Budget;
use crate::checkpoint::formats::shown::quoted_bytes;
use crate::checkpoint::formats::tree::Node;
use crate::error::{Error, Result};

fn parsed<T: std::str::FromStr>(line: &[u8], wanted: &str) -> Result<T> {
    let value = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
    value.ok_or_else(|| Error::new(format!("{} stands here instead of {wanted}.", quoted_bytes(line))))
}

/// The index of a memo entry.
///
/// # Errors
/// If the line is no such number. The functions below fail alike.
pub fn index(line: &[u8]) -> Result<u64> {
    parsed(line, "the number of a stored value")
}

/// INT: a decimal integer, or a boolean as `00` or `01`.
pub fn int(line: &[u8]) -> Result<Node<'static>> {
    match line {
        b"00" => Ok(Node::Bool(false)),
        b"01" => Ok(Node::Bool(true)),
        _ => parsed(line, "an integer").map(Node::integer),
    }
}

/// LONG: a decimal integer, with an `L` at the end.
pub fn long(line: &[u8]) -> Result<Node<'static>> {
    let digits = line.strip_suffix(b"L").unwrap_or(line);
    let number = digits.strip_prefix(b"-").unwrap_or(digits);
    if number.len() > 38 && number.iter().all(u8::is_ascii_digit) {
        return Ok(Node::Huge);
    }
    parsed(digits, "an integer").map(Node::integer)
}

/// FLOAT: a number as Python's `repr` writes it.
pub fn float(line: &[u8]) -> Result<Node<'static>> {
    parsed(line, "a number").map(Node::Float)
}

/// STRING: a `str` as Python 2's `repr` writes it.
pub fn string<'a>(line: &'a [u8], budget: &Budget) -> Result<Cow<'a, [u8]>> {
    let line = line.trim_ascii_end();
    let inner = match line {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => return Err(Error::new(format!("{} stands here instead of a text in quotes.", quoted_bytes(line)))),
    };
    if !inner.contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    budget.take(inner.len())?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else { break };
        rest = after;
        match escape {
            b'\n' => {}
            b'a' => bytes.push(7),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'v' => bytes.push(11),
            b'\\' | b'\'' | b'"' => bytes.push(escape),
            b'x' => {
                let code = digits(&mut rest, 2, 16)
                    .ok_or_else(|| Error::new("an escape \\x is not followed by two hexadecimal digits."))?;
                bytes.push(code as u8);
            }
            b'0'..=b'7' => {
                let mut code = u32::from(escape - b'0');
                for _ in 0..2 {
                    match digits(&mut rest, 1, 8) {
                        Some(digit) => code = code * 8 + digit,
                        None => break,
                    }
                }
                bytes.push(code as u8);
            }
            // What is no escape stays as it is, as in Python.
            other => bytes.extend([b'\\', other]),
        }
    }
    Ok(Cow::Owned(bytes))
}

/// UNICODE: a text in Latin-1, with `\uXXXX` and `\UXXXXXXXX` for what Latin-1 does not have.
pub fn unicode<'a>(line: &'a [u8], budget: &Budget) -> Result<Cow<'a, str>> {
    if line.is_ascii()
        && !line.contains(&b'\\')
        && let Ok(text) = std::str::from_utf8(line)
    {
        return Ok(Cow::Borrowed(text));
    }
    // A character of Latin-1 takes up to two bytes, an escape no more than it took in the file.
    let room = line.len().saturating_mul(2);
    budget.take(room)?;
    let mut text = String::with_capacity(room);
    let mut rest = line;
    // The first half of a surrogate pair: some builds of Python wrote two halves.
    let mut high: Option<u32> = None;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let code = match (byte, rest.split_first()) {
            (b'\\', Some((b'u', after))) => {
                rest = after;
                digits(&mut rest, 4, 16)
            }
            (b'\\', Some((b'U', after))) => {
                rest = after;
                digits(&mut rest, 8, 16)
            }
            _ => Some(u32::from(byte)),
        };
        let code = match (high.take(), code) {
            (Some(high), Some(low @ 0xdc00..=0xdfff)) => Some(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
            (None, Some(first @ 0xd800..=0xdbff)) => {
                high = Some(first);
                continue;
            }
            (None, code) => code,
            (Some(_), _) => None,
        };
        text.push(
            code.and_then(char::from_u32)
                .ok_or_else(|| Error::new(format!("{} has an escape that is no character.", quoted_bytes(line))))?,
        );
    }
    match high {
        None => Ok(Cow::Owned(text)),
        Some(_) => Err(Error::new(format!("{} ends in half a character.", quoted_bytes(line)))),
    }
}

/// Takes `count` digits off the front.
fn digits(rest: &mut &[u8], count: usize, radix: u32) -> Option<u32> {
    let (head, tail) = rest.split_at_checked(count)?;
    let mut value = 0;
    for &byte in head {
        value = value * radix + char::from(byte).to_digit(radix)?;
    }
    *rest = tail;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_python_2_escapes() {
        let budget = Budget::new(0);
        assert_eq!(*string(br"'a\x00\n\'\\\7\101q\q'", &budget).unwrap(), b"a\0\n'\\\x07Aq\\q"[..]);
        assert!(string(b"'open", &budget).is_err());
        assert!(string(b"'", &budget).is_err());
        assert!(string(br"'\x1'", &budget).is_err());
    }

    #[test]
    fn reads_unicode_lines() {
        let budget = Budget::new(0);
        assert_eq!(unicode(b"a\xe9\\u005c\\U0001f600\\n", &budget).unwrap(), "aé\\😀\\n");
        assert_eq!(unicode(b"\\ud83d\\ude00", &budget).unwrap(), "😀");
        assert!(unicode(b"\\ud83d", &budget).is_err());
        assert!(unicode(b"\\uzzzz", &budget).is_err());
    }

    #[test]
    fn reads_numbers() {
        assert!(matches!(int(b"01"), Ok(Node::Bool(true))));
        assert!(matches!(int(b"-7"), Ok(Node::Int(-7))));
        assert!(matches!(long(b"119547037146038801333356L"), Ok(Node::Wide(_))));
        assert!(matches!(long(&[b'9'; 1000]), Ok(Node::Huge)));
        assert!(matches!(float(b"-inf"), Ok(Node::Float(x)) if x == f64::NEG_INFINITY));
        assert!(float(b"one").is_err() && int(b"").is_err());
    }
}
