//! The largest number of a list: `BOS n SEP n SEP … ANS max`. The model is asked for the token after ANS only. After a puzzle
//! of Andy Arditi's (andyrdt/puzzles, April 2026).

use serde::{Deserialize, Serialize};

use super::{Inputs, Task};
use crate::config::{ConfigError, ModelConfig, Needs};

/// The task of the largest number. Its numbers are 0 to `max_value - 1`; BOS, SEP and ANS are the tokens after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxOfList {
    /// Numbers in a list.
    pub list_length: usize,
    /// One more than the largest number.
    pub max_value: usize,
}

/// Names of the special tokens, the first of which is `max_value`.
const SPECIAL: [&str; 3] = ["BOS", "SEP", "ANS"];

impl Task for MaxOfList {
    fn needs(&self) -> Needs {
        Needs {
            positions: 2 * self.list_length + 2,
            d_vocab: self.max_value + SPECIAL.len(),
            example: (0..self.list_length).map(|place| (3 * place + 4) % self.max_value).collect(),
        }
    }

    fn contradictions(&self, model: &ModelConfig) -> Vec<ConfigError> {
        let Needs { positions, d_vocab, .. } = self.needs();
        let least = [
            ("model.n_ctx", model.n_ctx, positions),
            ("model.d_vocab", model.d_vocab, d_vocab),
            ("model.d_vocab_out", model.d_vocab_out, self.max_value),
        ];
        let refused = least.into_iter().filter(|(_, given, least)| given < least);
        let message = |path, given, least| format!("{path} is {given}; the task takes at least {least}.");
        refused.map(|(path, given, least)| ConfigError::new(path, message(path, given, least))).collect()
    }

    fn inputs(&self) -> Inputs {
        Inputs { min: 0, values: self.max_value, longest: self.list_length, var_length: false, repeats: true }
    }

    fn label(&self, token: usize) -> String {
        let special = token.checked_sub(self.max_value).and_then(|index| SPECIAL.get(index));
        special.map_or_else(|| token.to_string(), ToString::to_string)
    }

    fn token(&self, name: &str) -> Option<usize> {
        SPECIAL.iter().position(|special| *special == name).map(|index| self.max_value + index)
    }

    fn write(&self, list: &[usize], tokens: &mut Vec<usize>) -> usize {
        let [bos, sep, ans] = [0, 1, 2].map(|index| self.max_value + index);
        for (place, number) in list.iter().enumerate() {
            tokens.extend([if place == 0 { bos } else { sep }, *number]);
        }
        tokens.push(ans);
        tokens.extend(list.iter().max());
        2 * list.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_with_the_largest_number() {
        let task: &dyn Task = &MaxOfList { list_length: 3, max_value: 10 };
        assert_eq!(task.sequence(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12, 9]);
        assert_eq!(task.prompt(&[7, 2, 9]), [10, 7, 11, 2, 11, 9, 12]);
        assert_eq!([7, 10, 11, 12, 13].map(|token| task.label(token)), ["7", "BOS", "SEP", "ANS", "13"]);
        assert_eq!((task.token("ANS"), task.token("MID")), (Some(12), None));
        assert_eq!((task.needs().positions, task.needs().d_vocab), (8, 13));
    }
}
