//! The crate's error: a sentence that says what was wrong, where, and what would be accepted.

use std::fmt;

/// What failed, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// What can fail so that a person can read why.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of one or more whole sentences.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
