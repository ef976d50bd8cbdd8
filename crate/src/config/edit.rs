//! One change of a prompt, as a record and a link write it: `replace:4:MID`. What it does is in `experiment/edits.rs`.

use std::fmt;
use std::str::FromStr;

use super::forms::{MAX_POSITION, MAX_TOKEN, whole};

/// A token as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// By its number.
    Number(usize),
    /// By the name that the task gives it, in capitals (`MID`): another task may give it another number, or have none.
    Named(String),
}

/// Positions are those of the prompt as it stands when the change is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenEdit {
    Replace {
        at: usize,
        token: Token,
    },
    Delete {
        at: usize,
    },
    /// The token comes to stand at this position; the prompt's length appends it.
    Insert {
        at: usize,
        token: Token,
    },
    /// The token at `from` comes to stand at `to`.
    Move {
        from: usize,
        to: usize,
    },
}

/// Longest name of a token.
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
