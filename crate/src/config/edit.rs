//! An edit of a prompt, in the form that records and links hold: `replace:4:MID`. `experiment/edits.rs` applies it.

use std::fmt;
use std::str::FromStr;

use super::forms::{MAX_POSITION, MAX_TOKEN, whole};

/// A token as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Its number.
    Number(usize),
    /// The task's name for it, in capitals (`MID`). The number depends on the task, which may lack the token.
    Named(String),
}

/// An edit of a prompt. Positions count from 0 in the prompt after the preceding edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenEdit {
    /// Puts another token in place of one.
    Replace {
        /// The position of the token that is replaced.
        at: usize,
        /// The new token.
        token: Token,
    },
    /// Removes a token.
    Delete {
        /// Its position.
        at: usize,
    },
    /// Inserts a token.
    Insert {
        /// The position that the token then has; the prompt's length appends it.
        at: usize,
        /// The new token.
        token: Token,
    },
    /// Moves a token.
    Move {
        /// Its position.
        from: usize,
        /// The position that it then has.
        to: usize,
    },
}

/// The longest name of a token, in bytes.
const MAX_NAME: usize = 8;

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if named {
            return Ok(Self::Named(text.to_ascii_uppercase()));
        }
        whole(text, MAX_TOKEN as usize).map(Self::Number).ok_or(())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl FromStr for TokenEdit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.splitn(4, ':').collect();
        let position = |text: &str| whole(text, MAX_POSITION).ok_or(());
        match parts[..] {
            ["replace", at, token] => Ok(Self::Replace { at: position(at)?, token: token.parse()? }),
            ["delete", at] => Ok(Self::Delete { at: position(at)? }),
            ["insert", at, token] => Ok(Self::Insert { at: position(at)?, token: token.parse()? }),
            ["move", from, to] => Ok(Self::Move { from: position(from)?, to: position(to)? }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for TokenEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace { at, token } => write!(f, "replace:{at}:{token}"),
            Self::Delete { at } => write!(f, "delete:{at}"),
            Self::Insert { at, token } => write!(f, "insert:{at}:{token}"),
            Self::Move { from, to } => write!(f, "move:{from}:{to}"),
        }
    }
}
