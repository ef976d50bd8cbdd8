//! Bytes, and where a reader is in them. This file knows no format.

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
    /// A cursor whose next byte is at offset `at`.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// Checks that `count` bytes are left and gives them, without passing over them.
    ///
    /// # Errors
    /// If there are fewer. The count is the file's own claim, so it may be anything.
    pub fn expect(&self, count: u64) -> Result<&'a [u8]> {
        let left = self.left();
        usize::try_from(count).ok().and_then(|count| left.get(..count)).ok_or_else(|| {
            Error::new(format!(
                "{count} more bytes are announced here, but only {} are left; the file is cut short or damaged.",
                left.len()
            ))
        })
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let taken = self.expect(count)?;
        self.at += taken.len();
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// If there are fewer, here and in the functions below.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// The next two bytes, little-endian.
    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// The next four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next four bytes, little-endian, with a sign.
    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// The next eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The bytes up to the next line feed, which is passed over.
    ///
    /// # Errors
    /// If no line feed follows.
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
    /// Bytes of the file.
    File(&'a [u8]),
    /// A range of bytes that were made.
    Made(Rc<Vec<u8>>, Range<usize>),
}

impl<'a> Blob<'a> {
    /// All of the bytes that were made.
    pub fn made(bytes: Vec<u8>) -> Self {
        let all = 0..bytes.len();
        Self::Made(Rc::new(bytes), all)
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::File(bytes) => bytes,
            Self::Made(bytes, range) => bytes.get(range.clone()).unwrap_or(&[]),
        }
    }

    /// A part of it; `None` if the part does not lie inside.
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
}
