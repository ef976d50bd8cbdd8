//! The settings of the sorting task, and the lengths that follow from them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The sorting task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Numbers in a list.
    pub list_length: usize,
    /// The smallest number.
    pub min_value: usize,
    /// One more than the largest number.
    pub max_value: usize,
    /// The token at the start of every sequence; `None`: sequences start with the list.
    pub bos_token: Option<usize>,
    /// The token between the list and its sorted order; `None`: the sorted numbers follow the list at once.
    pub mid_token: Option<usize>,
    /// The token after the sorted list, which the model is asked for too; `None`: sequences end with the list.
    pub eos_token: Option<usize>,
    /// Whether a number may occur twice in a list.
    pub repeats: bool,
    /// Whether each list draws its own length from 1 to `list_length`.
    pub var_length: bool,
}

impl Sort {
    /// The numbers that a list can have.
    pub fn numbers(&self) -> Range<usize> {
        self.min_value..self.max_value
    }

    /// Positions of a prompt for lists of `length` numbers: BOS if there is one, the list, MID if there is one.
    pub fn prompt_length(&self, length: usize) -> usize {
        usize::from(self.bos_token.is_some()) + length + usize::from(self.mid_token.is_some())
    }

    /// Positions of the answer for lists of `length` numbers: the list sorted, EOS if there is one.
    pub fn answer_length(&self, length: usize) -> usize {
        length + usize::from(self.eos_token.is_some())
    }

    /// Positions of a whole sequence for lists of `length` numbers: the prompt and the answer.
    pub fn sequence_length(&self, length: usize) -> usize {
        self.prompt_length(length) + self.answer_length(length)
    }

    /// Name, field and token of BOS, MID and EOS.
    pub(super) fn special(&self) -> [(&'static str, &'static str, Option<usize>); 3] {
        [
            ("BOS", "task.bos_token", self.bos_token),
            ("MID", "task.mid_token", self.mid_token),
            ("EOS", "task.eos_token", self.eos_token),
        ]
    }
}
