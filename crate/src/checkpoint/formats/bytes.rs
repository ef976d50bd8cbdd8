//! Bytes and where we are in them. Nothing here knows a format.

use std::ops::Range;
use std::rc::Rc;

use crate::error::{Error, Result};

/// Reads forward through bytes; never past their end.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    /// The offset of the next byte.
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// The next so many bytes.
    ///
    /// # Errors
    /// If there are fewer. The count is the file's own claim, so it may be anything.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let left = self.left();
        let taken = usize::try_from(count).ok().and_then(|count| left.get(..count)).ok_or_else(|| {
            Error::new(format!(
                "{count} more bytes are announced here, but only {} are left; the file is cut short or damaged.",
                left.len()
            ))
        })?;
        self.at += taken.len();
        Ok(taken)
    }

    /// That so many bytes follow, without passing over them.
    pub fn expect(&self, count: u64) -> Result<()> {
        Self { bytes: self.bytes, at: self.at }.take(count).map(drop)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Up to the next line feed, which is passed over.
    pub fn line(&mut self) -> Result<&'a [u8]> {
        let left = self.left();
        let Some((line, _)) = left.iter().position(|&byte| byte == b'\n').and_then(|end| left.split_at_checked(end))
        else {
            return Err(Error::new("a line that starts here has no end; the file is cut short or damaged."));
        };
        self.at += line.len() + 1;
        Ok(line)
    }
}

/// Bytes that lie in the file, or that were made from it (inflated, decoded). Cheap to copy and to cut.
#[derive(Clone)]
pub enum Blob<'a> {
    File(&'a [u8]),
    Made(Rc<Vec<u8>>, Range<usize>),
}

impl<'a> Blob<'a> {
    pub fn made(bytes: Vec<u8>) -> Self {
        let all = 0..bytes.len();
        Self::Made(Rc::new(bytes), all)
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::File(bytes) => bytes,
            Self::Made(bytes, range) => bytes.get(range.clone()).unwrap_or(&[]),
        }
    }

    /// A part of it; none if it does not lie inside.
    pub fn cut(&self, part: Range<usize>) -> Option<Self> {
        match self {
            Self::File(bytes) => bytes.get(part).map(Self::File),
            Self::Made(bytes, range) => {
                self.bytes().get(part.clone())?;
                Some(Self::Made(Rc::clone(bytes), range.start + part.start..range.start + part.end))
            }
        }
    }
}

/// Something from the file as an error shows it: in quotes, on one line, cut short if it is long.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("\"{short}\"")
}

/// An error with the place where it happened in front.
pub fn at(place: impl std::fmt::Display, error: Error) -> Error {
    Error::new(format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_beyond_the_end_is_an_error_with_both_numbers() {
        let mut cursor = Cursor::new(b"abc", 1);
        let error = cursor.take(u64::MAX).unwrap_err().to_string();
        assert!(error.contains("18446744073709551615") && error.contains("only 2"), "{error}");
        assert_eq!(cursor.take(2).unwrap(), b"bc");
        assert!(cursor.u8().is_err() && cursor.line().is_err());
    }

    #[test]
    fn cuts_of_cuts_stay_inside() {
        let made = Blob::made(vec![0, 1, 2, 3, 4]).cut(1..4).unwrap();
        assert_eq!(made.cut(1..3).unwrap().bytes(), [2, 3]);
        assert!(made.cut(1..4).is_none() && made.cut(usize::MAX..usize::MAX).is_none());
    }

    #[test]
    fn names_from_the_file_are_shown_on_one_short_line() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert!(quoted(&"x".repeat(10_000)).chars().count() < 90);
    }
}
