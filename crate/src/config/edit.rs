//! One change of a prompt, as a record and a link write it: `replace:4:MID`. What it does is in `experiment/edits.rs`.

use std::fmt;
use std::str::FromStr;

use super::TaskConfig;
use super::forms::{MAX_POSITION, MAX_TOKEN, whole};

/// A token as people say it: a number, or a special one by its name, which another task may give another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Number(usize),
    Bos,
    Mid,
    Eos,
}

/// Positions are those of the prompt as it stands when the change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Token {
    /// Its number in a task; `None`: the task has no such token.
    pub fn number(self, task: &TaskConfig) -> Option<usize> {
        match self {
            Self::Number(number) => Some(number),
            Self::Bos => task.bos_token,
            Self::Mid => task.mid_token,
            Self::Eos => task.eos_token,
        }
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            _ if text.eq_ignore_ascii_case("BOS") => Ok(Self::Bos),
            _ if text.eq_ignore_ascii_case("MID") => Ok(Self::Mid),
            _ if text.eq_ignore_ascii_case("EOS") => Ok(Self::Eos),
            _ => whole(text, MAX_TOKEN as usize).map(Self::Number).ok_or(()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Bos => f.write_str("BOS"),
            Self::Mid => f.write_str("MID"),
            Self::Eos => f.write_str("EOS"),
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
